import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTokens, encodeTokens, prepareTokenTables } from '../../src/codec/tokens.ts';
import { Fault } from '../../src/domain/fault.ts';
import { sphenix, testCard } from './scene.ts';
import { tokenCard } from './token_card.ts';
import { slowTokenBytes } from './tokens.slow.ts';

const patchesMax = 12_288;
const card = tokenCard(
  Array.from({ length: 4 }, (_, position) =>
    Array.from({ length: 125 }, (_, s) => Math.floor(1e6 / (((s * 37 + position * 11) % 125) + 4))),
  ),
);
const tables = prepareTokenTables(card, sphenix);

const frameOf = (patchCount: number, symbolsPerPatch: number, alphabet: number, maxLength: number) =>
  fc.uniqueArray(fc.nat({ max: patchCount - 1 }), { maxLength }).chain((ids) =>
    fc.record({
      patches: fc.constant(Uint32Array.from(ids.sort((a, b) => a - b))),
      symbols: fc
        .array(fc.nat({ max: alphabet - 1 }), {
          minLength: ids.length * symbolsPerPatch,
          maxLength: ids.length * symbolsPerPatch,
        })
        .map((symbols) => Uint8Array.from(symbols)),
    }),
  );
const frame = frameOf(patchesMax, 4, 125, 300);

const everyPatch = (step: number) => {
  const patches = Uint32Array.from({ length: Math.ceil(patchesMax / step) }, (_, i) => i * step);
  return { patches, symbols: Uint8Array.from({ length: patches.length * 4 }, (_, i) => (i * 7919) % 125) };
};

const roundTrip = (
  { patches, symbols }: { patches: Uint32Array; symbols: Uint8Array },
  by = tables,
): Uint8Array => {
  const payload = encodeTokens(patches, patches.length, symbols, by);
  expect(decodeTokens(payload, by)).toEqual({ patchCount: patches.length, patches, symbols });
  return payload;
};

describe('token layer', () => {
  it('gives back every patch and symbol', () => {
    fc.assert(fc.property(frame, (f) => void roundTrip(f)));
  });

  it('holds none, one, all, and widely spaced patches', () => {
    expect(roundTrip({ patches: new Uint32Array(0), symbols: new Uint8Array(0) })).toEqual(
      Uint8Array.of(32, 0),
    );
    roundTrip({ patches: Uint32Array.of(0), symbols: Uint8Array.of(0, 1, 2, 3) });
    roundTrip({ patches: Uint32Array.of(patchesMax - 1), symbols: Uint8Array.of(124, 0, 124, 0) });
    for (const step of [1, 2, 7, 8, 9, 15, 16, 17, 18, 255, 256, 257, 4096]) roundTrip(everyPatch(step));
  });

  it('takes the tables its slow twin takes, on grids of one to four axes', () => {
    const cases = [
      { sizes: [37], shape: [1, 1, 5] },
      { sizes: [50, 37], shape: [1, 7, 5] },
      { sizes: [3, 20, 37], shape: [3, 3, 5] },
      { sizes: [2, 3, 20, 64], shape: [6, 3, 8] },
    ] as const;
    const small = tokenCard([
      [9, 1, 4, 2, 7],
      [1, 2, 3, 4, 5],
      [5, 1, 1, 1, 9],
    ]);
    for (const { sizes, shape } of cases) {
      const by = prepareTokenTables(small, testCard(sizes));
      const count = shape[0] * shape[1] * shape[2];
      expect(by.patchCount).toBe(count);
      fc.assert(
        fc.property(frameOf(count, 3, 5, count), (f) => {
          const payload = roundTrip(f, by);
          if (f.patches.length === 0) return;
          expect([...payload.subarray(2)]).toEqual(
            slowTokenBytes([...f.patches], [...f.symbols], small, shape),
          );
        }),
      );
    }
  });

  it('reads gaps up to the widest', () => {
    const long = prepareTokenTables(card, testCard([8, 2 ** 20]));
    for (const gap of [15, 16, 31, 32, 4095, 4096, 65_535, 2 ** 17 - 1])
      roundTrip({ patches: Uint32Array.of(gap), symbols: Uint8Array.of(1, 2, 3, 4) }, long);
    expect(() => encodeTokens(Uint32Array.of(2 ** 17), 1, Uint8Array.of(1, 2, 3, 4), long)).toThrow();
  });

  it('never changes its bytes', () => {
    const digest = (step: number) =>
      createHash('sha256')
        .update(roundTrip(everyPatch(step)))
        .digest('hex')
        .slice(0, 16);
    expect([digest(1), digest(160)]).toEqual(['7b88aa7739e6d1ce', 'e4e4d15baf1ad39f']);
  });

  it('refuses one patch too many, by count and by place', () => {
    const narrow = prepareTokenTables(card, testCard([16, 192, 248]));
    for (const step of [1, 64]) {
      const { patches, symbols } = everyPatch(step);
      const payload = encodeTokens(patches, patches.length, symbols, tables);
      expect(() => decodeTokens(payload, narrow)).toThrow(Fault);
    }
    const fewer = prepareTokenTables(card, testCard([15, 192, 249]));
    const edge = (patch: number) => encodeTokens(Uint32Array.of(patch), 1, Uint8Array.of(1, 2, 3, 4), tables);
    expect(() => decodeTokens(edge(15 * 768), fewer)).toThrow(Fault);
    decodeTokens(edge(15 * 768 - 1), fewer);
  });

  it('refuses or decodes within bounds whatever the bytes are', () => {
    const within = (bytes: Uint8Array): void => {
      try {
        const { patchCount, patches, symbols } = decodeTokens(bytes, tables);
        expect(patchCount).toBeLessThanOrEqual(patchesMax);
        for (let i = 1; i < patchCount; i++) expect(patches[i]).toBeGreaterThan(patches[i - 1]!);
        expect(symbols.every((symbol) => symbol < 125)).toBe(true);
      } catch (fault) {
        if (!(fault instanceof Fault) || fault.code !== 'packet-layer') throw fault;
      }
    };
    for (const step of [4, 40]) {
      const { patches, symbols } = everyPatch(step);
      const good = encodeTokens(patches, patches.length, symbols, tables);
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
        { numRuns: 300 },
      );
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), within), { numRuns: 1000 });
  });

  it('notices most changed bits by its end state alone (raw low bits of gaps are for the crc of the layer to notice)', () => {
    for (const [step, share] of [
      [100, 0.15],
      [6, 0.01],
    ] as const) {
      const { patches, symbols } = everyPatch(step);
      const good = encodeTokens(patches, patches.length, symbols, tables);
      let unnoticed = 0;
      let tried = 0;
      for (let bit = 0; bit < good.length * 8; bit += step === 100 ? 1 : 101) {
        const bad = good.slice();
        bad[bit >>> 3]! ^= 1 << (bit & 7);
        tried++;
        try {
          decodeTokens(bad, tables);
          unnoticed++;
        } catch (fault) {
          expect(fault).toBeInstanceOf(Fault);
        }
      }
      expect(unnoticed / tried).toBeLessThan(share);
    }
  });

  it('takes unsorted patches, patches outside the grid and symbols outside the alphabet for our bug', () => {
    expect(() => encodeTokens(Uint32Array.of(5, 5), 2, new Uint8Array(8), tables)).toThrow('ascend');
    expect(() => encodeTokens(Uint32Array.of(patchesMax), 1, new Uint8Array(4), tables)).toThrow('grid');
    expect(() => encodeTokens(Uint32Array.of(5), 1, Uint8Array.of(0, 125, 0, 0), tables)).toThrow('alphabet');
  });
});
