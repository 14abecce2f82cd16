/**
 * The static integer tables of the ladder's layers above the tokens, made ready for one instrument; and built-in ones
 * that suit any instrument nobody has fitted yet. Refuses (file-invalid) parts that are not such tables for the
 * instrument given.
 */

import { Fault } from '../../domain/fault.ts';
import { type InstrumentCard, voxelCount } from '../../domain/instrument.ts';
import { crc32cByTable } from '../../kernels/crc32c.ts';
import { normalizeFrequencies } from '../../kernels/frequencies.ts';
import {
  curveSize,
  curveSteps,
  curveStepsLength,
  curveZero,
  ladderPrecision,
  weightMax,
} from '../../kernels/ladder/curve.ts';
import { evenLevels, levelScale } from '../../kernels/ladder/levels.ts';
import {
  firstCells,
  flagContexts,
  freshCells,
  type OccupancyGrid,
  type OccupancyWeights,
  occupancyGrid,
  secondCells,
} from '../../kernels/ladder/occupancy.ts';
import { type NodeGrid, nodeGrid, planeCells, planesMax } from '../../kernels/ladder/planes.ts';
import {
  coefficientsPerPattern,
  type LogGrid,
  levelSizeMax,
  logGrid,
  patterns,
  type RemainderScale,
  type RemainderTables,
  remainderContexts,
  remainderScale,
  remainderSymbols,
  spreads,
} from '../../kernels/ladder/remainder.ts';

/** What is fitted and kept: small integers, nothing derived. Weights and curves: `kernels/ladder/curve.ts`. */
export interface TableParts {
  /** Occupancy: weights of the flags' contexts and of a voxel's three cells, and the curve of their sums. */
  readonly flags: Int8Array;
  readonly first: Int8Array;
  readonly second: Int8Array;
  readonly fresh: Int8Array;
  readonly curve: Uint16Array;
  /** Lowest ADC of each level of the last plane: 2, 4, 8 or 16 of them, one, two, three or four planes. */
  readonly lowest: Uint16Array;
  /** The ADC value that stands for each node of the tree of levels; entry 0 is not used. */
  readonly values: Uint16Array;
  /** Planes: weights of the pairs' cells, and a curve for each plane, one after another. */
  readonly pairs: Int8Array;
  readonly curves: Uint16Array;
  /** Remainder: the predictor's coefficients and spread by pattern, and frequencies [context][symbol]. */
  readonly coefficients: Int16Array;
  readonly spread: Uint8Array;
  readonly remainder: Uint16Array;
}
export const partNames = [
  'flags',
  'first',
  'second',
  'fresh',
  'curve',
  'lowest',
  'values',
  'pairs',
  'curves',
  'coefficients',
  'spread',
  'remainder',
] as const satisfies readonly (keyof TableParts)[];

/** Tables of one instrument made ready, with the grids the kernels in TypeScript work on: one a thread, never shared. */
export interface LadderTables {
  /** Instrument and checksum; the occupancy layer carries the checksum, so a reader with other tables refuses it. */
  readonly id: string;
  readonly checksum: number;
  readonly parts: TableParts;
  readonly fit: Readonly<Record<string, unknown>>;
  readonly scale: RemainderScale;
  readonly occupancy: OccupancyWeights;
  /** Coding steps by sum and bit: of the occupancy, and of the planes, one after another. */
  readonly occupancyCurve: Uint32Array;
  readonly planeCurves: Uint32Array;
  readonly remainder: RemainderTables;
  readonly grid: { readonly occupancy: OccupancyGrid; readonly nodes: NodeGrid; readonly logs: LogGrid };
}

export const invalidTables = (what: string): Fault =>
  new Fault('file-invalid', `these are not ladder tables for this instrument: ${what}; fit them again`);

/** Bytes of small integers, least significant first. */
export const littleEndian = (values: TableParts[keyof TableParts]): Uint8Array => {
  if (values instanceof Uint8Array) return values;
  if (values instanceof Int8Array) return new Uint8Array(values.buffer, values.byteOffset, values.length);
  const bytes = new Uint8Array(values.length * 2);
  values.forEach((value, i) => {
    bytes[2 * i] = value;
    bytes[2 * i + 1] = value >>> 8;
  });
  return bytes;
};

