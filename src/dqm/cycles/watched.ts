/**
 * One kind of frames as a watch sees it: which objects they fill, and what checks read of these. A watch knows nothing else of a
 * detector. Types only; `hits.ts` and `trigger/watched.ts` make these. Refuses nothing.
 */

import type { Reading } from '../checks/list.ts';
import type { Filler } from '../fill.ts';
import type { DueOf } from '../judging/due.ts';
import type { Cell } from '../judging/verdicts.ts';
import type { ObjectPlan } from '../layout.ts';

/** A good run, or a cycle that stands in for one: every region's objects. */
export interface Reference {
  readonly run: number;
  readonly values: readonly Float64Array[];
}

/** What of the readings is wanted now: those that cost much are not read in every cycle. */
export interface Wanted {
  /** Bits of every channel: as much work as all the rest. */
  readonly bits: boolean;
  /** AutoDQM's own comparison. */
  readonly auto: boolean;
}

/** References made ready. */
export interface Comparison {
  readonly references: readonly Reference[];
  /** Sum of the references, region by region. */
  readonly combined: readonly Float64Array[];
  /** Readings of a region against the references; `now` are all regions' objects. */
  against(now: readonly Float64Array[]): (region: number, wanted: Wanted) => Reading[];
}

/** Parts that may fall silent at once: front-end cards. */
export interface Parts {
  readonly count: number;
  /** What the reading of a silent one is called. */
  readonly reading: string;
  /** What each part has in a region's objects. */
  of(values: Float64Array): Float64Array;
  /** How surely each part should have seen something of a frame, by what others saw; null where only their shares tell. */
  openDue(): DueOf | null;
}

/** Readings that need no reference of the same detector. */
export interface Alone {
  against(now: readonly Float64Array[]): (region: number) => Reading[];
  /** What each part has while all is well, in any unit. */
  readonly parts: Float64Array;
}

export interface Watched {
  /** End to end in a region's array of so many bins. */
  readonly plans: readonly ObjectPlan<string>[];
  readonly size: number;
  /** Checks that are asked of them. */
  readonly checks: readonly string[];
  /** Fills them; scratch is made once: one a thread. */
  openFiller(): Filler;
  /** Frames that follow the one that is looked for, and may be looked into with it: where each is small. */
  readonly framesAhead: number;
  readonly trendNames: readonly string[];
  trends(values: Float64Array): Readonly<Record<string, number>>;
  /** Frames that were looked into, and what there was in them: hits, or objects of a trigger. */
  frames(values: Float64Array): number;
  filled(values: Float64Array): number;
  /** `filled` without which a cycle is judged together with those before. */
  readonly windowMin: number;
  readonly parts: Parts;
  compare(references: readonly Reference[]): Comparison;
  /** null where nothing is shipped of what is usual. */
  readonly alone: Alone | null;
  place(reading: Reading): Pick<Cell, 'object' | 'bins' | 'where'>;
}
