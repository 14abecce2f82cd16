/** What a maker of what is usual asks of a kind of frames. Types, and what both kinds share. Refuses nothing. */

import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import type { Watch } from '../../../src/dqm/cycles/watch.ts';
import type { Watched } from '../../../src/dqm/cycles/watched.ts';
import type { Prng } from '../../../src/kernels/prng.ts';
import type { UsualCard } from '../../../src/wire/cards/usual.ts';

/** Windows of a run: its beginning, which stands in as references, those that are read, and those of a good run before it. */
export interface Windows {
  readonly beginning: number;
  readonly read: number;
  readonly before: number;
}

/** The run that is watched, or one that the same detector took earlier, in conditions of then. */
export type WhichRun = 'now' | 'before';

export const countOf = ({ beginning, read, before }: Windows, which: WhichRun): number =>
  which === 'now' ? beginning + read : before;

export interface Detector {
  readonly card: InstrumentCard;
  readonly windows: Windows;
  /** Detectors that shapes are taken from, and those whose readings are written down. */
  readonly chambers: { readonly shapes: number; readonly readings: number };
  /** How conditions drift, in words and numbers for the card's provenance. */
  readonly drift: Readonly<Record<string, number>>;
  readonly watch: (shapes: UsualCard['shapes'] | null) => Watched;
  /** Windows of a run, all regions' objects; `onFrame` is told of every frame, as a watch is. */
  readonly run: (
    seed: number,
    which: WhichRun,
    watched: Watched,
    onFrame: Watch['frame'],
  ) => AsyncGenerator<Float64Array[]>;
  /** Shapes from the sum of all regions of some runs. */
  readonly shapesOf: (sum: Float64Array) => UsualCard['shapes'];
  readonly close: () => Promise<void>;
}

/** 1, give or take: σ is a share, cut at `most`. */
export const drawn = (prng: Prng, sigma: number, most: number): number =>
  1 + Math.max(-most, Math.min(most, sigma * prng.gaussian()));

export const short = (value: number): number => Number(value.toPrecision(4));
