/**
 * The readiness report as one HTML file without scripts: every figure of the JSON, drawn where a picture says more. Refuses
 * to leave out what speaks against the data.
 */

import { type Plot, plotSvg } from '../report/plot.ts';
import type { DatasetFacts } from '../view/facts.ts';
import { isSimulated } from '../view/facts.ts';
import type { FairAnswer } from './fair.ts';
import type { Measured } from './measure.ts';

export interface Readiness extends Measured {
  readonly layout: 1;
  readonly run: number;
  readonly instrument: string;
  /** Null where nobody said. */
  readonly simulated: boolean | null;
  readonly version: string;
  readonly fair: readonly FairAnswer[];
  /** What to look at before training, in words. */
  readonly cautions: readonly string[];
}

const text = (raw: string): string =>
  raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
const figure = (value: number | null): string =>
  value === null || !Number.isFinite(value) ? '–' : String(Number(value.toPrecision(4)));

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `<table><thead><tr>${head.map((cell) => `<th>${text(cell)}</th>`).join('')}</tr></thead><tbody>`,
    ...rows.map((row) => `<tr>${row.map((cell) => `<td>${text(cell)}</td>`).join('')}</tr>`),
    '</tbody></table>',
  ].join('\n');

/** What a reader must not miss. Bars here only call for a look: they judge nothing. */
export const cautionsOf = (measured: Measured, facts: DatasetFacts): string[] => {
  const { completeness, duplicates, columns, balance, tokens, drift } = measured;
  const dead = tokens.use.filter(({ usedShare }) => usedShare < 0.25).length;
  const strongest = drift.reduce(
    (worst, { bits, chanceBits }) => Math.max(worst, (bits ?? 0) / Math.max(1e-6, chanceBits ?? 1)),
    0,
  );
  const strays = columns.filter(({ outlierShare }) => outlierShare > 0.05).map(({ name }) => name);
  const wrong: (string | false)[] = [
    isSimulated(facts.run) === null && 'Whether frames are simulated is not recorded.',
    completeness.silentRegions.length > 0 &&
      `${completeness.silentRegions.length} regions sent nothing: ${completeness.silentRegions.slice(0, 6).join(', ')}${completeness.silentRegions.length > 6 ? ', …' : ''}.`,
    completeness.completeShare < 0.99 &&
      `Only ${percent(completeness.completeShare)} of the time frames have all regions that sent any.`,
    completeness.absentTimeFrames > 0 &&
      `${completeness.absentTimeFrames} time-frame numbers within the run are absent.`,
    completeness.shed > 0 && `${completeness.shed} packets have no layers: overload took them.`,
    duplicates.places > 0 && `${duplicates.places} packets stand twice.`,
    duplicates.contents > 0 &&
      `${duplicates.contents} of ${duplicates.contentsAsked} packets have the tokens of another one: the training view leaves such out of validation and test.`,
    strays.length > 0 && `More than 5 % outliers in ${strays.join(', ')}.`,
    balance.emptyShare > 0.5 && `${percent(balance.emptyShare)} of the packets are of frames without hits.`,
    dead > 0 && `${dead} of ${tokens.use.length} symbols use less than a quarter of the alphabet.`,
    strongest > 3 &&
      `Use of tokens drifts along the run: up to ${figure(strongest)} times what chance gives.`,
  ];
  return wrong.filter((line) => line !== false);
};

