/**
 * A validation in words: the figures of both models under each other, what became worse, how the tokens are used. It
 * refuses to say more digits than the figures have.
 */

import { alignedLines, grouped, type Output } from '../output.ts';
import type { Stability } from './stability.ts';
import type { TokenUse } from './token_use.ts';
import type { ModelFigures, Verdict } from './verdict.ts';

export interface Validation {
  readonly instrument: string;
  readonly frames: number;
  readonly refused: number;
  readonly models: readonly {
    readonly figures: ModelFigures;
    readonly use: TokenUse;
    readonly stability: Stability | null;
  }[];
  /** Mean |Δ log2(ADC+1)| between what the two models decode. */
  readonly betweenLogMae: number;
  readonly verdicts: readonly Verdict[];
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const digits3 = (value: number): string =>
  Number.isFinite(value) ? Number(value.toPrecision(3)).toString() : '∞';
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** `better by 44 %`, `worse by 12 %`, `WORSE by 80 %` beyond the tolerance, of the fault the figure stands for. */
const inWords = (verdict: Verdict | undefined): string => {
  if (verdict === undefined) return 'not judged';
  const { excess, worse } = verdict;
  if (excess === null) return 'not known';
  if (excess === 0) return 'the same';
  const by = Number.isFinite(excess) ? ` by ${digits3(100 * Math.abs(excess))} %` : '';
  if (excess < 0) return `better${by}`;
  return `${worse ? 'WORSE' : 'worse, within tolerance,'}${by}`;
};

export const printValidation = (validation: Validation, tolerance: number, output: Output): void => {
  const { models, verdicts } = validation;
  const of = (name: string): string => inWords(verdicts.find((one) => one.name === name));
  const [present, candidate] = [models[0]!, models[1]!];
  const row = (
    label: string,
    show: (model: Validation['models'][number]) => string,
    verdict = '',
  ): string[] => [label, show(present), show(candidate), verdict];
  const noise =
    (show: (stability: NonNullable<typeof present.stability>) => string) =>
    ({ stability }: Validation['models'][number]): string =>
      stability === null ? '–' : show(stability);
  const rows = [
    ['', 'present', 'candidate', ''],
    row('model', ({ figures }) => figures.model),
    row('log-MAE over all voxels', ({ figures }) => digits3(figures.logMae), of('log-mae')),
    row('precision of hits', ({ figures }) => percent(figures.precision), of('precision')),
    row('recall of hits', ({ figures }) => percent(figures.recall), of('recall')),
    row('charge, decoded over raw', ({ figures }) => figures.chargeRatio.toFixed(4), of('charge')),
    row(
      'bits a hit',
      ({ figures: { bitsPerHit } }) => (bitsPerHit === null ? '–' : digits3(bitsPerHit)),
      of('bits-per-hit'),
    ),
    row('ratio to 16-bit dense', ({ figures }) => digits3(figures.ratio), of('ratio')),
    row(
      'noise drawn again: equal symbols',
      noise(({ equalSymbols }) => percent(equalSymbols)),
      of('equal-symbols'),
    ),
    row(
      '  equal tokens',
      noise(({ equalTokens }) => percent(equalTokens)),
    ),
    row(
      '  distance of a digit, levels',
      noise(({ digitDistance }) => digits3(digitDistance)),
    ),
    row(
      '  patches active in both',
      noise(({ activePatches }) => percent(activePatches)),
    ),
    row('drift from the card, worst symbol, bits', ({ use }) =>
      use.drift === null ? '–' : digits3(Math.max(...use.drift)),
    ),
    row('  mean of the symbols, bits', ({ use }) => (use.drift === null ? '–' : digits3(mean(use.drift)))),
    row('  what chance alone gives, bits', ({ use }) => digits3(use.driftByChance)),
    row('codebook used, least symbol', ({ use }) => percent(Math.min(...use.used))),
    row('  evenly, mean of the symbols', ({ use }) => percent(mean(use.evenness))),
    row('digits at their end levels', ({ use }) => percent(use.endLevels)),
  ];
  for (const line of alignedLines(rows, [false, true, true, false])) output.print(line);
  output.print('');
  const refused = validation.refused === 0 ? '' : `, ${grouped(validation.refused)} refused`;
  output.print(
    `${grouped(validation.frames)} frames of ${validation.instrument}${refused}, ${grouped(present.figures.hits)} hits; ` +
      `the two models decode ${digits3(validation.betweenLogMae)} apart (log-MAE)`,
  );
  const worse = verdicts.filter((one) => one.worse).map(({ name }) => name);
  const bound = `${digits3(100 * tolerance)} %`;
  output.print(
    worse.length === 0
      ? `the candidate is nowhere worse by more than ${bound} in what is judged`
      : `the candidate is worse by more than ${bound} in ${worse.join(', ')}`,
  );
};
