/**
 * What is judged together: a cycle where frames are crowded, several where they are not. Refuses to wait for more than a
 * minute.
 */

import { medianOf } from '../checks/channels.ts';
import type { SpanValues } from './spans.ts';
import type { Watched } from './watched.ts';

export interface Window {
  readonly values: readonly Float64Array[];
  readonly frames: Float64Array;
  readonly cycles: number;
}

/** The window with one more cycle in it. */
export const joined = (window: Window | null, { values, frames }: SpanValues): Window => {
  if (window === null) return { values: values.map((one) => one.slice()), frames: frames.slice(), cycles: 1 };
  for (const [region, into] of window.values.entries())
    for (let bin = 0; bin < into.length; bin++) into[bin] = into[bin]! + values[region]![bin]!;
  for (let region = 0; region < frames.length; region++)
    window.frames[region] = window.frames[region]! + frames[region]!;
  return { ...window, cycles: window.cycles + 1 };
};

/** By the median region: one that is dead, or very noisy, does not say how long it is looked at. */
export const isFull = ({ values, cycles }: Window, watched: Watched, cycleMs: number): boolean =>
  medianOf(values.map((one) => watched.filled(one))) >= watched.windowMin ||
  cycles >= Math.max(1, Math.round(60_000 / cycleMs));
