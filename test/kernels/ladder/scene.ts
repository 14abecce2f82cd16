/**
 * Any coding tables of any small grid, and frames on it, for the compiled kernels of the ladder and their twins.
 * Refuses nothing.
 */

import fc from 'fast-check';
import type { Digits } from '../../../src/domain/frame.ts';
import { curveSize, curveSteps, curveStepsLength } from '../../../src/kernels/ladder/curve.ts';
import type { LadderCoding } from '../../../src/kernels/ladder/encoder.ts';
import { evenLevels, levelScale } from '../../../src/kernels/ladder/levels.ts';
import {
  firstCells,
  flagContexts,
  freshCells,
  occupancyGrid,
  secondCells,
} from '../../../src/kernels/ladder/occupancy.ts';
import { nodeGrid, planeCells, planesMax } from '../../../src/kernels/ladder/planes.ts';
import {
  coefficientsPerPattern,
  levelSizeMax,
  logGrid,
  patterns,
  remainderContexts,
  remainderScale,
  remainderSymbols,
  spreads,
} from '../../../src/kernels/ladder/remainder.ts';

export const hashed = (i: number, salt: number): number =>
  Math.imul(Math.imul(i ^ Math.imul(salt + 1, 2_246_822_519), 2_654_435_761) ^ (i >>> 5), 3_266_489_917) >>>
  0;
/** Weights up to the largest there may be. */
const weights = (size: number, salt: number): Int8Array =>
  Int8Array.from({ length: size }, (_, i) => (hashed(i, salt) % 255) - 127);
/** Any curve at all: its ends are the smallest and the largest frequency. */
const steps = (salt: number): Uint32Array =>
  curveSteps(
    Uint16Array.from({ length: curveSize }, (_, i) =>
      i === 0 ? 1 : i === curveSize - 1 ? 4095 : 1 + (hashed(i, salt) % 4095),
    ),
  );

/** Frequencies that differ by context: 4096 in nine unequal parts, some of them one slot. */
const remainderSteps = (levels: number): Uint32Array =>
  Uint32Array.from({ length: remainderContexts(levels) * remainderSymbols }, (_, i) => {
    const symbol = i % remainderSymbols;
    const width = 1 + (hashed(Math.floor(i / remainderSymbols), 7) % 500);
    return ((symbol * width) << 16) | (symbol < remainderSymbols - 1 ? width : 4096 - symbol * width);
  });

export const codingOf = (
  sizes: readonly number[],
  depth: number,
  salt: number,
  adcBits = 10,
): LadderCoding => {
  const axes = sizes.map((size, i) => ({ name: `axis${i}`, size, unit: '', origin: 0, step: 1 }));
  const curves = new Uint32Array(depth * curveStepsLength);
  for (let plane = 0; plane < depth; plane++) curves.set(steps(salt + plane), plane * curveStepsLength);
  return {
    scale: remainderScale(
      levelScale(adcBits, evenLevels({ adcBits, thresholdAdc: (2 ** adcBits) >> 4 }, 1 << depth)),
    ),
    grid: { occupancy: occupancyGrid({ axes }), nodes: nodeGrid({ axes }), logs: logGrid({ axes }) },
    remainder: {
      coefficients: Int16Array.from(
        { length: patterns * coefficientsPerPattern },
        (_, i) => (hashed(i, salt + 8) % 65_536) - 32_768,
      ),
      spread: Uint8Array.from({ length: patterns }, (_, i) => hashed(i, salt + 9) % spreads),
      steps: remainderSteps(1 << depth),
    },
    occupancy: {
      flags: weights(flagContexts, salt + 1),
      first: weights(firstCells, salt + 2),
      second: weights(secondCells, salt + 3),
      fresh: Int8Array.from([0, ...weights(freshCells - 1, salt + 4)]),
    },
    parts: { pairs: weights(planeCells, salt + 5) },
    occupancyCurve: steps(salt + 6),
    planeCurves: curves,
  };
};

/** Frames of one grid, from no hit to nothing but hits: one after another, as a lane codes them. */
export const scene = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 2 }),
    columns: fc.integer({ min: 1, max: 90 }),
    depth: fc.integer({ min: 1, max: planesMax }),
    shares: fc.array(fc.constantFrom(0, 0.003, 0.02, 0.2, 0.6, 1), { minLength: 1, maxLength: 4 }),
    salt: fc.nat({ max: 9999 }),
    adcBits: fc.integer({ min: 1, max: 16 }),
  })
  // Tables with wider levels are refused.
  .filter(({ adcBits, depth }) => (2 ** adcBits) >> depth <= levelSizeMax >> 2);

export const frameOf = (voxels: number, share: number, salt: number, adcBits = 10): Digits => {
  const all = Array.from({ length: voxels }, (_, v) => v);
  const voxel = Uint32Array.from(all.filter((v) => hashed(v, salt) / 2 ** 32 < share));
  return {
    count: voxel.length,
    voxel,
    adc: Uint16Array.from(voxel, (v) => 1 + (hashed(v, salt + 1) % (2 ** adcBits - 1))),
  };
};
