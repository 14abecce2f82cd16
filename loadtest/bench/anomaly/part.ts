/**
 * What a part of `tessera bench anomaly` is asked and gives back: rows for the table, ratios for the README, plots for
 * the report. Refuses nothing; the parts know nothing of each other, and no two give the same ratio.
 */

import type { Plot } from '../../../src/archive/report/plot.ts';

export type Row = Readonly<Record<string, string | number | null>>;

export interface PartQuestion {
  /** Few frames of everything: shows that it runs, says little. */
  readonly quick: boolean;
  readonly seed: number;
}

export interface PartResult {
  /** Flat; the first column says which part a row belongs to. */
  readonly rows: readonly Row[];
  /** null: it could not be measured here. */
  readonly ratios: Readonly<Record<string, number | null>>;
  readonly plots?: readonly Plot[];
  /** A sentence or two on how it was measured, for the JSON and the report. */
  readonly note: string;
}

export interface Part {
  readonly name: string;
  readonly title: string;
  measure(question: PartQuestion): Promise<PartResult>;
}
