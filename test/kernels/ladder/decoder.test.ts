/** The compiled reading against its twins in TypeScript: the same hits of good streams, a fault for the same bad ones. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.ts';
import { curveStepsLength, ladderPrecision } from '../../../src/kernels/ladder/curve.ts';
import {
  type DecodedHits,
  type LadderStreams,
  openLadderDecoder,
} from '../../../src/kernels/ladder/decoder.ts';
import { type LadderCoding, openLadderEncoder } from '../../../src/kernels/ladder/encoder.ts';
import { clearOccupancy } from '../../../src/kernels/ladder/occupancy.ts';
import { takeOccupancy, voxelListLength } from '../../../src/kernels/ladder/occupancy_reader.ts';
import { clearNodes, takePlane } from '../../../src/kernels/ladder/planes.ts';
import { clearLogs, markLogs, takeRemainders } from '../../../src/kernels/ladder/remainder.ts';
import { closeRans, openRans, type RansReader } from '../../../src/kernels/rans.ts';
import { codingOf, frameOf, hashed, scene } from './scene.ts';

const read = (stream: Uint8Array, take: (reader: RansReader) => void): void => {
  const reader = openRans(stream, 0, stream.length, ladderPrecision);
  take(reader);
  closeRans(reader);
};

/** What the twins read. */
const slowHits = (streams: LadderStreams, hitCount: number, coding: LadderCoding): DecodedHits => {
  const { occupancy: grid, nodes, logs } = coding.grid;
  const list = { voxel: new Uint32Array(voxelListLength(hitCount)), room: hitCount, count: 0 };
  try {
    read(streams.occupancy, (reader) => {
      takeOccupancy(reader, grid, coding.occupancy, coding.occupancyCurve, list);
    });
  } finally {
    clearOccupancy(grid);
  }
  if (list.count !== hitCount) throw new Fault('packet-layer', 'another count');
  const voxel = list.voxel.slice(0, hitCount);
  const adc = new Uint16Array(hitCount);
  for (const v of voxel) nodes.node[nodes.origin + v] = 1;
  try {
    streams.planes.forEach((stream, plane) => {
      const curve = coding.planeCurves.subarray(plane * curveStepsLength, (plane + 1) * curveStepsLength);
      read(stream, (reader) => takePlane(reader, nodes, voxel, hitCount, coding.parts.pairs, curve));
    });
    const first = 1 << streams.planes.length;
    const level = Uint8Array.from(voxel, (v) => nodes.node[nodes.origin + v]! - first);
    if (streams.remainder === null) return { voxel, level, adc: null };
    const hits = { count: hitCount, voxel, level };
    markLogs(logs, coding.scale, hits);
    read(streams.remainder, (reader) =>
      takeRemainders(reader, logs, coding.scale, coding.remainder, hits, adc),
    );
    return { voxel, level, adc };
  } finally {
    clearNodes(nodes, voxel, hitCount);
    clearLogs(logs, voxel, hitCount);
  }
};

const orFault = (act: () => DecodedHits): DecodedHits | string => {
  try {
    return act();
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return fault.code;
  }
};

/** Streams with one of them changed: a byte, a bit, its end, or all of it. */
const damage = (streams: readonly Uint8Array[], seed: number): Uint8Array[] => {
  const chosen = hashed(seed, 1) % streams.length;
  return streams.map((stream, layer) => {
    if (layer !== chosen) return stream;
    const at = hashed(seed, 2) % stream.length;
    const changed = stream.slice();
    if (seed % 4 === 0) changed[at] = hashed(seed, 3);
    else if (seed % 4 === 1) changed[at]! ^= 1 << (hashed(seed, 3) % 8);
    else if (seed % 4 === 2) return changed.slice(0, at & ~1);
    else
      changed.forEach((_, i) => {
        // States stay in their range, so that something is read.
        changed[i] = i === 3 || i === 7 ? 1 : hashed(seed + i, 4);
      });
    return changed;
  });
};

const streamsOf = (coded: readonly Uint8Array[], planes: number): LadderStreams => ({
  occupancy: coded[0]!,
  planes: coded.slice(1, 1 + planes),
  remainder: coded[1 + planes] ?? null,
});

describe('the compiled decoder', () => {
  it('reads what its twins read, refuses what they refuse, and reads the next good frame', () => {
    let refused = 0;
    let misled = 0;
    fc.assert(
      fc.property(scene, fc.nat(), ({ sizes, columns, depth, shares, salt, adcBits }, seed) => {
        const coding = codingOf([...sizes, columns], depth, salt, adcBits);
        const encoder = openLadderEncoder(coding);
        const decoder = openLadderDecoder(coding);
        shares.forEach((share, i) => {
          const frame = frameOf(coding.grid.occupancy.voxels, share, salt + i, adcBits);
          if (frame.count === 0) return;
          const remainder = i % 2 === 0;
          const planes = remainder ? depth : (salt + i) % (depth + 1);
          const coded = encoder.encode(frame, planes, remainder).map((stream) => stream.slice());
          for (let k = 0; k < 4; k++) {
            const bad = streamsOf(damage(coded, (seed + 5 * i + k) >>> 0), planes);
            const slow = orFault(() => slowHits(bad, frame.count, coding));
            expect(orFault(() => decoder.decode(bad, frame.count))).toEqual(slow);
            if (slow === 'packet-layer') refused += 1;
            else misled += 1;
          }
          const good = decoder.decode(streamsOf(coded, planes), frame.count);
          expect(good).toEqual(slowHits(streamsOf(coded, planes), frame.count, coding));
          expect(good.voxel).toEqual(frame.voxel);
          if (remainder) expect(good.adc).toEqual(frame.adc);
        });
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(500);
    expect(misled).toBeLessThan(refused / 4);
  });
});
