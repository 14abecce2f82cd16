import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activityTables, layeredGrid, takeActivity } from '../../src/codec/token_activity.ts';
import { Fault } from '../../src/domain/fault.ts';
import { closeRans, openRans, ransBytesMax, ransEncode } from '../../src/kernels/rans.ts';
import { activityStepCount, putActivity } from './token_activity.slow.ts';
import { tokenCard } from './token_card.ts';

const { activeCounts } = tokenCard([[1, 1]]);
const precision = 12;

const coded = (patches: readonly number[], perAxis: readonly number[]): Uint8Array => {
  const tables = activityTables(layeredGrid(perAxis), activeCounts);
  const steps = new Uint32Array(activityStepCount(tables));
  const count = putActivity(steps, 0, Uint32Array.from(patches), patches.length, tables);
  expect(count).toBe(activityStepCount(tables));
  const out = new Uint8Array(ransBytesMax(count));
  return out.slice(ransEncode(steps, count, precision, out));
};

const read = (bytes: Uint8Array, patchCount: number, perAxis: readonly number[]): number[] => {
  const patches = new Uint32Array(patchCount);
  const reader = openRans(bytes, 0, bytes.length, precision);
  takeActivity(reader, patches, patchCount, activityTables(layeredGrid(perAxis), activeCounts));
  closeRans(reader);
  return [...patches];
};

describe('the map of active patches', () => {
  it('gives back none, all and any patches of grids of any number of axes', () => {
    const scene = fc
      .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 })
      .chain((perAxis) => {
        const all = Array.from({ length: perAxis.reduce((n, count) => n * count, 1) }, (_, patch) => patch);
        return fc.record({
          perAxis: fc.constant(perAxis),
          patches: fc.oneof(fc.subarray(all), fc.constant([]), fc.constant(all)),
        });
      });
    fc.assert(
      fc.property(scene, ({ perAxis, patches }) => {
        expect(read(coded(patches, perAxis), patches.length, perAxis)).toEqual(patches);
      }),
    );
  });

  it('refuses another number of patches than was said', () => {
    const bytes = coded([1, 5, 6], [2, 5]);
    expect(() => read(bytes, 2, [2, 5])).toThrow(Fault);
    expect(() => read(bytes, 4, [2, 5])).toThrow(Fault);
  });

  it('refuses a patch past the end of its row', () => {
    // Column 5 of a row of 8 exists; in a row of 5, which takes as many symbols, it does not.
    expect(() => read(coded([5], [1, 8]), 1, [1, 5])).toThrow(Fault);
  });

  it('takes tables of other contexts for our bug', () => {
    expect(() => activityTables(layeredGrid([2, 5]), activeCounts.slice(1))).toThrow('contexts');
  });
});
