/**
 * Writes the README's tables from the result files, so that no figure is typed by hand; `test/figures.test.ts`
 * fails when the two differ. Refuses to invent: a result file that is missing leaves its table saying so.
 *
 *   node loadtest/figures.ts          rewrites README.md between its `figures:` markers
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configKeys } from '../src/config.ts';
import { type BenchResult, excerptOf, ratiosShown } from './excerpts.ts';

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

/** Rows that share their columns stand in one table. */
const groupsOf = (rows: BenchResult['rows']): BenchResult['rows'][] => [
  ...Map.groupBy(rows, (row) => Object.keys(row).join()).values(),
];

/** The markdown of one result file: its rows, its ratios, where it was measured. */
const renderResult = (result: BenchResult): string =>
  [
    ...groupsOf(excerptOf(result)).flatMap((rows) => [table(rows), '']),
    table(ratiosShown(result).map(([key, value]) => ({ ratio: key, value }))),
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
