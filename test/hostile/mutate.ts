/**
 * Seeded damage to any message: the same bytes and seed give the same damage, so a failing seed is a test.
 * It knows nothing of schemas and refuses nothing.
 */

/** Numbers that sit on an edge of some length, offset or sign. */
const edges = [
  0, 1, 2, 3, 4, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff,
];

/** xorshift32, scrambled so that neighbouring seeds do not begin alike. */
const randomFrom = (seed: number): ((below: number) => number) => {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 8; i++) next();
  return (below) => next() % below;
};

type Damage = (bytes: Uint8Array, random: (below: number) => number) => Uint8Array;

const damages: readonly Damage[] = [
  (bytes, random) => {
    bytes[random(bytes.length)]! ^= 1 << random(8);
    return bytes;
  },
  (bytes, random) => {
    bytes[random(bytes.length)] = random(256);
    return bytes;
  },
  // An edge value over any aligned word: most lengths and offsets are such words.
  (bytes, random) => {
    const at = 4 * random(Math.max(1, bytes.length >>> 2));
    if (at + 4 <= bytes.length)
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, edges[random(edges.length)]!, true);
    return bytes;
  },
  // The same at the head, where root, vtable and table live.
  (bytes, random) => {
    const at = 2 * random(Math.min(64, Math.max(1, (bytes.length - 4) >>> 1)));
    if (at + 4 <= bytes.length)
      new DataView(bytes.buffer, bytes.byteOffset).setUint16(at, edges[random(edges.length)]!, true);
    return bytes;
  },
  (bytes, random) => bytes.slice(0, random(bytes.length)),
  (bytes, random) => {
    const longer = new Uint8Array(bytes.length + 1 + random(64));
    longer.set(bytes);
    return longer;
  },
  (bytes, random) => bytes.fill(0, random(bytes.length), random(bytes.length)),
  (bytes, random) => {
    bytes.copyWithin(random(bytes.length), random(bytes.length), random(bytes.length));
    return bytes;
  },
];

/** A damaged copy of `bytes`, one to four kinds of damage deep. */
export const mutate = (bytes: Uint8Array, seed: number): Uint8Array => {
  const random = randomFrom(seed);
  let copy: Uint8Array = bytes.slice();
  for (let i = 1 + random(4); i > 0 && copy.length > 0; i--)
    copy = damages[random(damages.length)]!(copy, random);
  return copy;
};
