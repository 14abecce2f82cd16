/**
 * .npz of hits or objects → frames. Either columns of equal length (run, time_frame, source, what the instrument's
 * rows say), or, of hits, what our simulator exports (hits = voxel << adcBits | adc, offsets, region). It refuses lengths that disagree.
 */

import { readFileSync } from 'node:fs';
import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { voxelCount } from '../../domain/instrument.ts';
import { type NpyValues, type Npz, openNpz } from '../../wire/files/npz.ts';
import { openHitPile, placeOf } from './hits.ts';
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

/** One array as a column of whole numbers, checked as they are asked for. */
interface Column {
  readonly length: number;
  at(index: number): number;
}

const oneAxis = (path: string, name: string, axes: number): Fault =>
  new Fault('file-invalid', `${path}, ${name}: has ${axes} axes; give one number a row`);

const columnOf = (npz: Npz, name: string, path: string, least: number, most: number): Column => {
  const { values, shape } = npz.read(name);
  if (shape.length !== 1) throw oneAxis(path, name, shape.length);
  return {
    length: values.length,
    at(index) {
      const value = Number((values as NpyValues)[index]);
      const fault = countFault(value, least, most);
      if (fault !== '')
        throw new Fault('file-invalid', `${path}, ${name}[${index}]: ${String(values[index])} ${fault}`);
      return value;
    },
  };
};

const sameLength = (columns: Readonly<Record<string, { readonly length: number }>>, path: string): number => {
  const [first, ...rest] = Object.entries(columns);
  for (const [name, { length }] of rest)
    if (length !== first![1].length)
      throw new Fault(
        'file-invalid',
        `${path}: ${name} has ${length} entries, ${first![0]} has ${first![1].length}; give one for each row`,
      );
  return first![1].length;
};

/** Region of each row: names of the card, or indices of its list. */
const regionsOf = (npz: Npz, name: string, path: string, card: InstrumentCard): Column => {
  const { values } = npz.read(name);
  if (!Array.isArray(values)) return columnOf(npz, name, path, 0, card.regions.length - 1);
  const regions = new Map(card.regions.map((region, index) => [region, index]));
  return {
    length: values.length,
    at(index) {
      const region = regions.get(values[index]!);
      if (region === undefined)
        throw new Fault(
          'file-invalid',
          `${path}, ${name}[${index}]: '${values[index]}' is no region of ${card.id}; use ${card.regions[0]}, …`,
        );
      return region;
    },
  };
};

