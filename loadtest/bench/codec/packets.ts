/**
 * Packets as they leave: frames of a set through the real lane, on as many worker threads as the bench measures with,
 * under a policy that asks for the same rungs of every frame. Refuses shortcuts: what is counted and timed begins
 * with tf00 bytes and ends with tk00 bytes.
 */

import { quietLog as log } from '../../../src/adapters/telemetry/quiet_log.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { type Cards, openLane } from '../../../src/assemble.ts';
import { readConfig } from '../../../src/config.ts';
import type { PolicySnapshot } from '../../../src/domain/policy.ts';
import type { Lane } from '../../../src/ports/lane.ts';

export const workers = 2;
/** Frames of one job: enough for both workers and for batches across frames. */
const framesPerJob = { few: 16, many: 256 } as const;
/** Jobs on their way at once, so that no worker waits for the next. */
const jobsInFlight = 2;
/** Frames of at most this many bytes on average go in jobs of many. */
const smallFrameBytes = 8192;

/** Tokens of every frame and nothing else. */
export const tokensOnly: PolicySnapshot = { ...firstPolicy(), rarePValue: 0, prescale: 0 };
/** Every rung of every frame, to the last bit. */
export const everyRung: PolicySnapshot = { ...firstPolicy(), rarePValue: 0, prescale: 1 };
/** More than any instrument's tables have: the lane then gives all there are. */
export const planesMax = 8;
/** Tokens and so many planes of every frame. */
export const uptoPlanes = (planes: number): PolicySnapshot => ({
  ...everyRung,
  refinement: { planes, remainder: false },
});

export const openBenchLane = (cards: Cards): Promise<Lane> =>
  openLane(readConfig({ instrument: cards.card.id, workers: String(workers) }, {}), cards, log);

/** Packets of all frames, in order. Throws when a frame is refused: sets hold good ones. */
export const packetsOf = async (
  lane: Lane,
  frames: readonly Uint8Array[],
  policy: PolicySnapshot,
): Promise<Uint8Array[]> => {
  const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
  const size = bytes / frames.length <= smallFrameBytes ? framesPerJob.many : framesPerJob.few;
  const packets = new Array<Uint8Array>(frames.length);
  let next = 0;
  const feed = async (): Promise<void> => {
    while (next < frames.length) {
      const from = next;
      next = Math.min(frames.length, from + size);
      const job = { frames: frames.slice(from, next), policy, pressure: 'none' } as const;
      (await lane.process(job)).results.forEach((result, i) => {
        if (result.end === 'refused') throw new Error(`frame ${from + i} was refused: ${result.detail}`);
        packets[from + i] = result.packet;
      });
    }
  };
  await Promise.all(Array.from({ length: jobsInFlight }, feed));
  return packets;
};
