/**
 * What good cycles read, reading by reading, as it is shipped with the instrument or learned while they come: from there each
 * reading is so and so many decades rare. Refuses to say anything before either is known, to learn for ever, and to let a run move
 * far what is shipped: what drifts slowly, or was bad from the first second, must not become the norm.
 */

import { limits } from '../../domain/limits.ts';
import type { Reading } from '../checks/list.ts';
import { decadesBeyond, decadesOf, type Knots, knotDecades, type Usual, usualOf } from '../thresholds.ts';

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
 * Of a front-end card, which good windows hardly ever find silent, so that what is shipped says little of it: of simulated p+p
 * regions 1 in 200 has one in 20 frames (36 such roots), 1 in 2,000 in 28 (43), 1 in 14,000 in 35 (48). Sparse frames are told of
 * by what is due, far sooner; of crowded ones a few are enough all the same.
 */
const leastSilentCard = 15;

/** A part that falls silent is told by what it should have had, of one crowded frame five hits at most: nearly a frame. */
const leastSudden = 4;
/** A card that tracks no longer touch is told in nats, of which good frames take one by e: a fifth more is allowed for. */
const leastUntouched = 1.2;

/** By words of a reading's name, the first that fit. */
const leastOfSilence = [
  ['suddenly untouched', leastUntouched],
  ['suddenly', leastSudden],
  ['silent card', leastSilentCard],
  ['silent', leastSilent],
] as const;

/**
 * A tail falls by a decade within no less than this share of where it begins, times ln 10: crowds of tracks fluctuate by more than
 * their counts do, and a hundred values do not show by how much.
 */
const leastShare = 0.12;

/** A reading as it is kept: as of one frame, where more frames make it smaller. */
export const comparable = (reading: Reading, frames: number): number =>
  reading.value * Math.max(1, frames) ** powerOf(reading);

/** Decades beyond which a run's own values say where its tail begins: three of a hundred. */
const placedAt = 1.5;
/** So far a run's own good cycles move where a shipped tail begins. */
const [movedLeast, movedMost] = [0.75, 1.35];

const leastScale = (key: string, check: string, from: number): number => {
  const own = leastOfSilence.find(([words]) => key.includes(words))?.[1] ?? leastOf[check] ?? 0;
  return Math.max(own, leastShare * Math.abs(from));
};

/** @param saved by a norm before. @param shipped what is usual of the instrument, by `keyOf` */
export const openNorm = (
  saved: string | null = null,
  shipped: Readonly<Record<string, Knots>> | null = null,
): Norm => {
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
    const of = { ...plain, tailScale: Math.max(plain.tailScale, leastScale(key, check, plain.tailFrom)) };
    usual.set(key, { of, from: values.length });
    return of;
  };
  const moved = new Map<string, { readonly by: number; readonly from: number }>();
  /** Own values over shipped ones where a thirtieth lies beyond: how much this run reads more than others. */
  const movedBy = (key: string, { at }: Knots): number => {
    const values = samples.get(key) ?? [];
    const made = moved.get(key);
    if (made !== undefined && values.length < made.from * 1.125) return made.by;
    const usualAt = at[knotDecades.indexOf(placedAt)]!;
    if (values.length < limits.dqmGoodRunsMin || usualAt <= 0) return 1;
    const own = values.toSorted((a, b) => b - a)[Math.floor(values.length * 10 ** -placedAt)]!;
    const by = Math.min(movedMost, Math.max(movedLeast, own / usualAt));
    moved.set(key, { by, from: values.length });
    return by;
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
      const key = keyOf(reading);
      const known = shipped?.[key];
      if (known !== undefined && Number.isFinite(reading.value)) {
        const scale = Math.max(known.scale, leastScale(key, reading.check, known.at.at(-1)!));
        return decadesBeyond({ ...known, scale }, comparable(reading, frames) / movedBy(key, known));
      }
      const of = usualFor(key, reading.check);
      return of === null || !Number.isFinite(reading.value)
        ? null
        : decadesOf(of, comparable(reading, frames));
    },
    get known() {
      return known;
    },
    get ready() {
      return shipped !== null || known >= limits.dqmGoodRunsMin;
    },
    save: () => JSON.stringify([...samples]),
  };
};
