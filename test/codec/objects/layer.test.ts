import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openObjectFinder } from '../../../src/codec/objects/finder.ts';
import { decodeObjects, encodeObjects, openObjectCoder } from '../../../src/codec/objects/layer.ts';
import { chargeCodes, type ObjectTokens, objectGrid } from '../../../src/codec/objects/shapes.ts';
import { Fault } from '../../../src/domain/fault.ts';
import { LayerKind } from '../../../src/domain/packet.ts';
import { mutate } from '../../hostile/mutate.ts';
import { objectsCard, smallCard, wedgeCard, wideCard } from '../../wire/small_card.ts';
import { clusteredFrame } from '../scene.ts';

const plain = ({ count, patch, place, shape }: ObjectTokens) => ({
  count,
  patch: [...patch.subarray(0, count)],
  place: [...place.subarray(0, count)],
  shape: [...shape.subarray(0, count)],
});

/** Any tokens in order, not only those that clusters make; corners of the grid among them. */
const anyTokens = (card: typeof wedgeCard, countMax: number) => {
  const [, patchesAlong, patchesAcross] = objectGrid(card).patches;
  const [layers, pads, bins] = card.axes.map(({ size }) => size) as [number, number, number];
  const [, padsIn, binsIn] = card.patch as [number, number, number];
  return fc
    .array(
      fc.record({
        layer: fc.integer({ min: 0, max: layers - 1 }),
        pad: fc.integer({ min: 0, max: pads * 8 - 1 }),
        bin: fc.integer({ min: 0, max: bins * 8 - 1 }),
        shape: fc.integer({ min: 0, max: chargeCodes * 256 - 1 }),
      }),
      { maxLength: countMax },
    )
    .map((objects): ObjectTokens => {
      const rows = objects
        .map(({ layer, pad, bin, shape }) => {
          const row = Math.floor(pad / (padsIn * 8));
          const column = Math.floor(bin / (binsIn * 8));
          const place = (pad - row * padsIn * 8) * binsIn * 8 + bin - column * binsIn * 8;
          return [(layer * patchesAlong + row) * patchesAcross + column, place, shape] as const;
        })
        .sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
      return {
        count: rows.length,
        patch: Uint32Array.from(rows, ([patch]) => patch),
        place: Uint16Array.from(rows, ([, place]) => place),
        shape: Uint16Array.from(rows, ([, , shape]) => shape),
      };
    });
};

describe.each([smallCard, wedgeCard, wideCard])('the object layer on $id', (card) => {
  const grid = objectGrid(card);
  const coder = openObjectCoder(grid);
  const voxels = card.axes.reduce((all, { size }) => all * size, 1);

  it('brings back any tokens', () => {
    fc.assert(
      fc.property(anyTokens(card, 200), (tokens) => {
        const layer = encodeObjects(tokens, coder);
        expect(layer).toMatchObject({ kind: LayerKind.objects, symbolCount: tokens.count });
        expect(plain(decodeObjects(layer, voxels, grid))).toEqual(plain(tokens));
        expect(encodeObjects(tokens, openObjectCoder(grid))).toEqual(layer);
      }),
      { numRuns: 60 },
    );
  });

  it('brings back what frames give, the empty one among them', () => {
    const finder = openObjectFinder(card)!;
    for (const [clusters, seed] of [
      [0, 1],
      [1, 2],
      [50, 3],
      [900, 4],
    ] as const) {
      const digits = clusteredFrame(card, clusters, seed);
      const layer = finder(digits);
      const tokens = decodeObjects(layer, digits.count, grid);
      expect(encodeObjects(tokens, coder)).toEqual(layer);
      expect(finder(digits)).toEqual(layer);
    }
  });

  it('is of the frame alone, whatever came before', () => {
    const used = openObjectFinder(card)!;
    for (let seed = 0; seed < 40; seed++) {
      const digits = clusteredFrame(card, (seed * 37) % 200, seed);
      expect(used(digits)).toEqual(openObjectFinder(card)!(digits));
    }
  });

  it('survives damage: the same tokens, others in the grid, or a fault', () => {
    const digits = clusteredFrame(card, 60, 9);
    const layer = openObjectFinder(card)!(digits);
    for (let seed = 0; seed < 600; seed++) {
      const payload = mutate(layer.payload, seed);
      try {
        const { count, patch, place } = decodeObjects({ ...layer, payload }, digits.count, grid);
        for (let i = 0; i < count; i++) {
          expect(patch[i]).toBeLessThan(grid.patchCount);
          expect(place[i]).toBeLessThan(grid.placeCount);
        }
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        expect(error.code).toBe('packet-layer');
      }
    }
    expect(decodeObjects(layer, digits.count, grid).count).toBe(layer.symbolCount);
  });
});

describe('the object layer', () => {
  const grid = objectGrid(wedgeCard);
  const layer = openObjectFinder(wedgeCard)!(clusteredFrame(wedgeCard, 30, 5));
  const codeOf = (changed: Partial<typeof layer>, hitCount = 100_000): string => {
    try {
      decodeObjects({ ...layer, ...changed }, hitCount, grid);
      return 'none';
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return `${error.code}: ${error.detail}`;
    }
  };

  it.each([
    ['another codec', { codec: 1 }, 'codec 1'],
    ['no bytes', { payload: new Uint8Array(0) }, 'head'],
    ['another version', { payload: Uint8Array.of(0x21, ...layer.payload.subarray(1)) }, 'head'],
    ['gaps nobody knows', { payload: Uint8Array.of(0x12, ...layer.payload.subarray(1)) }, 'head'],
    ['the other gaps', { payload: Uint8Array.of(0x11, ...layer.payload.subarray(1)) }, 'another number'],
    ['another count', { symbolCount: layer.symbolCount + 1 }, 'declared'],
    ['cut', { payload: layer.payload.subarray(0, layer.payload.length - 2) }, 'layer'],
    ['bytes behind', { payload: Uint8Array.of(...layer.payload, 0, 0) }, 'layer'],
    [
      '4 billion objects',
      { payload: Uint8Array.of(0x11, 255, 255, 255, 255, 15), symbolCount: 0xffffffff },
      'more than',
    ],
    ['no objects and bytes', { payload: Uint8Array.of(0x10, 0, 1), symbolCount: 0 }, 'follow'],
  ])('refuses %s', (_, changed, words) => {
    expect(codeOf(changed)).toMatch(/^packet-layer/);
    expect(codeOf(changed)).toContain(words);
  });

  it('refuses more objects than hits make', () => {
    expect(codeOf({}, 2 * layer.symbolCount)).toBe('none');
    expect(codeOf({}, 2 * layer.symbolCount - 1)).toContain('more than');
  });

  it('is none of objects frames, whose patches are objects', () => {
    expect(openObjectFinder(objectsCard)).toBe(null);
  });
});
