/**
 * CSV of hits or objects → frames, streaming: one row a hit or object, a header that names run, time_frame, source
 * and what the instrument's rows say. It refuses a row that does not fit, naming line, column and the mend, and time
 * frames out of order.
 */

import { createReadStream } from 'node:fs';
import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { limits } from '../../domain/limits.ts';
import {
  countFault,
  type ImportedFrame,
  namesIn,
  type Row,
  type RowShape,
  runMost,
  timeFrameMost,
  usualColumns,
} from './rows.ts';

async function* linesOf(path: string): AsyncGenerator<string> {
  let held = '';
  const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 });
  try {
    for await (const piece of stream as AsyncIterable<string>) {
      const lines = (held + piece).split('\n');
      held = lines.pop()!;
      if (held.length > limits.csvLineCharsMax)
        throw new Fault(
          'file-invalid',
          `${path} has a line of over ${limits.csvLineCharsMax} characters: no CSV of rows`,
        );
      yield* lines;
    }
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('file-invalid', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (held !== '') yield held;
}

const needsCleaning = /["\s\ufeff]/;
const cellsOf = (line: string): string[] => {
  const cells = line.split(',');
  // Most lines are bare numbers and names: half the time of an import went into cleaning those.
  if (!needsCleaning.test(line)) return cells;
  return cells.map((cell) =>
    cell
      .replace(/^\ufeff/, '')
      .trim()
      .replace(/^"(.*)"$/, '$1'),
  );
};

/** Where each column stands in a row; −1 where it is not there. */
interface Columns {
  readonly run: number;
  readonly timeFrame: number;
  readonly source: number;
  readonly timestamp: number;
  /** What a row says, in the order of the shape. */
  readonly said: readonly number[];
  readonly names: readonly string[];
}

const timestampColumn = 'timestamp_ns';

const readHeader = (
  line: string | undefined,
  path: string,
  card: InstrumentCard,
  shape: RowShape,
): Columns => {
  const where = `${path}, line 1`;
  const names = line === undefined ? [] : cellsOf(line);
  const needed = usualColumns(card, shape);
  const said = namesIn(names, shape, where);
  const known = ['run', 'time_frame', 'source', timestampColumn, ...shape.columns.flat()];
  const missing = needed.filter((name) => {
    const others = shape.columns.find((alike) => alike.includes(name)) ?? [name];
    return !others.some((one) => names.includes(one));
  });
  const unknown = names.filter((name) => !known.includes(name));
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  const faults = [
    missing.length > 0 && `lacks ${missing.join(', ')}`,
    unknown.length > 0 && `has ${unknown.map((name) => `'${name}'`).join(', ')}, unknown to ${card.id}`,
    twice.length > 0 && `names ${twice.join(', ')} twice`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0)
    throw new Fault(
      'file-invalid',
      `${where}: the header ${faults.join('; ')}. Write the columns ${needed.join(',')} (${timestampColumn} may be added)`,
    );
  const at = (name: string): number => names.indexOf(name);
  return {
    run: at('run'),
    timeFrame: at('time_frame'),
    source: at('source'),
    timestamp: at(timestampColumn),
    said: said.map(at),
    names,
  };
};

/** The time frame being read: a pile of hits for each region that has any. */
interface OpenTimeFrame {
  readonly run: number;
  readonly timeFrame: number;
  readonly timestampNanos: bigint | null;
  readonly firstLine: number;
  readonly regions: Set<number>;
}

/** Reads rows one at a time and knows where it is, so that every fault can say so. */
const openRows = (path: string, card: InstrumentCard, shape: RowShape, columns: Columns) => {
  const regionOf = new Map(card.regions.map((name, region) => [name, region]));
  const names = columns.said.map((column) => columns.names[column]!);
  const piles = card.regions.map(() => shape.openPile(names));
  let open: OpenTimeFrame | null = null;
  let line = 1;

  const wrong = (column: number, cell: string, why: string): Fault =>
    new Fault('file-invalid', `${path}, line ${line}, column ${columns.names[column]}: '${cell}' ${why}`);
  const countAt = (cells: readonly string[], column: number, least: number, most: number): number => {
    const cell = cells[column]!;
    const value = cell === '' ? Number.NaN : Number(cell);
    const fault = countFault(value, least, most);
    if (fault !== '') throw wrong(column, cell, fault);
    return value;
  };
  let cellsNow: readonly string[] = [];
  const row: Row = {
    cell: (column) => cellsNow[columns.said[column]!]!,
    wrong: (column, why) => wrong(columns.said[column]!, cellsNow[columns.said[column]!]!, why),
  };
  const regionAt = (cells: readonly string[]): number => {
    if (columns.source < 0) return 0;
    const region = regionOf.get(cells[columns.source]!);
    if (region !== undefined) return region;
    throw wrong(
      columns.source,
      cells[columns.source]!,
      `is no region of ${card.id}; use ${card.regions[0]}, …`,
    );
  };
  const timestampAt = (cells: readonly string[]): bigint | null => {
    if (columns.timestamp < 0) return null;
    const cell = cells[columns.timestamp]!;
    if (!/^\d{1,18}$/.test(cell)) throw wrong(columns.timestamp, cell, 'is not ns since the Unix epoch');
    return BigInt(cell);
  };

  const close = (lastLine: number): ImportedFrame[] => {
    if (open === null) return [];
    const { run, timeFrame, timestampNanos, firstLine, regions } = open;
    const where = `${path}, lines ${firstLine} to ${lastLine}`;
    open = null;
    return [...regions]
      .sort((a, b) => a - b)
      .map((region) => ({
        run,
        timeFrame,
        region,
        timestampNanos,
        digits: piles[region]!.digits(`${where}, ${card.regions[region]}`),
      }));
  };

  /** The frames of the time frame before, when this row begins another. */
  const turnTo = (run: number, timeFrame: number, cells: readonly string[]): ImportedFrame[] => {
    if (open?.run === run && open.timeFrame === timeFrame) return [];
    if (open !== null && (run < open.run || (run === open.run && timeFrame < open.timeFrame)))
      throw wrong(
        run < open.run ? columns.run : columns.timeFrame,
        cells[run < open.run ? columns.run : columns.timeFrame]!,
        `comes after ${run < open.run ? `run ${open.run}` : `time frame ${open.timeFrame}`}; sort the rows by run and time_frame`,
      );
    const closed = close(line - 1);
    open = { run, timeFrame, timestampNanos: timestampAt(cells), firstLine: line, regions: new Set() };
    return closed;
  };

  return {
    /** Takes one row; the frames of the time frame before it when it begins another. */
    take(text: string): ImportedFrame[] {
      line += 1;
      const cells = cellsOf(text);
      if (cells.length === 1 && cells[0] === '') return [];
      if (cells.length !== columns.names.length)
        throw new Fault(
          'file-invalid',
          `${path}, line ${line}: ${cells.length} columns, the header has ${columns.names.length}`,
        );
      const run = countAt(cells, columns.run, 0, runMost);
      const timeFrame = countAt(cells, columns.timeFrame, 0, timeFrameMost);
      const region = regionAt(cells);
      const closed = turnTo(run, timeFrame, cells);
      open!.regions.add(region);
      cellsNow = cells;
      piles[region]!.add(row);
      return closed;
    },
    end: (): ImportedFrame[] => close(line),
  };
};

/** Frames in the order of the file, all regions of a time frame together. Throws file-invalid. */
export async function* readCsv(
  path: string,
  card: InstrumentCard,
  shape: RowShape,
): AsyncGenerator<ImportedFrame[]> {
  const begin = (header: string | undefined) =>
    openRows(path, card, shape, readHeader(header, path, card, shape));
  let rows: ReturnType<typeof openRows> | null = null;
  for await (const line of linesOf(path)) {
    if (rows === null) {
      rows = begin(line);
      continue;
    }
    const closed = rows.take(line);
    if (closed.length > 0) yield closed;
  }
  const last = (rows ?? begin(undefined)).end();
  if (last.length > 0) yield last;
}