const plotsOf = ({
  completeness,
  tokens,
  drift,
}: Readiness): Record<'regions' | 'tokens' | 'drift', Plot[]> => {
  const regions = completeness.regions;
  const along = drift.filter(({ packets }) => packets > 0);
  return {
    regions: [
      {
        title: 'Present in time frames',
        x: { title: 'region' },
        y: { title: 'share', from: 0, to: 1 },
        curves: [
          { name: '', points: regions.map(({ region, presentShare }) => ({ x: region, y: presentShare })) },
        ],
      },
      {
        title: 'Activity of regions',
        x: { title: 'region' },
        y: { title: 'mean hits a packet', from: 0 },
        curves: [{ name: '', points: regions.map(({ region, meanHits }) => ({ x: region, y: meanHits })) }],
      },
    ],
    tokens: [
      {
        title: 'Entropy of each symbol',
        x: { title: 'place of the symbol in its patch' },
        y: { title: 'bits', from: 0, to: 1.4 * Math.max(1, ...tokens.use.map(({ maxBits }) => maxBits)) },
        curves: [
          { name: 'entropy', points: tokens.use.map((one) => ({ x: one.position, y: one.entropyBits })) },
          {
            name: 'alphabet used evenly',
            dashed: true,
            points: tokens.use.map((one) => ({ x: one.position, y: one.maxBits })),
          },
        ],
      },
    ],
    drift: [
      {
        title: 'Hits along the run',
        x: { title: 'time frame' },
        y: { title: 'mean hits a packet' },
        curves: [
          {
            name: '',
            points: along.map(({ fromTimeFrame, meanHits, meanHitsError }) => ({
              x: fromTimeFrame,
              y: meanHits,
              low: meanHits - meanHitsError,
              high: meanHits + meanHitsError,
            })),
          },
        ],
      },
      {
        title: 'Rare packets along the run',
        x: { title: 'time frame' },
        y: { title: 'share', from: 0, to: Math.max(0.01, ...along.map((one) => 1.2 * one.rareShare)) },
        curves: [{ name: '', points: along.map((one) => ({ x: one.fromTimeFrame, y: one.rareShare })) }],
      },
      {
        title: 'Tokens against the whole run',
        x: { title: 'time frame' },
        y: {
          title: 'divergence, bits a symbol',
          from: 0,
          // Room above for the names of the curves.
          to: 1.4 * Math.max(1e-6, ...along.flatMap(({ bits, chanceBits }) => [bits ?? 0, chanceBits ?? 0])),
        },
        curves: [
          {
            name: 'this slice',
            points: along
              .filter(({ bits }) => bits !== null)
              .map((one) => ({ x: one.fromTimeFrame, y: one.bits! })),
          },
          {
            name: 'chance alone',
            dashed: true,
            points: along
              .filter(({ chanceBits }) => chanceBits !== null)
              .map((one) => ({ x: one.fromTimeFrame, y: one.chanceBits! })),
          },
        ],
      },
    ],
  };
};

/** Blue for together, orange for against, as strong as the correlation. */
const heat = (value: number | null): string => {
  if (value === null) return 'background:#eee';
  const [r, g, b] = value >= 0 ? [0, 114, 178] : [213, 94, 0];
  return `background:rgba(${r},${g},${b},${Math.abs(value).toFixed(2)});color:${Math.abs(value) > 0.6 ? '#fff' : '#222'}`;
};

const heatTable = ({ columns, matrix }: Measured['correlation']): string =>
  [
    `<table class="heat"><thead><tr><th></th>${columns.map((_, i) => `<th>${i + 1}</th>`).join('')}</tr></thead><tbody>`,
    ...matrix.map(
      (row, i) =>
        `<tr><th>${i + 1} ${text(columns[i]!)}</th>${row.map((value) => `<td style="${heat(value)}">${value === null ? '–' : value.toFixed(2)}</td>`).join('')}</tr>`,
    ),
    '</tbody></table>',
  ].join('\n');

const style =
  'body{font:14px sans-serif;margin:2em auto;max-width:1320px;padding:0 1em;color:#222}table{border-collapse:collapse;margin:1em 0;font-size:12px}' +
  'td,th{border:1px solid #ddd;padding:3px 7px;text-align:right}td:first-child,th:first-child{text-align:left}' +
  'table.words td,table.words th{text-align:left}svg{margin:4px}.cautions{background:#fff6e5;border-left:4px solid #e69f00;padding:.6em 1em}.cautions li{margin:.2em 0}';

