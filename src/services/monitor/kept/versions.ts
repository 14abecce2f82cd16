/**
 * Versions of MonitorObjects on disk: the last minute once a minute for some time, runs for longer, and what a run is compared
 * with. Refuses to keep every cycle: a shifter looks back at minutes.
 */

import { limits } from '../../../domain/limits.ts';
import type { History } from '../../../ports/history.ts';

/** `minute`: of cycles; `run`: of whole runs; `beginning`: cycles of a run that stand in for references. */
export type VersionKind = 'minute' | 'run' | 'beginning';

const entriesMax = (kind: VersionKind, regions: number): number =>
  regions *
  { minute: limits.dqmMinutesKept, run: limits.dqmRunsKept, beginning: 2 * limits.dqmProvisionalCycles }[
    kind
  ];

export interface Version {
  readonly values: Float64Array;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly frames: number;
}

export interface VersionsKept {
  put(kind: VersionKind, number: number | string, region: number, version: Version): void;
  get(kind: VersionKind, number: number | string, region: number): Version | null;
}

/** Three numbers as doubles, then a 32-bit value for each bin: counts below 2^24 are exact. */
const headBytes = 24;

export const keepVersions = (history: History, regions: number): VersionsKept => ({
  put(kind, number, region, { values, fromMs, untilMs, frames }) {
    const value = new Uint8Array(headBytes + 4 * values.length);
    new Float64Array(value.buffer, 0, 3).set([fromMs, untilMs, frames]);
    new Float32Array(value.buffer, headBytes).set(values);
    const entry = { key: `${number}/${region}`, atMs: untilMs, value };
    history.put(`objects-${kind}`, [entry], entriesMax(kind, regions));
  },
  get(kind, number, region) {
    const entry = history.get(`objects-${kind}`, `${number}/${region}`);
    if (entry === null) return null;
    const { buffer } = entry.value.slice();
    const [fromMs, untilMs, frames] = new Float64Array(buffer, 0, 3);
    const values = Float64Array.from(new Float32Array(buffer, headBytes));
    return { values, fromMs: fromMs!, untilMs: untilMs!, frames: frames! };
  },
});
