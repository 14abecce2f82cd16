/**
 * Where to cut a job: parts of nearly the same size, no more than workers can use, none beyond the limits of
 * one part. Refuses to reorder frames; a frame larger than a part is a part of its own kind, alone or last.
 */

import { limits } from '../../domain/limits.ts';
import { jobFrameBytes } from './job_buffer.ts';

/** The index after the last frame of each part, ascending; the last is the number of frames. [] for none. */
export const splitJob = (frames: readonly Uint8Array[], frameBytesMax: number, workers: number): number[] => {
  let total = 0;
  for (const frame of frames) total += jobFrameBytes(frame, frameBytesMax);
  const wanted = Math.max(
    Math.ceil(total / limits.jobBytesMax),
    Math.ceil(frames.length / limits.jobFramesMax),
    Math.min(workers, frames.length, Math.floor(total / limits.jobSplitBytesMin)),
  );
  const share = total / wanted;
  const borders: number[] = [];
  let before = 0;
  let from = 0;
  let partBytes = 0;
  for (let index = 0; index < frames.length; index++) {
    const bytes = jobFrameBytes(frames[index]!, frameBytesMax);
    // A frame belongs to the share its middle lies in, so that no part ends up with a lone last frame.
    const nextShare = before + bytes / 2 >= share * (borders.length + 1);
    const full = index - from === limits.jobFramesMax || partBytes + bytes > limits.jobBytesMax;
    if (index > from && (nextShare || full)) {
      borders.push(index);
      from = index;
      partBytes = 0;
    }
    before += bytes;
    partBytes += bytes;
  }
  if (frames.length > 0) borders.push(frames.length);
  return borders;
};