const readFile = (path: string): Uint8Array => {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Fault('file-invalid', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
};

/** Frames in the order of the file, those of a time frame together where they stand together. */
export function* readNpz(path: string, card: InstrumentCard, shape: RowShape): Generator<ImportedFrame[]> {
  const npz = openNpz(readFile(path));
  const has = (name: string): boolean => npz.names.includes(name);
  if (card.kind === 'digits' && has('hits') && has('offsets')) return yield* packedFrames(npz, path, card);
  const needed = usualColumns(card, shape);
  const said = namesIn(npz.names, shape, path);
  const missing = needed.filter((name) => {
    const at = shape.columns.findIndex(([usual]) => usual === name);
    return at < 0 ? !has(name) : said[at] === '';
  });
  if (missing.length > 0)
    throw new Fault(
      'file-invalid',
      `${path}: lacks the arrays ${missing.join(', ')} (it holds ${npz.names.join(', ')}). Give one entry a row in ` +
        needed.join(', ') +
        (card.kind === 'digits' ? ', or hits, offsets and region as the simulator writes them' : ''),
    );
  return yield* columnFrames(npz, path, card, shape, said);
}

/** One array a column; `turnTo` says which row the cells are of. */
const openRow = (npz: Npz, path: string, names: readonly string[]) => {
  const columns = names.map((name) => {
    const { values, shape } = npz.read(name);
    if (shape.length !== 1) throw oneAxis(path, name, shape.length);
    return values as NpyValues;
  });
  let index = 0;
  const row: Row = {
    cell(column) {
      const value = columns[column]![index]!;
      return typeof value === 'bigint' ? Number(value) : value;
    },
    wrong: (column, why) =>
      new Fault(
        'file-invalid',
        `${path}, ${names[column]}[${index}]: ${String(columns[column]![index])} ${why}`,
      ),
  };
  return {
    row,
    columns,
    turnTo(to: number): void {
      index = to;
    },
  };
};

function* columnFrames(
  npz: Npz,
  path: string,
  card: InstrumentCard,
  shape: RowShape,
  names: readonly string[],
): Generator<ImportedFrame[]> {
  const run = columnOf(npz, 'run', path, 0, runMost);
  const timeFrame = columnOf(npz, 'time_frame', path, 0, timeFrameMost);
  const source = npz.names.includes('source') ? regionsOf(npz, 'source', path, card) : null;
  const { row, columns, turnTo } = openRow(npz, path, names);
  const named = Object.fromEntries(names.map((name, i) => [name, columns[i]!]));
  const count = sameLength({ run, time_frame: timeFrame, ...(source && { source }), ...named }, path);
  const piles = card.regions.map(() => shape.openPile(names));

  let from = 0;
  while (from < count) {
    const [runNow, timeFrameNow] = [run.at(from), timeFrame.at(from)];
    const regions = new Set<number>();
    let i = from;
    for (; i < count && run.at(i) === runNow && timeFrame.at(i) === timeFrameNow; i++) {
      const region = source?.at(i) ?? 0;
      regions.add(region);
      turnTo(i);
      piles[region]!.add(row);
    }
    if (i < count && (run.at(i) < runNow || (run.at(i) === runNow && timeFrame.at(i) < timeFrameNow)))
      throw new Fault(
        'file-invalid',
        `${path}, time_frame[${i}]: run ${run.at(i)}, time frame ${timeFrame.at(i)} comes after run ${runNow}, ` +
          `time frame ${timeFrameNow}; sort by run and time_frame`,
      );
    const where = `${path}, rows ${from} to ${i - 1}`;
    yield [...regions]
      .sort((a, b) => a - b)
      .map((region) => ({
        run: runNow,
        timeFrame: timeFrameNow,
        region,
        timestampNanos: null,
        digits: piles[region]!.digits(`${where}, ${card.regions[region]}`),
      }));
    from = i;
  }
}

function* packedFrames(npz: Npz, path: string, card: InstrumentCard): Generator<ImportedFrame[]> {
  const scale = 2 ** card.adcBits;
  const hits = columnOf(npz, 'hits', path, 0, voxelCount(card) * scale - 1);
  const offsets = columnOf(npz, 'offsets', path, 0, hits.length);
  const frames = offsets.length - 1;
  if (frames < 0 || offsets.at(0) !== 0 || offsets.at(frames) !== hits.length)
    throw new Fault(
      'file-invalid',
      `${path}, offsets: must begin with 0 and end with ${hits.length}, the hits`,
    );
  const region = npz.names.includes('region') ? regionsOf(npz, 'region', path, card) : null;
  const run = npz.names.includes('run') ? columnOf(npz, 'run', path, 0, runMost) : null;
  const timeFrame = npz.names.includes('time_frame')
    ? columnOf(npz, 'time_frame', path, 0, timeFrameMost)
    : null;
  for (const [name, column] of Object.entries({ region, run, time_frame: timeFrame }))
    if (column !== null && column.length !== frames)
      throw new Fault('file-invalid', `${path}, ${name}: has ${column.length} entries for ${frames} frames`);

  // Without time frame numbers each region counts its own frames, as the simulator made them.
  const seen = new Map<number, number>();
  const pile = openHitPile(card);
  let together: ImportedFrame[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const [from, to] = [offsets.at(frame), offsets.at(frame + 1)];
    if (to < from)
      throw new Fault('file-invalid', `${path}, offsets[${frame + 1}]: ${to} lies before ${from}`);
    for (let i = from; i < to; i++) {
      const hit = hits.at(i);
      if (hit % scale === 0)
        throw new Fault(
          'file-invalid',
          `${path}, hits[${i}]: ADC 0 at ${placeOf(Math.floor(hit / scale), card)}; drop it`,
        );
      pile.add(Math.floor(hit / scale), hit % scale);
    }
    const regionNow = region?.at(frame) ?? frame % card.regions.length;
    const counted = seen.get(regionNow) ?? 0;
    seen.set(regionNow, counted + 1);
    const one = {
      run: run?.at(frame) ?? 1,
      timeFrame: timeFrame?.at(frame) ?? counted,
      region: regionNow,
      timestampNanos: null,
      digits: pile.digits(`${path}, frame ${frame}`),
    };
    const [first] = together;
    if (first !== undefined && (first.run !== one.run || first.timeFrame !== one.timeFrame)) {
      yield together;
      together = [];
    }
    together.push(one);
  }
  if (together.length > 0) yield together;
}
