import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTokens, encodeTokens, prepareTokenTables } from '../../src/codec/tokens.ts';
import { Fault } from '../../src/domain/fault.ts';

const patchesMax = 12_288;
const tables = prepareTokenTables({
  name: 'test-fsq',
  version: 1,
  symbolsPerPatch: 4,
  alphabet: 125,
  symbolCounts: Array.from({ length: 4 }, (_, position) =>
    Array.from({ length: 125 }, (_, s) => Math.floor(1e6 / (((s * 37 + position * 11) % 125) + 4))),
  ),
  gapCounts: {
    sparse: Array.from({ length: 26 }, (_, bucket) => (bucket < 16 ? 300 : 5000)),
    dense: Array.from({ length: 20 }, (_, bucket) => 2 ** (20 - bucket)),
  },
});

const frame = fc.uniqueArray(fc.nat({ max: patchesMax - 1 }), { maxLength: 300 }).chain((ids) =>
  fc.record({
    patches: fc.constant(Uint32Array.from(ids.sort((a, b) => a - b))),
    symbols: fc
      .array(fc.nat({ max: 124 }), { minLength: ids.length * 4, maxLength: ids.length * 4 })
      .map((symbols) => Uint8Array.from(symbols)),
  }),
);

const everyPatch = (step: number) => {
  const patches = Uint32Array.from({ length: Math.ceil(patchesMax / step) }, (_, i) => i * step);
  return { patches, symbols: Uint8Array.from({ length: patches.length * 4 }, (_, i) => (i * 7919) % 125) };
};

const roundTrip = ({ patches, symbols }: { patches: Uint32Array; symbols: Uint8Array }): Uint8Array => {
  const payload = encodeTokens(patches, patches.length, symbols, tables);
  expect(decodeTokens(payload, tables, patchesMax)).toEqual({ patchCount: patches.length, patches, symbols });
  return payload;
};

describe('token layer', () => {
  it('gives back every patch and symbol', () => {
    fc.assert(fc.property(frame, (f) => void roundTrip(f)));
  });

  it('holds none, one, all, and widely spaced patches', () => {
    expect(roundTrip({ patches: new Uint32Array(0), symbols: new Uint8Array(0) })).toEqual(
      Uint8Array.of(16, 0),
    );
    roundTrip({ patches: Uint32Array.of(0), symbols: Uint8Array.of(0, 1, 2, 3) });
    roundTrip({ patches: Uint32Array.of(patchesMax - 1), symbols: Uint8Array.of(124, 0, 124, 0) });
    for (const step of [1, 2, 7, 8, 9, 15, 16, 17, 18, 255, 256, 257, 4096]) roundTrip(everyPatch(step));
  });

  it('reads gaps up to the widest', () => {
    for (const gap of [15, 16, 31, 32, 4095, 4096, 65_535, 2 ** 20 - 1]) {
      const payload = encodeTokens(Uint32Array.of(gap), 1, Uint8Array.of(1, 2, 3, 4), tables);
      expect(decodeTokens(payload, tables, 2 ** 20).patches[0]).toBe(gap);
    }
    expect(() => encodeTokens(Uint32Array.of(2 ** 20), 1, Uint8Array.of(1, 2, 3, 4), tables)).toThrow();
  });

  it('never changes its bytes', () => {
    const digest = (step: number) =>
      createHash('sha256')
        .update(roundTrip(everyPatch(step)))
        .digest('hex')
        .slice(0, 16);
    expect([digest(1), digest(160)]).toEqual(['a7201a51c2301ef4', 'f527c49dfe7c02d0']);
  });

  it('refuses one patch too many, by count and by place', () => {
    const { patches, symbols } = everyPatch(64);
    const payload = encodeTokens(patches, patches.length, symbols, tables);
    expect(() => decodeTokens(payload, tables, patches.length - 1)).toThrow(Fault);
    expect(() => decodeTokens(payload, tables, patches[patches.length - 1]!)).toThrow(Fault);
    decodeTokens(payload, tables, patches[patches.length - 1]! + 1);
  });

  it('refuses or decodes within bounds whatever the bytes are', () => {
    const good = encodeTokens(everyPatch(40).patches, 308, everyPatch(40).symbols, tables);
    const within = (bytes: Uint8Array): void => {
      try {
        const { patchCount, patches, symbols } = decodeTokens(bytes, tables, patchesMax);
        expect(patchCount).toBeLessThanOrEqual(patchesMax);
        for (let i = 1; i < patchCount; i++) expect(patches[i]).toBeGreaterThan(patches[i - 1]!);
        expect(symbols.every((symbol) => symbol < 125)).toBe(true);
      } catch (fault) {
        if (!(fault instanceof Fault) || fault.code !== 'packet-layer') throw fault;
      }
    };
    const edit = fc.record({ at: fc.nat({ max: good.length - 1 }), value: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 8 }),
        fc.nat({ max: good.length }),
        (edits, length) => {
          const bad = good.slice();
          for (const { at, value } of edits) bad[at] = value;
          within(bad);
          within(bad.slice(0, length));
        },
      ),
      { numRuns: 1000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), within), { numRuns: 1000 });
  });

  it('notices most changed bits by its end state alone (raw low bits of gaps are for the crc of the layer to notice)', () => {
    const { patches, symbols } = everyPatch(100);
    const good = encodeTokens(patches, patches.length, symbols, tables);
    let unnoticed = 0;
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >>> 3]! ^= 1 << (bit & 7);
      try {
        decodeTokens(bad, tables, patchesMax);
        unnoticed++;
      } catch (fault) {
        expect(fault).toBeInstanceOf(Fault);
      }
    }
    expect(unnoticed / (good.length * 8)).toBeLessThan(0.15);
  });

  it('takes unsorted patches and symbols outside the alphabet for our bug', () => {
    expect(() => encodeTokens(Uint32Array.of(5, 5), 2, new Uint8Array(8), tables)).toThrow('ascend');
    expect(() => encodeTokens(Uint32Array.of(5), 1, Uint8Array.of(0, 125, 0, 0), tables)).toThrow('alphabet');
  });
});
