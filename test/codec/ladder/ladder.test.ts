import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitTables } from '../../../src/codec/ladder/fit.ts';
import { decodeLadder, encodeLadder } from '../../../src/codec/ladder/ladder.ts';
import { builtInTables, type LadderTables, levelBoundsOf } from '../../../src/codec/ladder/tables.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import { type Layer, LayerKind } from '../../../src/domain/packet.ts';
import { clusteredFrame, digitsOf, hitsOf, sphenix, testCard } from '../scene.ts';

const everything = { planes: 4, remainder: true };
const encode = (digits: Digits, card: InstrumentCard, tables: LadderTables): Layer[] =>
  encodeLadder(digits, card, tables, everything);
const bytesOf = (layers: readonly Layer[]): number =>
  layers.reduce((n, { payload }) => n + payload.length, 0);

/** Codes all rungs and holds what each gives back against the frame. */
const roundTrip = (digits: Digits, card: InstrumentCard, tables: LadderTables): Layer[] => {
  const layers = encode(digits, card, tables);
  expect(layers.map(({ kind }) => kind)).toEqual([2, 3, 3, 3, 3, 4]);
  for (let planes = 0; planes <= 4; planes++) {
    const cut = layers.slice(0, 1 + planes);
    expect(encodeLadder(digits, card, tables, { planes, remainder: false })).toEqual(cut);
    const decoded = decodeLadder(cut, digits.count, card, tables)!;
    expect(decoded).toMatchObject({ planes, exact: false });
    expect(decodeLadder(layers, digits.count, card, tables, { planes, remainder: false })).toEqual(decoded);
    expect(decoded.digits.voxel).toEqual(digits.voxel.slice(0, digits.count));
    const { lowest, highest } = levelBoundsOf(tables, planes);
    const outside = Array.from(decoded.level).filter((level, i) => {
      const adc = digits.adc[i]!;
      const value = decoded.digits.adc[i]!;
      const [low, high] = [lowest[level]!, highest[level]!];
      return adc > high || (adc < low && level > 0) || value < low || value > high;
    });
    expect(outside).toEqual([]);
  }
  const exact = decodeLadder(layers, digits.count, card, tables)!;
  expect(exact).toMatchObject({ planes: 4, exact: true });
  expect(hitsOf(exact.digits)).toEqual(hitsOf(digits));
  return layers;
};

const small = testCard([3, 20, 37]);
const builtIn = builtInTables(small);
const fitted = fitTables(
  Array.from({ length: 30 }, (_, seed) => clusteredFrame(small, 1 + seed, seed)),
  small,
);

/** Grids of one to four axes and any ADC width, with any hits: nothing says they look like a detector's. */
const anyFrame = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 4 }),
    adcBits: fc.integer({ min: 1, max: 16 }),
    threshold: fc.double({ min: 0, max: 0.99, noNaN: true }),
  })
  .chain(({ sizes, adcBits, threshold }) => {
    const card = testCard(sizes, { adcBits, thresholdAdc: Math.floor(threshold * 2 ** adcBits) });
    const voxels = sizes.reduce((n, size) => n * size, 1);
    return fc
      .uniqueArray(fc.tuple(fc.nat({ max: voxels - 1 }), fc.integer({ min: 1, max: 2 ** adcBits - 1 })), {
        selector: ([voxel]) => voxel,
        maxLength: Math.min(voxels, 400),
        size: 'max',
      })
      .map((hits) => ({ card, digits: digitsOf(hits.sort(([a], [b]) => a - b)) }));
  });

