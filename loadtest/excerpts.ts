/**
 * What the README shows of a long result: some rows, some columns; all of it stays in the result file. Refuses to round
 * or reword: a row is shown as it is, or not.
 */

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

type Rows = BenchResult['rows'];

const codecRows = (rows: Rows): Rows =>
  rows.flatMap((row) => {
    const name = Object.keys(codecExcerpts).find((column) => column in row);
    if (name === undefined || (name !== 'path' && row.set !== 'auau_test')) return [];
    const { of, columns } = codecExcerpts[name]!;
    return of.test(String(row[name]))
      ? [Object.fromEntries(columns.map((column) => [column, row[column] ?? null]))]
      : [];
  });

/** Of the anomaly bench: every kind once, where it is judged first; the curves behind the figures stay in the file. */
const anomalyRows = (rows: Rows): Rows =>
  rows.flatMap((row) => {
    const { part } = row;
    if (part === 'catalogue' || part === 'bursts: found') return [];
    if (part === 'objects' && row.rate === 1e-4) return [];
    if (part === 'catalogue, half found' && row['judged first here'] !== 'yes') return [];
    const { 'judged first here': _, ...shown } = row;
    return [shown];
  });

export const excerptOf = ({ bench, rows }: BenchResult): Rows => {
  if (bench === 'codec') return codecRows(rows);
  return bench === 'anomaly' ? anomalyRows(rows) : rows;
};

/** Ratios that stand in a table of rows already are not told again. */
export const ratiosShown = ({ bench, ratios }: BenchResult): [string, number | null][] =>
  Object.entries(ratios).filter(([key]) => bench !== 'anomaly' || !/^(objects_|burst_events_)/.test(key));
