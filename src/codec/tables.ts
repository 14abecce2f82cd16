/**
 * The static integer tables of the lossless rung: what they hold, built-in ones that suit any instrument, and
 * the JSON they are kept in. Refuses (file-invalid) a file that is not such tables for the instrument given.
 */

import { Fault } from '../domain/fault.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import {
  type AmplitudeGrid,
  type AmplitudeScale,
  amplitudeContexts,
  amplitudeGrid,
  amplitudeScale,
  viewLength,
  weightCount,
} from '../kernels/amplitude.ts';
import { crc32cByTable } from '../kernels/crc32c.ts';
import { normalizeFrequencies } from '../kernels/frequencies.ts';
import {
  bitContexts,
  chunkContexts,
  type OccupancyGrid,
  occupancyGrid,
  tileContexts,
} from '../kernels/occupancy.ts';
import { bitStep, type SymbolTable } from '../kernels/rans.ts';
import { gapBuckets, gapTable } from './gaps.ts';

/** All frequencies of the rung are 12-bit, so one stream holds them all. */
export const losslessPrecision = 12;

/** What is fitted and kept: bytes and small integers, nothing derived. */
export interface TableParts {
  /** How often each gap bucket between active tiles occurs, as frequencies. */
  readonly gaps: Uint16Array;
  /** Codes (see `oddsOf`) of the probability that a tile, a chunk, a voxel is occupied, by context. */
  readonly tile: Uint8Array;
  readonly chunk: Uint8Array;
  readonly bit: Uint8Array;
  /** What each neighbour adds to the predicted amplitude, in 1/16 symbol. */
  readonly weights: Int16Array;
  /** Frequencies of the amplitude symbols, by context. */
  readonly amplitude: Uint16Array;
}

/** Tables of one instrument made ready, with scratch space: one per thread, never shared. */
export interface LosslessTables {
  /** Instrument and checksum; payloads carry the checksum, so a reader with other tables refuses them. */
  readonly id: string;
  readonly checksum: number;
  readonly parts: TableParts;
  readonly fit: Readonly<Record<string, unknown>>;
  readonly gaps: SymbolTable;
  /** Coding steps: [context][bit] and [context][symbol]. */
  readonly tileSteps: Uint32Array;
  readonly chunkSteps: Uint32Array;
  readonly bitSteps: Uint32Array;
  readonly amplitudeSteps: Uint32Array;
  readonly scale: AmplitudeScale;
  readonly occupancy: OccupancyGrid;
  readonly amplitude: AmplitudeGrid;
  readonly scratch: { steps: Uint32Array; bytes: Uint8Array; readonly view: Int32Array };
}

/** Probabilities in 1/4096 a code stands for: steps of a sixteenth, mirrored at one half. */
const odds = ((): Uint16Array => {
  const low: number[] = [];
  for (let p = 1; p < 2048; p += Math.max(1, p >>> 4)) low.push(p);
  return Uint16Array.from([...low, 2048, ...low.map((p) => 4096 - p).reverse()]);
})();
/** Nearest code of a probability given in 1/4096. */
export const codeOfOdds = (parts: number): number => {
  let best = 0;
  for (let code = 1; code < odds.length; code++) {
    if (Math.abs(odds[code]! - parts) < Math.abs(odds[best]! - parts)) best = code;
  }
  return best;
};

const stepsOf = (codes: Uint8Array): Uint32Array => {
  const steps = new Uint32Array(codes.length * 2);
  for (let context = 0; context < codes.length; context++) {
    const one = odds[codes[context]!]!;
    steps[context * 2] = bitStep(0, one, losslessPrecision);
    steps[context * 2 + 1] = bitStep(1, one, losslessPrecision);
  }
  return steps;
};

const amplitudeStepsOf = (freq: Uint16Array, symbols: number): Uint32Array => {
  const steps = new Uint32Array(freq.length);
  for (let first = 0; first < freq.length; first += symbols) {
    let start = 0;
    for (let symbol = 0; symbol < symbols; symbol++) {
      const f = freq[first + symbol]!;
      if (f < 1) throw invalid('an amplitude symbol has no frequency');
      steps[first + symbol] = (start << 16) | f;
      start += f;
    }
    if (start !== 1 << losslessPrecision) throw invalid('amplitude frequencies do not sum to 4096');
  }
  return steps;
};