const reasonRows = (reasons: Readonly<Record<string, number>>, whole: number): string[][] =>
  Object.entries(reasons).map(([name, n]) => [name, String(n), percent(n / Math.max(1, whole))]);

export const readinessHtml = (found: Readiness, facts: DatasetFacts): string => {
  const { completeness, duplicates, columns, balance, tokens, correlation, fair, cautions } = found;
  const plots = plotsOf(found);
  const origin =
    found.simulated === null
      ? 'Whether its frames are simulated is not recorded.'
      : found.simulated
        ? 'All frames are simulated.'
        : 'Frames were measured.';
  const marks = { true: '✓ yes', false: '✗ no', null: '? not told' };
  const used = tokens.use.map((one) => [
    String(one.position),
    figure(one.entropyBits),
    figure(one.maxBits),
    percent(one.usedShare),
  ]);
  return [
    '<!doctype html><meta charset="utf-8">',
    `<title>Readiness of run ${found.run}, ${text(found.instrument)}</title><style>${style}</style>`,
    `<h1>Is run ${found.run} fit to learn from?</h1>`,
    `<p>${text(facts.card.title)}. ${completeness.timeFrames} time frames, ${completeness.packets} packets. ${origin} Written by tessera ${text(found.version)}.</p>`,
    cautions.length === 0
      ? '<p class="cautions">Nothing here calls for caution.</p>'
      : `<div class="cautions"><b>Look at this first</b><ul>${cautions.map((line) => `<li>${text(line)}</li>`).join('')}</ul></div>`,
    '<h2>Completeness</h2>',
    `<p>${percent(completeness.completeShare)} of the time frames have all regions that sent any; ${completeness.absentTimeFrames} numbers between the first and the last are absent; ${completeness.shed} packets lost all layers.</p>`,
    ...plots.regions.map(plotSvg),
    table(
      ['partial events ended by', 'count', 'share'],
      reasonRows(completeness.reasons, completeness.timeFrames),
    ),
    '<h2>Duplicates</h2>',
    `<p>${duplicates.places} packets of a time frame and region that is there already. Of ${duplicates.contentsAsked} packets of at least ${contentSymbols} symbols, ${duplicates.contents} have the very tokens of an earlier one.</p>`,
    '<h2>Columns and outliers</h2>',
    '<p>On an even sample of rows; an outlier lies more than five robust standard deviations (1.4826 · MAD) from the median.</p>',
    table(
      ['column', 'rows', 'missing', 'least', 'median', 'greatest', 'outliers'],
      columns.map((one) => [
        one.name,
        String(one.count),
        percent(one.missingShare),
        figure(one.least),
        figure(one.median),
        figure(one.greatest),
        percent(one.outlierShare),
      ]),
    ),
    '<h2>Balance</h2>',
    `<p>Hits are spread over regions with an evenness of ${figure(balance.activityEvenness)} (1: all alike). ${percent(balance.emptyShare)} of the packets are of frames without hits.</p>`,
    table(['packets kept as', 'count', 'share'], reasonRows(balance.reasons, completeness.packets)),
    '<h2>Use of tokens</h2>',
    `<p>Symbols of ${tokens.packets} packets, spread evenly over the run.</p>`,
    ...plots.tokens.map(plotSvg),
    table(['place', 'entropy, bits', 'at most', 'alphabet used'], used),
    '<h2>Drift along the run</h2>',
    ...plots.drift.map(plotSvg),
    '<h2>Correlation of columns</h2><p>Spearman’s rank correlation.</p>',
    heatTable(correlation),
    '<h2>FAIR</h2>',
    table(
      ['principle', 'question', 'met', 'evidence'],
      fair.map(({ principle, question, met, evidence }) => [
        principle,
        question,
        marks[String(met) as keyof typeof marks],
        evidence,
      ]),
    ).replace('<table>', '<table class="words">'),
    '',
  ].join('\n');
};
const contentSymbols = 32;
