/**
 * CSV of hits → frames, streaming: one row a hit, a header that names run, time_frame, source, the instrument's
 * axes and adc. It refuses a row that does not fit, naming line, column and the mend, and time frames out of order.
 */

import { createReadStream } from 'node:fs';
import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { limits } from '../../domain/limits.ts';
import {
  adcMost,
  countFault,
  type HitPile,
  type ImportedFrame,
  openHitPile,
  runMost,
  timeFrameMost,
} from './hits.ts';

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
          `${path} has a line of over ${limits.csvLineCharsMax} characters: no CSV of hits`,
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

/** Where each column stands in a row. */
interface Columns {
  readonly run: number;
  readonly timeFrame: number;
  readonly source: number;
  readonly axes: readonly number[];
  readonly adc: number;
  readonly timestamp: number;
  readonly names: readonly string[];
}

const timestampColumn = 'timestamp_ns';

const readHeader = (line: string | undefined, path: string, card: InstrumentCard): Columns => {
  const axes = card.axes.map(({ name }) => name);
  const needed = ['run', 'time_frame', 'source', ...axes, 'adc'];
  const names = line === undefined ? [] : cellsOf(line);
  const missing = needed.filter((name) => !names.includes(name));
  const unknown = names.filter((name) => !needed.includes(name) && name !== timestampColumn);
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  const faults = [
    missing.length > 0 && `lacks ${missing.join(', ')}`,
    unknown.length > 0 && `has ${unknown.map((name) => `'${name}'`).join(', ')}, unknown to ${card.id}`,
    twice.length > 0 && `names ${twice.join(', ')} twice`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0)
    throw new Fault(
      'file-invalid',
      `${path}, line 1: the header ${faults.join('; ')}. Write the columns ${needed.join(',')} (${timestampColumn} may be added)`,
    );
  const at = (name: string): number => names.indexOf(name);
  return {
    run: at('run'),
    timeFrame: at('time_frame'),
    source: at('source'),
    axes: axes.map(at),
    adc: at('adc'),
    timestamp: at(timestampColumn),
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
const openRows = (path: string, card: InstrumentCard, columns: Columns) => {
  const regionOf = new Map(card.regions.map((name, region) => [name, region]));
  const piles: HitPile[] = card.regions.map(() => openHitPile(card));
  const adcLimit = adcMost(card);
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
      const region = regionOf.get(cells[columns.source]!);
      if (region === undefined)
        throw wrong(
          columns.source,
          cells[columns.source]!,
          `is no region of ${card.id}; use ${card.regions[0]}, …`,
        );
      let voxel = 0;
      card.axes.forEach(({ size }, axis) => {
        voxel = voxel * size + countAt(cells, columns.axes[axis]!, 0, size - 1);
      });
      const adc = countAt(cells, columns.adc, 1, adcLimit);
      const closed = turnTo(run, timeFrame, cells);
      open!.regions.add(region);
      piles[region]!.add(voxel, adc);
      return closed;
    },
    end: (): ImportedFrame[] => close(line),
  };
};

/** Frames in the order of the file, all regions of a time frame together. Throws file-invalid. */
export async function* readCsv(path: string, card: InstrumentCard): AsyncGenerator<ImportedFrame[]> {
  let rows: ReturnType<typeof openRows> | null = null;
  for await (const line of linesOf(path)) {
    if (rows === null) {
      rows = openRows(path, card, readHeader(line, path, card));
      continue;
    }
    const closed = rows.take(line);
    if (closed.length > 0) yield closed;
  }
  const last = (rows ?? openRows(path, card, readHeader(undefined, path, card))).end();
  if (last.length > 0) yield last;
}
