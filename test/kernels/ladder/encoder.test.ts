/** The compiled coding against its twins in TypeScript, byte for byte, over any grid, tables and hits. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digits } from '../../../src/domain/frame.ts';
import {
  curveSize,
  curveSteps,
  curveStepsLength,
  ladderPrecision,
} from '../../../src/kernels/ladder/curve.ts';
import { type LadderCoding, openLadderEncoder } from '../../../src/kernels/ladder/encoder.ts';
import { evenLevels, levelScale } from '../../../src/kernels/ladder/levels.ts';
import {
  clearOccupancy,
  firstCells,
  flagContexts,
  freshCells,
  markOccupancy,
  occupancyGrid,
  occupancyStepsMax,
  secondCells,
} from '../../../src/kernels/ladder/occupancy.ts';
import { putOccupancy } from '../../../src/kernels/ladder/occupancy_writer.ts';
import {
  clearNodes,
  nodeGrid,
  planeCells,
  planesMax,
  putPlanes,
} from '../../../src/kernels/ladder/planes.ts';
import {
  clearLogs,
  coefficientsPerPattern,
  levelSizeMax,
  logGrid,
  markLogs,
  patterns,
  putRemainders,
  remainderContexts,
  remainderScale,
  remainderStepsMax,
  remainderSymbols,
  spreads,
} from '../../../src/kernels/ladder/remainder.ts';
import { ransBytesMax, ransEncode } from '../../../src/kernels/rans.ts';

const hashed = (i: number, salt: number): number =>
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

const codingOf = (sizes: readonly number[], depth: number, salt: number, adcBits = 10): LadderCoding => {
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

const streamOf = (found: Uint32Array, count: number): Uint8Array => {
  const out = new Uint8Array(ransBytesMax(count));
  return out.subarray(ransEncode(found, count, ladderPrecision, out));
};

/** The same streams by the twins. */
const slowStreams = (
  { count, voxel, adc }: Digits,
  coding: LadderCoding,
  planes: number,
  remainder: boolean,
): Uint8Array[] => {
  const { occupancy: grid, nodes } = coding.grid;
  const depth = coding.scale.planes;
  const found = new Uint32Array(
    Math.max(occupancyStepsMax(grid, count), planes * count, remainderStepsMax * count),
  );
  markOccupancy(voxel, count, grid);
  const stepCount = putOccupancy(grid, coding.occupancy, coding.occupancyCurve, found);
  clearOccupancy(grid);
  const streams = [streamOf(found, stepCount)];
  for (let i = 0; i < count; i++)
    nodes.node[nodes.origin + voxel[i]!] = (1 << depth) | coding.scale.levelOf[adc[i]!]!;
  putPlanes(nodes, voxel, count, depth, planes, coding.parts.pairs, coding.planeCurves, found);
  clearNodes(nodes, voxel, count);
  for (let plane = 0; plane < planes; plane++)
    streams.push(streamOf(found.subarray(plane * count, (plane + 1) * count), count));
  if (!remainder) return streams;
  const { scale } = coding;
  const { logs } = coding.grid;
  const hits = { count, voxel, level: Uint8Array.from(adc, (one) => scale.levelOf[one]!) };
  markLogs(logs, scale, hits);
  const remainderCount = putRemainders(logs, scale, coding.remainder, hits, adc, found);
  clearLogs(logs, voxel, count);
  return [...streams, streamOf(found, remainderCount)];
};

/** Frames of one grid, from no hit to nothing but hits: one after another, as a lane codes them. */
const scene = fc
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

const frameOf = (voxels: number, share: number, salt: number, adcBits = 10): Digits => {
  const all = Array.from({ length: voxels }, (_, v) => v);
  const voxel = Uint32Array.from(all.filter((v) => hashed(v, salt) / 2 ** 32 < share));
  return {
    count: voxel.length,
    voxel,
    adc: Uint16Array.from(voxel, (v) => 1 + (hashed(v, salt + 1) % (2 ** adcBits - 1))),
  };
};

describe('the compiled encoder', () => {
  it('gives the bytes its twins give, frame after frame', () => {
    fc.assert(
      fc.property(scene, ({ sizes, columns, depth, shares, salt, adcBits }) => {
        const coding = codingOf([...sizes, columns], depth, salt, adcBits);
        const encoder = openLadderEncoder(coding);
        shares.forEach((share, i) => {
          const frame = frameOf(coding.grid.occupancy.voxels, share, salt + i, adcBits);
          const remainder = i % 2 === 0;
          const planes = (salt + i) % (depth + 1);
          expect(encoder.encode(frame, planes, remainder).map((stream) => stream.slice())).toEqual(
            slowStreams(frame, coding, planes, remainder),
          );
        });
      }),
      { numRuns: 200 },
    );
  });

  it('throws for hits beyond its grid', () => {
    const encoder = openLadderEncoder(codingOf([3, 40], 4, 1));
    expect(() => encoder.encode(frameOf(121, 1, 0), 4, false)).toThrow('voxel 120 of 120');
  });
});
