/**
 * What good cycles of this run read, reading by reading, learned while they come: from there each reading is so and so
 * many decades rare. Refuses to say anything before a hundred values are known, and to learn for ever: what drifts slowly
 * must not become the norm.
 */

import { limits } from '../../domain/limits.ts';
import type { Reading } from '../checks/list.ts';
import { decadesOf, type Usual, usualOf } from '../thresholds.ts';

export interface Norm {
  /** Readings of one region that is as it should be. */
  learn(readings: readonly Reading[], frames: number): void;
  /** null where this reading is not known. */
  decades(reading: Reading, frames: number): number | null;
  /** Values known of most readings. */
  readonly known: number;
  readonly ready: boolean;
  /** All that was learned, as JSON: what a monitor that starts again goes on from. */
  save(): string;
}

export const keyOf = ({ check, of }: Pick<Reading, 'check' | 'of'>): string => `${check}: ${of}`;

/** How a reading of a good region falls with the frames that are looked into: value ∝ frames^−power. */
const powerOf = ({ check, of }: Reading): number => {
  if (check === 'token use' || of.endsWith('divergence')) return 1;
  return check === 'mean deviation' || check === 'trend' || of.startsWith('trend of') ? 0.5 : 0;
};

/**
 * The least that readings of a check vary by, in their own unit at one frame: where a hundred values hardly varied, the next
 * may still be a step away.
 */
const leastOf: Readonly<Record<string, number>> = {
  channels: 0.5,
  cards: 0.2,
  Kolmogorov: 0.2,
  'χ²': 0.2,
  'mean deviation': 0.05,
  'bin by bin': 3,
  'token use': 0.005,
  siblings: 0.05,
  trend: 0.02,
  'beta-binomial': 0.5,
};

/** Roots of expected hits: tracks leave some ten hits together, and where few tracks pass none may. */
const leastSilent = 2.5;

/**
 * A tail falls by a decade within no less than this share of where it begins, times ln 10: crowds of tracks fluctuate by more than
 * their counts do, and a hundred values do not show by how much.
 */
const leastShare = 0.12;

const comparable = (reading: Reading, frames: number): number =>
  reading.value * Math.max(1, frames) ** powerOf(reading);

/** @param saved by a norm before */
export const openNorm = (saved: string | null = null): Norm => {
  const samples = new Map<string, number[]>(
    saved === null ? [] : (JSON.parse(saved) as [string, number[]][]),
  );
  const usual = new Map<string, { readonly of: Usual; readonly from: number }>();
  const usualFor = (key: string, check: string): Usual | null => {
    const values = samples.get(key);
    if (values === undefined || values.length < limits.dqmGoodRunsMin) return null;
    const made = usual.get(key);
    // Anew when it grew by an eighth: a sort each.
    if (made !== undefined && values.length < made.from * 1.125) return made.of;
    const plain = usualOf(values);
    const own = key.includes('silent') ? leastSilent : (leastOf[check] ?? 0);
    const least = Math.max(own, leastShare * Math.abs(plain.tailFrom));
    const of = { ...plain, tailScale: Math.max(plain.tailScale, least) };
    usual.set(key, { of, from: values.length });
    return of;
  };
  let known = Math.max(0, ...Array.from(samples.values(), ({ length }) => length));
  return {
    learn(readings, frames) {
      for (const reading of readings) {
        const key = keyOf(reading);
        const values = samples.get(key) ?? [];
        samples.set(key, values);
        if (values.length >= limits.dqmUsualValuesMax || !Number.isFinite(reading.value)) continue;
        values.push(Number(comparable(reading, frames).toPrecision(6)));
        known = Math.max(known, values.length);
      }
    },
    decades(reading, frames) {
      const of = usualFor(keyOf(reading), reading.check);
      return of === null || !Number.isFinite(reading.value)
        ? null
        : decadesOf(of, comparable(reading, frames));
    },
    get known() {
      return known;
    },
    get ready() {
      return known >= limits.dqmGoodRunsMin;
    },
    save: () => JSON.stringify([...samples]),
  };
};