const checksumOf = (parts: TableParts): number => {
  const pieces = partNames.map((name) => littleEndian(parts[name]));
  const bytes = new Uint8Array(pieces.reduce((n, piece) => n + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return crc32cByTable(bytes);
};

const checkParts = (parts: TableParts, adcBits: number): void => {
  const levels = parts.lowest.length;
  const planes = 31 - Math.clz32(levels);
  if (levels !== 1 << planes || planes < 1 || planes > planesMax)
    throw invalidTables(`${levels} levels are not 2, 4, 8 or 16`);
  const lengths: Record<keyof TableParts, number> = {
    flags: flagContexts,
    first: firstCells,
    second: secondCells,
    fresh: freshCells,
    curve: curveSize,
    lowest: levels,
    values: 2 * levels,
    pairs: planeCells,
    curves: planes * curveSize,
    coefficients: patterns * coefficientsPerPattern,
    spread: patterns,
    remainder: remainderContexts(levels) * remainderSymbols,
  };
  for (const name of partNames) {
    if (parts[name].length !== lengths[name])
      throw invalidTables(`"${name}" has ${parts[name].length} entries, not ${lengths[name]}`);
  }
  for (const name of ['flags', 'first', 'second', 'fresh', 'pairs'] as const) {
    if (parts[name].some((weight) => Math.abs(weight) > weightMax))
      throw invalidTables(`a weight of "${name}" is beyond ${weightMax}`);
  }
  if (parts.fresh[0] !== 0) throw invalidTables('a voxel among others has a weight for its age');
  for (const name of ['curve', 'curves'] as const) {
    if (parts[name].some((frequency) => frequency < 1 || frequency >= 1 << ladderPrecision))
      throw invalidTables(`a frequency of "${name}" is not one`);
  }
  const end = 2 ** adcBits;
  parts.lowest.forEach((first, level) => {
    const next = level + 1 < levels ? parts.lowest[level + 1]! : end;
    if (first < 1 || first >= end || next < first || next - first > levelSizeMax)
      throw invalidTables(`level ${level} begins at ADC ${first} and ends before ${next}`);
  });
  if (parts.values.some((value, node) => node > 0 && (value < 1 || value >= end)))
    throw invalidTables('a value that stands for a level is no ADC value');
  if (parts.spread.some((spread) => spread >= spreads)) throw invalidTables('a spread is not defined');
};

const remainderSteps = (freq: Uint16Array): Uint32Array => {
  const steps = new Uint32Array(freq.length);
  for (let first = 0; first < freq.length; first += remainderSymbols) {
    let start = 0;
    for (let symbol = 0; symbol < remainderSymbols; symbol++) {
      const f = freq[first + symbol]!;
      if (f < 1) throw invalidTables('a symbol of the remainder has no frequency');
      steps[first + symbol] = (start << 16) | f;
      start += f;
    }
    if (start !== 1 << ladderPrecision)
      throw invalidTables('frequencies of the remainder do not sum to 4096');
  }
  return steps;
};

const stepsOfCurves = (curves: Uint16Array): Uint32Array => {
  const steps = new Uint32Array((curves.length / curveSize) * curveStepsLength);
  for (let first = 0, to = 0; first < curves.length; first += curveSize, to += curveStepsLength)
    steps.set(curveSteps(curves.subarray(first, first + curveSize)), to);
  return steps;
};

/** Makes tables ready to code with; `fit` says how they were made. */
export const readyTables = (
  card: InstrumentCard,
  parts: TableParts,
  fit: Readonly<Record<string, unknown>>,
): LadderTables => {
  checkParts(parts, card.adcBits);
  const checksum = checksumOf(parts);
  const scale = remainderScale(levelScale(card.adcBits, parts.lowest));
  const { flags, first, second, fresh, coefficients, spread } = parts;
  return {
    id: `${card.id}/${checksum.toString(16).padStart(8, '0')}`,
    checksum,
    parts,
    fit,
    scale,
    occupancy: { flags, first, second, fresh },
    occupancyCurve: curveSteps(parts.curve),
    planeCurves: stepsOfCurves(parts.curves),
    remainder: { coefficients, spread, steps: remainderSteps(parts.remainder) },
    grid: { occupancy: occupancyGrid(card), nodes: nodeGrid(card), logs: logGrid(card) },
  };
};

/** Whether tables were made ready for a card's grid: anything else is our bug. */
export const assertGrid = (tables: LadderTables, card: InstrumentCard): void => {
  if (tables.grid.occupancy.voxels !== voxelCount(card))
    throw new Error('the ladder tables were made ready for another grid');
};

/** Where the levels after `plane` planes (0 … all) begin and end, in ADC counts, both included. */
export const levelBoundsOf = (
  { scale }: Pick<LadderTables, 'scale'>,
  plane: number,
): { readonly lowest: Uint16Array; readonly highest: Uint16Array } => {
  if (!(plane >= 0 && plane <= scale.planes)) throw new Error(`plane ${plane} of ${scale.planes}`);
  const away = scale.planes - plane;
  const lowest = Uint16Array.from({ length: 2 ** plane }, (_, level) => scale.lowest[level << away]!);
  const highest = Uint16Array.from(lowest, (_, level) =>
    level + 1 < lowest.length ? lowest[level + 1]! - 1 : 2 ** scale.adcBits - 1,
  );
  return { lowest, highest };
};

/** e^(1/16): the odds' growth from one sum to the next. Products alone, so that every machine has the same curve. */
const oddsPerUnit = 1.0644944589178593;

/** The logistic curve, before any data. */
export const plainCurve = (): Uint16Array => {
  const sum = 1 << ladderPrecision;
  const curve = new Uint16Array(curveSize);
  let odds = 1;
  for (let away = 0; away <= curveZero; away++) {
    const share = Math.min(sum - 1, Math.round((sum * odds) / (1 + odds)));
    if (away < curveZero) curve[curveZero + away] = share;
    curve[curveZero - away] = sum - share;
    odds *= oddsPerUnit;
  }
  return curve;
};

/**
 * Tables for an instrument nobody has fitted yet: a voxel is likelier to be hit when its nearest neighbours are, and
 * amplitudes are equally likely; each level is told by the middle of its logarithms.
 */
export const builtInTables = (card: InstrumentCard): LadderTables => {
  const lowest = evenLevels(card, 1 << planesMax);
  const levels = lowest.length;
  const flat = normalizeFrequencies(new Array<number>(remainderSymbols).fill(0));
  const remainder = new Uint16Array(remainderContexts(levels) * remainderSymbols);
  for (let at = 0; at < remainder.length; at += remainderSymbols) remainder.set(flat, at);
  const curve = plainCurve();
  const curves = new Uint16Array(planesMax * curveSize);
  for (let plane = 0; plane < planesMax; plane++) curves.set(curve, plane * curveSize);
  const parts: TableParts = {
    flags: new Int8Array(flagContexts).fill(-32),
    // A nat and a half for the voxel before and the one above, less for nothing there.
    first: Int8Array.from(
      { length: firstCells },
      (_, cell) => [-48, 0, 0, 24][((cell >>> 8) & 1) + 2 * ((cell >>> 5) & 1)]!,
    ),
    second: new Int8Array(secondCells),
    fresh: Int8Array.from({ length: freshCells }, (_, age) => (age === 0 ? 0 : 16)),
    curve,
    lowest,
    values: middleValues(lowest, card.adcBits),
    pairs: new Int8Array(planeCells),
    curves,
    coefficients: new Int16Array(patterns * coefficientsPerPattern),
    spread: new Uint8Array(patterns),
    remainder,
  };
  return readyTables(card, parts, { by: 'built in' });
};

/** By node: about the middle of its range in log2(ADC + 1), by the root of the product of its ends. */
export const middleValues = (lowest: Uint16Array, adcBits: number): Uint16Array => {
  const levels = lowest.length;
  const values = new Uint16Array(2 * levels);
  for (let node = 1; node < 2 * levels; node++) {
    const away = Math.clz32(node) - Math.clz32(levels);
    const level = (node << away) - levels;
    const next = level + (1 << away);
    const first = lowest[level]! + 1;
    const end = next < levels ? lowest[next]! : 2 ** adcBits - 1;
    values[node] = Math.max(1, Math.min(2 ** adcBits - 1, Math.round(Math.sqrt(first * (end + 1)) - 1)));
  }
  return values;
};