describe('the ladder', () => {
  it('gives back any frame on any grid: its hits, each level, every bit', () => {
    fc.assert(
      fc.property(anyFrame, ({ card, digits }) => {
        // Values of levels that hold nothing stand nowhere: built-in ones are the middle of what there is.
        const layers = encode(digits, card, builtInTables(card));
        const exact = decodeLadder(layers, digits.count, card, builtInTables(card))!;
        expect(hitsOf(exact.digits)).toEqual(hitsOf(digits));
      }),
      { numRuns: 60 },
    );
  });

  it('gives back clustered frames, sparse to dense, at every rung with fitted tables', () => {
    fc.assert(
      fc.property(fc.nat({ max: 120 }), fc.nat(), (clusters, seed) => {
        roundTrip(clusteredFrame(small, clusters, seed), small, fitted);
      }),
    );
  });

  it('holds the empty frame, one hit anywhere, and the full grid', () => {
    expect(roundTrip(digitsOf([]), small, fitted).map(({ payload }) => payload.length)).toEqual([
      5, 1, 1, 1, 1, 1,
    ]);
    const voxels = 3 * 20 * 37;
    for (const voxel of [0, 7, 8, 36, 37, 739, 740, voxels - 1]) {
      for (const adc of [1, 63, 64, 1022, 1023]) roundTrip(digitsOf([[voxel, adc]]), small, fitted);
    }
    for (const tables of [builtIn, fitted]) {
      const full = roundTrip(
        digitsOf(Array.from({ length: voxels }, (_, v) => [v, 1 + ((v * 7919) % 1023)])),
        small,
        tables,
      );
      expect(bytesOf(full)).toBeLessThan(voxels * 6);
    }
  });

  it('costs less the better its tables fit', () => {
    const frame = clusteredFrame(small, 20, 1000);
    const own = encode(frame, small, fitted);
    const other = encode(frame, small, builtIn);
    expect(bytesOf(own)).toBeLessThan(bytesOf(other) * 0.8);
    expect(own[0]!.payload.length).toBeLessThan(other[0]!.payload.length);
    expect(own[1]!.payload.length).toBeLessThan(other[1]!.payload.length);
  });

  it('never changes its bytes, and leaves no trace in its scratch space', () => {
    const digest = (digits: Digits): string => {
      const hash = createHash('sha256');
      for (const { payload } of roundTrip(digits, small, builtIn)) hash.update(payload);
      return hash.digest('hex').slice(0, 16);
    };
    const frames = [1, 5, 60].map((clusters) => clusteredFrame(small, clusters, clusters));
    const once = frames.map(digest);
    expect(once).toEqual(['37cf7dcf8747b6d7', '2a4c3378817962ea', '65d4f9969fd33589']);
    expect(frames.map(digest)).toEqual(once);
  });

  it('codes frames of the real grid, where sparse ones stay small', () => {
    const tables = builtInTables(sphenix);
    const sparse = clusteredFrame(sphenix, 40, 1);
    expect(bytesOf(roundTrip(sparse, sphenix, tables))).toBeLessThan(sparse.count * 4);
    roundTrip(clusteredFrame(sphenix, 3000, 2), sphenix, tables);
  });

  it('asks for rungs there are', () => {
    const frame = clusteredFrame(small, 1, 1);
    for (const rungs of [
      { planes: 5, remainder: false },
      { planes: -1, remainder: false },
      { planes: 3, remainder: true },
    ])
      expect(() => encodeLadder(frame, small, fitted, rungs)).toThrow('no rung');
    expect(() => encode(frame, testCard([3, 20, 38]), fitted)).toThrow('another grid');
  });

  it('refuses other tables by name', () => {
    const layers = encode(clusteredFrame(small, 3, 3), small, builtIn);
    expect(() => decodeLadder(layers, layers[0]!.symbolCount, small, fitted)).toThrow(
      expect.objectContaining({ code: 'packet-model', detail: expect.stringContaining(fitted.id) }),
    );
  });

  it('refuses rungs without those beneath, twice, out of order, of other codecs and counts', () => {
    const frame = clusteredFrame(small, 8, 8);
    const [occupancy, one, two, three, four, remainder] = encode(frame, small, fitted) as [
      Layer,
      Layer,
      Layer,
      Layer,
      Layer,
      Layer,
    ];
    const bad: readonly Layer[][] = [
      [one],
      [remainder],
      [occupancy, two],
      [occupancy, one, three],
      [occupancy, two, one],
      [occupancy, one, one],
      [occupancy, remainder],
      [occupancy, one, two, three, remainder],
      [occupancy, occupancy],
      [occupancy, one, two, three, four, remainder, remainder],
      [occupancy, one, two, three, four, four],
      [{ ...occupancy, codec: 2 }],
      [occupancy, { ...one, codec: 9 }],
      [{ ...occupancy, symbolCount: frame.count + 1 }],
      [occupancy, { ...one, symbolCount: frame.count - 1 }],
      [occupancy, one, two, three, four, { ...remainder, payload: new Uint8Array(0) }],
    ];
    for (const layers of bad)
      expect(() => decodeLadder(layers, frame.count, small, fitted)).toThrow(
        expect.objectContaining({ code: 'packet-layer' }),
      );
    expect(decodeLadder([], frame.count, small, fitted)).toBeNull();
    const stranger = { kind: 77, codec: 1, symbolCount: 1, payload: Uint8Array.of(1) };
    expect(decodeLadder([stranger, occupancy, stranger, one], frame.count, small, fitted)!.planes).toBe(1);
  });

  it('refuses one hit too many or too few', () => {
    const frame = clusteredFrame(small, 8, 8);
    const layers = encode(frame, small, fitted);
    for (const count of [0, 1, frame.count - 1, frame.count + 1, 2220, 2221, -1, 0.5, Number.NaN, 2 ** 40]) {
      const declared = layers.map((layer) => ({ ...layer, symbolCount: count }));
      expect(() => decodeLadder(layers, count, small, fitted)).toThrow(Fault);
      expect(() => decodeLadder(declared, count, small, fitted)).toThrow(Fault);
    }
  });

  it('refuses any layer that is cut or lengthened, and nearly any bit changed: a crc tells the rest', () => {
    const frame = clusteredFrame(small, 12, 12);
    const good = encode(frame, small, fitted);
    const refusal = (index: number, payload: Uint8Array): boolean => {
      const layers = good.map((layer, i) => (i === index ? { ...layer, payload } : layer));
      try {
        decodeLadder(layers, frame.count, small, fitted);
        return false;
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        return true;
      }
    };
    let changed = 0;
    let taken = 0;
    good.forEach(({ payload }, index) => {
      for (let length = 0; length < payload.length; length++)
        expect(refusal(index, payload.slice(0, length))).toBe(true);
      expect(refusal(index, Uint8Array.of(...payload, 0, 0))).toBe(true);
      for (let at = 0; at < payload.length; at++) {
        const bad = payload.slice();
        bad[at]! ^= 1 << (at % 8);
        changed++;
        if (!refusal(index, bad)) taken++;
      }
    });
    // The last bits of a stream are its last hits' own: changed, they are another good frame's.
    expect(taken).toBeLessThan(changed / 50);
    expect(hitsOf(decodeLadder(good, frame.count, small, fitted)!.digits)).toEqual(hitsOf(frame));
  });

  it('refuses or decodes within bounds whatever the bytes are, and the next good ladder still comes out', () => {
    const frames = [2, 60].map((clusters) => clusteredFrame(small, clusters, clusters));
    const goods = frames.map((frame) => encode(frame, small, fitted));
    const within = (layers: readonly Layer[], hitCount: number): void => {
      try {
        const declared = layers.map((layer) => ({ ...layer, symbolCount: hitCount }));
        const hits = hitsOf(decodeLadder(declared, hitCount, small, fitted)!.digits);
        const wild = hits.filter(
          ([voxel, adc], i) => voxel >= 2220 || adc < 1 || adc > 1023 || (i > 0 && voxel <= hits[i - 1]![0]),
        );
        expect(wild).toEqual([]);
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
      }
    };
    const edits = fc.array(fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }) }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        fc.nat({ max: 1 }),
        fc.nat({ max: 5 }),
        edits,
        fc.nat({ max: 2220 }),
        (which, index, changes, otherCount) => {
          const good = goods[which]!;
          const payload = good[index]!.payload.slice();
          for (const { at, value } of changes) payload[at % payload.length] = value;
          const bad = good.map((layer, i) => (i === index ? { ...layer, payload } : layer));
          within(bad, frames[which]!.count);
          within(bad, otherCount);
          expect(hitsOf(decodeLadder(good, frames[which]!.count, small, fitted)!.digits)).toEqual(
            hitsOf(frames[which]!),
          );
        },
      ),
      { numRuns: 600 },
    );
    const heads = goods[0]!.map(({ kind, payload }) =>
      payload.slice(0, kind === LayerKind.occupancy ? 5 : 1),
    );
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 8, maxLength: 120 }), { minLength: 1, maxLength: 6 }),
        fc.nat({ max: 2220 }),
        (streams, count) => {
          const layers = streams.map((stream, i) => ({
            ...goods[0]![i]!,
            payload: Uint8Array.of(...heads[i]!, ...stream.slice(0, stream.length & ~1)),
          }));
          within(layers, count);
        },
      ),
      { numRuns: 600 },
    );
  });
});
