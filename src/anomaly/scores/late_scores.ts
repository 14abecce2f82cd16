/**
 * Late scores: what is known of a frame once it is refined, which few are, so that no decision can rest on them. They go
 * on after a refined frame's other scores, and each has a sketch of its own, learnt from prescaled frames alone: those
 * were chosen without looking. Refuses frames that are not kept to the last bit: what a part of the ladder costs is
 * another number.
 */

import { type Layer, LayerKind, type RatedScore } from '../../domain/packet.ts';
import type { PolicySnapshot } from '../../domain/policy.ts';
import { lineLog2 } from '../calibration/grid.ts';
import { type Judge, prepareJudge } from '../calibration/judge.ts';
import type { ScoredFrame } from '../calibration/yardstick.ts';

/** In their order, behind the scores that every frame has; the second only where a lane has the model's decoder. */
export const lateScoreNames: readonly string[] = ['coder-surprise', 'reconstruction'];

/** Frames of like size that are known before a late p-value is given: a prescale of 256 sees few. */
export const lateWarmupFrames = 250;

/** What a simulated TPC's hit costs to the last bit, about; the calibration's grid is finest around 0. */
const octavesUsual = 3;
/** Central Au+Au frames differ by a two-hundredth of an octave. */
const stepsPerOctave = 1024;

const rungs: readonly number[] = [LayerKind.occupancy, LayerKind.plane, LayerKind.remainder];

/** Whether it is one of the ladder above the tokens: objects lie beside it. */
export const isRung = ({ kind }: Layer): boolean => rungs.includes(kind);

/**
 * Coder surprise: bits that the context coder spends on a hit, all rungs above the tokens together, in 1/1024 octave (by
 * straight lines between powers of two) beyond eight bits; what that occupancy and charge usually costs is its sketch's
 * affair. null where there is no hit, or not every rung.
 */
export const coderSurprise = (layers: readonly Layer[], hitCount: number): number | null => {
  const ladder = layers.filter(isRung);
  if (hitCount === 0 || ladder.at(-1)?.kind !== LayerKind.remainder) return null;
  const bytes = ladder.reduce((sum, { payload }) => sum + payload.byteLength, 0);
  return stepsPerOctave * (lineLog2((8 * bytes) / hitCount) - octavesUsual);
};

/** Who judges a frame's scores under one policy: all of every frame's together, and late ones each alone. */
export interface Judges {
  readonly judge: Judge | null;
  readonly late: readonly (Judge | null)[];
}

/** Every score of a frame by its name and its own share. `names` are of those that every frame has. */
export const ratedScores = (
  names: readonly string[],
  { judge, late }: Judges,
  frame: ScoredFrame,
  lot: number,
): RatedScore[] => {
  const values = Array.from(frame.scores);
  const shares = judge?.shares(frame);
  return values.map((value, i) => {
    const lateAt = i - names.length;
    if (lateAt < 0) return { name: names[i]!, value, pValue: shares?.[i] ?? 1 };
    const pValue = late[lateAt]?.judge({ ...frame, scores: [value] }, lot).pValue ?? 1;
    return { name: lateScoreNames[lateAt]!, value, pValue };
  });
};

/** A judge for each late score, null where nothing is known of it yet. */
export const prepareLateJudges = ({ late = [], warmupCount }: PolicySnapshot): (Judge | null)[] =>
  lateScoreNames.map((name) => {
    const sketch = late.find(({ scores }) => scores.join() === name);
    return sketch === undefined ? null : prepareJudge(sketch, Math.min(lateWarmupFrames, warmupCount));
  });
