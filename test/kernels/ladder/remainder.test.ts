import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ladderPrecision } from '../../../src/kernels/ladder/curve.ts';
import { evenLevels, levelScale } from '../../../src/kernels/ladder/levels.ts';
import {
  clearLogs,
  coefficientsPerPattern,
  levelSizeMax,
  logGrid,
  markLogs,
  patterns,
  predictors,
  putRemainders,
  remainderContext,
  remainderContexts,
  remainderScale,
  remainderStepsMax,
  remainderSymbol,
  remainderSymbols,
  spreads,
  takeRemainders,
} from '../../../src/kernels/ladder/remainder.ts';
import { closeRans, openRans, ransBytesMax, ransEncode } from '../../../src/kernels/rans.ts';

const coefficients = Int16Array.from(
  { length: patterns * coefficientsPerPattern },
  (_, i) => (Math.imul(i + 3, 2_654_435_761) >>> 16) - 32_768,
);
const spread = Uint8Array.from({ length: patterns }, (_, i) => i % spreads);
/** Frequencies that differ by context: 4096 in nine unequal parts. */
const stepsFor = (levels: number): Uint32Array =>
  Uint32Array.from({ length: remainderContexts(levels) * remainderSymbols }, (_, i) => {
    const symbol = i % remainderSymbols;
    const turn = Math.floor(i / remainderSymbols) % 100;
    const width = 400 + turn;
    return ((symbol * width) << 16) | (symbol < remainderSymbols - 1 ? width : 4096 - symbol * width);
  });

const scaleOf = (adcBits: number, lowest: Uint16Array) => remainderScale(levelScale(adcBits, lowest));

const scene = fc
  .record({
    adcBits: fc.integer({ min: 1, max: 16 }),
    share: fc.double({ min: 0, max: 0.99, noNaN: true }),
    planes: fc.integer({ min: 1, max: 4 }),
    columns: fc.integer({ min: 4, max: 20 }),
  })
  .chain(({ adcBits, share, planes, columns }) => {
    const voxels = 6 * columns;
    return fc.record({
      scale: fc.constant(
        scaleOf(
          adcBits,
          evenLevels({ adcBits, thresholdAdc: Math.floor(share * 2 ** adcBits) }, 2 ** planes),
        ),
      ),
      columns: fc.constant(columns),
      cells: fc.array(fc.nat({ max: 2 ** adcBits - 1 }), { minLength: voxels, maxLength: voxels }),
    });
  })
  // Tables with wider levels are refused.
  .filter(({ scale }) => scale.size.every((size) => size <= levelSizeMax));

const gridOf = (columns: number) =>
  logGrid({
    axes: [6, columns].map((size, i) => ({ name: `axis${i}`, size, unit: '', origin: 0, step: 1 })),
  });

/** The same context from the logarithms in the predictor's order. */
const slowContext = (logs: readonly number[], level: number, scale: ReturnType<typeof scaleOf>): number => {
  const pattern = logs.reduce((bits, log, k) => bits + (log > 0 ? 2 ** k : 0), 0);
  const [constant, ...factors] = coefficients.subarray(pattern * 10, pattern * 10 + 10);
  const value = Math.floor(
    factors.reduce((sum, factor, k) => sum + factor * logs[k]!, constant! * 512) / 4096,
  );
  const low = scale.lowLog[level]!;
  const place = Math.floor(((value - low) * 8) / (2 * (scale.middleLog[level]! - low))) + 12;
  return (spread[pattern]! * 16 + level) * 32 + Math.max(0, Math.min(31, place));
};

describe('the remainder', () => {
  it('gives back every value of any width, below the threshold and saturated too', () => {
    fc.assert(
      fc.property(scene, ({ scale, columns, cells }) => {
        const grid = gridOf(columns);
        const voxel = Uint32Array.from(cells.flatMap((adc, v) => (adc === 0 ? [] : [v])));
        const adc = Uint16Array.from(cells.filter((one) => one > 0));
        const hits = { count: adc.length, voxel, level: Uint8Array.from(adc, (one) => scale.levelOf[one]!) };
        const tables = { coefficients, spread, steps: stepsFor(scale.lowest.length) };
        const steps = new Uint32Array(hits.count * remainderStepsMax);
        markLogs(grid, scale, hits);
        const count = putRemainders(grid, scale, tables, hits, adc, steps);
        clearLogs(grid, voxel, hits.count);
        const out = new Uint8Array(ransBytesMax(count));
        const begin = ransEncode(steps, count, ladderPrecision, out);
        const reader = openRans(out, begin, out.length, ladderPrecision);
        const back = new Uint16Array(hits.count);
        markLogs(grid, scale, hits);
        takeRemainders(reader, grid, scale, tables, hits, back);
        closeRans(reader);
        clearLogs(grid, voxel, hits.count);
        expect(back).toEqual(adc);
        expect(grid.log.every((log) => log === 0)).toBe(true);
      }),
    );
  });

  it('has contexts within their number, whatever the coefficients and neighbours are', () => {
    const scale = scaleOf(10, evenLevels({ adcBits: 10, thresholdAdc: 64 }, 16));
    const view = fc.array(fc.integer({ min: 0, max: 2560 }), {
      minLength: predictors,
      maxLength: predictors,
    });
    const grid = gridOf(9);
    const at = grid.origin + 22;
    fc.assert(
      fc.property(view, fc.nat({ max: 15 }), (logs, level) => {
        [-1, -2, -9, -10, -8, 1, 9, 10, 8].forEach((away, k) => {
          grid.log[at + away] = logs[k]!;
        });
        const context = remainderContext(grid, at, level, scale, coefficients, spread);
        expect(context).toBe(slowContext(logs, level, scale));
        expect(context).toBeLessThan(remainderContexts(16));
      }),
    );
  });

  it('cuts levels into eighths, with saturation and what lies below the threshold apart', () => {
    const scale = scaleOf(10, evenLevels({ adcBits: 10, thresholdAdc: 64 }, 16));
    expect([861, 881, 882, 1022, 1023].map((adc) => remainderSymbol(scale, 15, adc))).toEqual([
      0, 0, 1, 7, 8,
    ]);
    expect([1, 63, 64, 76].map((adc) => remainderSymbol(scale, 0, adc))).toEqual([8, 8, 0, 7]);
  });
});
