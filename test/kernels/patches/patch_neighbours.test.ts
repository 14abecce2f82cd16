import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  absentSymbol,
  gatherNeighbours,
  patchNeighbours,
} from '../../../src/kernels/patches/patch_neighbours.ts';
import { slowNeighbours } from './patch_neighbours.slow.ts';

const grids = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
const scene = grids.chain((perAxis) => {
  const patchCount = perAxis.reduce((n, count) => n * count, 1);
  const step = fc.tuple(...perAxis.map(() => fc.integer({ min: -2, max: 2 })));
  return fc.record({
    perAxis: fc.constant(perAxis),
    steps: fc.array(step, { maxLength: 8 }),
    patches: fc.subarray(Array.from({ length: patchCount }, (_, patch) => patch)),
    symbolsPerPatch: fc.integer({ min: 1, max: 4 }),
  });
});

const symbolsFor = (count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => (i * 37) % 255);

describe('gatherNeighbours', () => {
  it('agrees with its slow twin, call after call', () => {
    fc.assert(
      fc.property(scene, ({ perAxis, steps, patches, symbolsPerPatch }) => {
        const neighbours = patchNeighbours(perAxis, steps);
        const symbols = symbolsFor(patches.length * symbolsPerPatch);
        const symbolsOf = (row: number) => [
          ...symbols.subarray(row * symbolsPerPatch, (row + 1) * symbolsPerPatch),
        ];
        const expected = slowNeighbours(patches, symbolsOf, perAxis, steps);
        const into = new Uint8Array(expected.length);
        const gather = (ids: readonly number[]) =>
          gatherNeighbours(Uint32Array.from(ids), ids.length, symbols, symbolsPerPatch, neighbours, into);
        gather(patches);
        expect([...into]).toEqual(expected);
        // Nothing of the first call may be left for the second.
        gather(patches.slice(0, 1));
        gather(patches);
        expect([...into]).toEqual(expected);
      }),
    );
  });

  it('never wraps around an edge of the grid', () => {
    const neighbours = patchNeighbours(
      [2, 2],
      [
        [0, -1],
        [0, 1],
      ],
    );
    const into = new Uint8Array(12);
    gatherNeighbours(Uint32Array.of(0, 1, 2, 3), 4, Uint8Array.of(10, 11, 12, 13), 1, neighbours, into);
    const none = absentSymbol;
    expect([...into]).toEqual([10, none, 11, 11, 10, none, 12, none, 13, 13, 12, none]);
  });

  it('takes a step of other axes or too small an array for our bug', () => {
    expect(() => patchNeighbours([2, 2], [[1]])).toThrow('axis');
    const neighbours = patchNeighbours([4], [[1]]);
    const gather = () =>
      gatherNeighbours(Uint32Array.of(0), 1, Uint8Array.of(1), 1, neighbours, new Uint8Array(1));
    expect(gather).toThrow('fit');
  });
});