const checksumOf = (parts: TableParts): number => {
  const { gaps, tile, chunk, bit, weights, amplitude } = parts;
  const pieces = [littleEndian(gaps), tile, chunk, bit, littleEndian(weights), littleEndian(amplitude)];
  const bytes = new Uint8Array(pieces.reduce((n, piece) => n + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return crc32cByTable(bytes);
};

/** Makes tables ready to code with; `fit` says how they were made. */
export const readyTables = (
  card: InstrumentCard,
  parts: TableParts,
  fit: Readonly<Record<string, unknown>>,
): LosslessTables => {
  const scale = amplitudeScale(card);
  const lengths: readonly (readonly [string, number, number])[] = [
    ['gaps', parts.gaps.length, gapBuckets],
    ['tile', parts.tile.length, tileContexts],
    ['chunk', parts.chunk.length, chunkContexts],
    ['bit', parts.bit.length, bitContexts],
    ['weights', parts.weights.length, weightCount],
    ['amplitude', parts.amplitude.length, amplitudeContexts * scale.symbols],
  ];
  for (const [name, length, right] of lengths) {
    if (length !== right) throw invalid(`"${name}" has ${length} entries, not ${right}`);
  }
  for (const codes of [parts.tile, parts.chunk, parts.bit]) {
    if (codes.some((code) => code >= odds.length)) throw invalid('a probability code is not defined');
  }
  const checksum = checksumOf(parts);
  return {
    id: `${card.id}/${checksum.toString(16).padStart(8, '0')}`,
    checksum,
    parts,
    fit,
    gaps: gapTable(Array.from(parts.gaps)),
    tileSteps: stepsOf(parts.tile),
    chunkSteps: stepsOf(parts.chunk),
    bitSteps: stepsOf(parts.bit),
    amplitudeSteps: amplitudeStepsOf(parts.amplitude, scale.symbols),
    scale,
    occupancy: occupancyGrid(card),
    amplitude: amplitudeGrid(card),
    scratch: { steps: new Uint32Array(0), bytes: new Uint8Array(0), view: new Int32Array(viewLength) },
  };
};

/**
 * Tables for an instrument nobody has fitted yet: a voxel is likelier to be hit the more of its nearest
 * neighbours are, amplitudes are equally likely.
 */
export const builtInTables = (card: InstrumentCard): LosslessTables => {
  const { symbols } = amplitudeScale(card);
  const votes = [512, 1638, 2662, 3482].map(codeOfOdds);
  const vote = (...yes: boolean[]): number => votes[yes.filter(Boolean).length]!;
  const flat = normalizeFrequencies(new Array<number>(symbols).fill(0));
  const amplitude = new Uint16Array(amplitudeContexts * symbols);
  for (let first = 0; first < amplitude.length; first += symbols) amplitude.set(flat, first);
  const parts: TableParts = {
    gaps: normalizeFrequencies(Array.from({ length: gapBuckets }, (_, bucket) => 4096 >>> (bucket >>> 2))),
    tile: Uint8Array.from({ length: tileContexts }, (_, c) => vote((c & 1) > 0, (c & 2) > 0, (c & 16) > 0)),
    chunk: Uint8Array.from({ length: chunkContexts }, (_, c) =>
      vote((c & 0x38) > 0, (c & 0x40) > 0, (c & 0x1800) > 0),
    ),
    bit: Uint8Array.from({ length: bitContexts }, (_, c) =>
      vote(c >>> 12 < 8 && (c & 0x1000) > 0, (c & 0x200) > 0, (c & 2) > 0),
    ),
    weights: new Int16Array(weightCount),
    amplitude,
  };
  return readyTables(card, parts, { by: 'built in' });
};

const format = 'tessera-lossless-tables/1';
const names = ['gaps', 'tile', 'chunk', 'bit', 'weights', 'amplitude'] as const;

/** The file of a set of tables: `fit` in words, each part in base64 of little-endian integers. */
export const tablesToJson = (tables: LosslessTables): string => {
  const parts = Object.fromEntries(names.map((name) => [name, toBase64(littleEndian(tables.parts[name]))]));
  return `${JSON.stringify({ format, id: tables.id, fit: tables.fit, parts }, null, 1)}\n`;
};

export const parseTables = (json: string, card: InstrumentCard): LosslessTables => {
  let file: { format?: unknown; id?: unknown; fit?: unknown; parts?: Record<string, unknown> } | null;
  try {
    file = JSON.parse(json);
  } catch (cause) {
    throw new Fault('file-invalid', 'the lossless tables are not JSON; fit them again', { cause });
  }
  if (file === null || typeof file !== 'object' || file.format !== format) {
    throw invalid(`the format is not ${format}`);
  }
  const part = (name: (typeof names)[number]): Uint8Array => {
    const text = file.parts?.[name];
    if (typeof text !== 'string') throw invalid(`"${name}" is missing`);
    return fromBase64(text, name);
  };
  const fit = typeof file.fit === 'object' && file.fit !== null ? (file.fit as Record<string, unknown>) : {};
  const parts: TableParts = {
    gaps: words(part('gaps')),
    tile: part('tile'),
    chunk: part('chunk'),
    bit: part('bit'),
    weights: Int16Array.from(words(part('weights'))),
    amplitude: words(part('amplitude')),
  };
  const tables = readyTables(card, parts, fit);
  if (tables.id !== file.id) throw invalid(`they hold ${tables.id} but are named ${String(file.id)}`);
  return tables;
};

const invalid = (what: string): Fault =>
  new Fault('file-invalid', `these are not lossless tables for this instrument: ${what}; fit them again`);

const littleEndian = (values: Uint8Array | Uint16Array | Int16Array): Uint8Array => {
  if (values instanceof Uint8Array) return values;
  const bytes = new Uint8Array(values.length * 2);
  values.forEach((value, i) => {
    bytes[2 * i] = value;
    bytes[2 * i + 1] = value >>> 8;
  });
  return bytes;
};

const words = (bytes: Uint8Array): Uint16Array =>
  Uint16Array.from({ length: bytes.length >>> 1 }, (_, i) => bytes[2 * i]! | (bytes[2 * i + 1]! << 8));

const toBase64 = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
};

const fromBase64 = (text: string, name: string): Uint8Array => {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new Fault('file-invalid', `"${name}" of the lossless tables is not base64; fit them again`, {
      cause,
    });
  }
};
