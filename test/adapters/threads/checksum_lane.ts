/**
 * A worker entry with a runner that sums some bytes instead of tokenizing, for tests of the thread lane alone. Its
 * first byte tells a frame's fate: 0xff ends the thread, 0xfe is a world fault, 0xfd a bug, 0xfc takes its time.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { serveLane } from '../../../src/adapters/threads/lane_worker.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { LaneJob, LanePart, LaneResult, LaneRunner } from '../../../src/ports/lane.ts';

export const fate = { death: 0xff, fault: 0xfe, bug: 0xfd, slow: 0xfc } as const;

const resultOf = (frame: Uint8Array, policyVersion: number): LaneResult => {
  if (frame.length === 0) return { end: 'refused', code: 'frame-empty', detail: 'nothing — не́т' };
  let sum = 0;
  for (let at = 0; at < frame.length; at += at < 100 ? 1 : 61) sum = (sum * 31 + frame[at]!) % 4_294_967_296;
  const packet = new Uint8Array((frame[0]! % 5) + 4);
  new DataView(packet.buffer).setUint32(0, sum, true);
  return {
    end: frame[0]! % 7 === 0 ? 'shed' : 'kept',
    region: frame.length,
    run: 4_294_967_295 - frame.length,
    timeFrame: Number.MAX_SAFE_INTEGER - frame.length,
    messageId: frame.length * 1_000_000_007,
    timestampNanos: BigInt(frame.length) * 1_000_000_007_001n,
    hitCount: frame[0]!,
    scores: Float64Array.from({ length: frame[0]! % 4 }, (_, i) => -frame[0]! / (i + 3)),
    rungBytes: new Uint32Array(0),
    signature: Uint32Array.from(frame.subarray(0, frame[0]! % 5)),
    totalCharge: frame[0]! * 7.5,
    pValue: 1 / (1 + frame[0]!),
    reason: 4,
    packet,
    anomaly: frame[0]! % 2 === 0 ? Uint8Array.of(policyVersion, frame[0]!) : null,
  };
};

export const checksumRunner = (): LaneRunner => {
  let busy = false;
  return {
    provider: 'cpu',
    scoreNames: ['a', 'b', 'c'],
    async run({ frames, policy }: LaneJob): Promise<LanePart> {
      if (busy) throw new Error('entered twice');
      busy = true;
      for (const frame of frames) {
        if (frame[0] === fate.death) process.exit(9);
        if (frame[0] === fate.bug) throw new Error('a bug');
        if (frame[0] === fate.fault) {
          busy = false;
          throw new Fault('model-run', 'the model failed', { retryable: true });
        }
        if (frame[0] === fate.slow) {
          for (let turn = 0; turn < 1000; turn++) await new Promise((resolve) => setImmediate(resolve));
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
      busy = false;
      const results = frames.map((frame) => resultOf(frame, policy.version));
      const instants = { decodeNanos: 1n, tokenizeNanos: 2n, scoreNanos: 3n, refineNanos: 4n, emitNanos: 5n };
      return { results, instants };
    },
    close: async () => undefined,
  };
};

if (parentPort !== null && workerData?.checksumLane) {
  await serveLane(parentPort, async () => {
    if (workerData.refuses) throw new Fault('model-provider', 'not here', {});
    if (workerData.cannotStart) throw new Error('cannot start');
    return checksumRunner();
  });
}
