/**
 * Writes the README's tables from the result files, so that no figure is typed by hand; `test/figures.test.ts`
 * fails when the two differ. Refuses to invent: a result file that is missing leaves its table saying so.
 *
 *   node loadtest/figures.ts          rewrites README.md between its `figures:` markers
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configKeys } from '../src/config.ts';

export interface BenchResult {
  readonly bench: string;
  readonly machine: string;
  readonly version: string;
  readonly seed: number;
  /** What was measured, in a sentence for the table's foot. */
  readonly note: string;
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
  readonly ratios: Readonly<Record<string, number | null>>;
}

const root = join(import.meta.dirname, '..');

const show = (value: string | number | null | undefined): string => {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return value;
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : Number(value.toPrecision(3)).toString();
};

const table = (rows: BenchResult['rows']): string => {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map((column) => show(row[column])))),
  ].join('\n');
};

/** What the README shows of a long result: some rows, some columns; all of it stays in the result file. */
interface Excerpt {
  readonly of: RegExp;
  readonly columns: readonly string[];
}
const classical =
  'zstd-19, planes|xz -9e, (packed list|planes)|blosc2 .*1, planes|zpaq -m5, (packed list|image)|' +
  'zpaq with contexts for rows of 256 bytes, image|context mixing.*|sz3.* 2\\.9|zfp.* 16\\.0|' +
  'xz of occupancy bits .* (0\\.25|1\\.0|2\\.0)';
const rungs = 'tokens.*|occupancy.*|lossless.*|\\d+ levels.*|BCAE.*';
const codecExcerpts: Readonly<Record<string, Excerpt>> = {
  contender: {
    of: new RegExp(`^(${rungs}|${classical})$`),
    columns: [
      'contender',
      'wedges',
      '× 16-bit dense',
      '× packed list',
      'bits a hit',
      'log-MAE',
      'precision',
      'recall',
    ],
  },
  'clusters of': {
    of: new RegExp(`^(raw, noise.*|${rungs})$`),
    columns: [
      ...['clusters of', 'efficiency, %', 'fakes, %', 'centroid σ, pads', 'centroid σ, bins', 'charge σ, %'],
      ...['tracks fitted, %', 'track residual, pads', 'half resolved at, widths'],
    ],
  },
  path: { of: /./, columns: ['set', 'path', 'wedges/s', 'spread', 'ns a hit'] },
};

const excerptOf = (result: BenchResult): BenchResult['rows'] => {
  if (result.bench !== 'codec') return result.rows;
  return result.rows.flatMap((row) => {
    const name = Object.keys(codecExcerpts).find((column) => column in row);
    if (name === undefined || (name !== 'path' && row.set !== 'auau_test')) return [];
    const { of, columns } = codecExcerpts[name]!;
    return of.test(String(row[name]))
      ? [Object.fromEntries(columns.map((column) => [column, row[column] ?? null]))]
      : [];
  });
};

/** Rows that share their columns stand in one table. */
const groupsOf = (rows: BenchResult['rows']): BenchResult['rows'][] => [
  ...Map.groupBy(rows, (row) => Object.keys(row).join()).values(),
];

/** The markdown of one result file: its rows, its ratios, where it was measured. */
const renderResult = (result: BenchResult): string =>
  [
    ...groupsOf(excerptOf(result)).flatMap((rows) => [table(rows), '']),
    table(Object.entries(result.ratios).map(([key, value]) => ({ ratio: key, value }))),
    '',
    `${result.note} Measured on ${result.machine}, version ${result.version}, seed ${result.seed}.`,
  ].join('\n');

/** README text with every `<!-- figures:NAME -->` … `<!-- /figures -->` block made anew from results/NAME.json. */
const withFigures = (readme: string): string =>
  readme.replaceAll(
    /(<!-- figures:([a-z_]+) -->\n)[\s\S]*?(<!-- \/figures -->)/g,
    (_, open: string, name: string, close: string) => {
      const file = join(root, 'loadtest/results', `${name}.json`);
      const body = existsSync(file)
        ? renderResult(JSON.parse(readFileSync(file, 'utf8')) as BenchResult)
        : `Not measured yet: \`tessera bench ${name}\` makes this table.`;
      return `${open}${body}\n${close}`;
    },
  );

/** Every configuration key, as `tessera config` prints them. */
const configTable = (): string =>
  table(
    configKeys.map((row) => ({
      flag: `\`${row.flag}\``,
      environment: `\`${row.env}\``,
      default: row.key === 'workers' ? 'by cores' : row.default === '' ? '(none)' : row.default,
      unit: row.unit,
      meaning: row.meaning,
    })),
  );

/** A block of the README made from something else in the repository. */
const withBlock = (readme: string, name: string, body: string): string =>
  readme.replace(
    new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`),
    (_, open: string, close: string) => `${open}${body}\n${close}`,
  );

const producer = join(root, 'loadtest/examples/produce_frames.py');

/** The README as it must be: figures, configuration and the producer made anew from their sources. */
export const renderReadme = (readme: string): string =>
  withBlock(
    withBlock(withFigures(readme), 'config', configTable()),
    'producer',
    `\`\`\`python\n${existsSync(producer) ? readFileSync(producer, 'utf8') : ''}\`\`\``,
  );

if (import.meta.main) {
  const file = join(root, 'README.md');
  writeFileSync(file, renderReadme(readFileSync(file, 'utf8')));
}
