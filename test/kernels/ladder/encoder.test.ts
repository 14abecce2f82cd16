/** The compiled coding against its twins in TypeScript, byte for byte, over any grid, tables and hits. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digits } from '../../../src/domain/frame.ts';
import { ladderPrecision } from '../../../src/kernels/ladder/curve.ts';
import { type LadderCoding, openLadderEncoder } from '../../../src/kernels/ladder/encoder.ts';
import { clearOccupancy, markOccupancy, occupancyStepsMax } from '../../../src/kernels/ladder/occupancy.ts';
import { putOccupancy } from '../../../src/kernels/ladder/occupancy_writer.ts';
import { clearNodes, putPlanes } from '../../../src/kernels/ladder/planes.ts';
import {
  clearLogs,
  markLogs,
  putRemainders,
  remainderStepsMax,
} from '../../../src/kernels/ladder/remainder.ts';
import { ransBytesMax, ransEncode } from '../../../src/kernels/rans.ts';
import { codingOf, frameOf, scene } from './scene.ts';

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
