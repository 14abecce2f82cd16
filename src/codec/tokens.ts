/**
 * The token rung: which patches are active and the symbols each one has, entropy coded with the static context
 * tables of the model card. Refuses (packet-layer) payloads that are cut, damaged or exceed the grid.
 */

import { Fault } from '../domain/fault.ts';
import { type InstrumentCard, patchesPerAxis } from '../domain/instrument.ts';
import type { ModelCard } from '../domain/model.ts';
import { frequencyBits, normalizeFrequencies } from '../kernels/frequencies.ts';
import {
  closeRans,
  openRans,
  type RansReader,
  ransBytesMax,
  ransEncode,
  readSymbol,
  type SymbolTable,
  symbolTable,
} from '../kernels/rans.ts';
import { gapStepsMax, gapTable, putGap, takeGap } from './gaps.ts';
import {
  type ActivityTables,
  activityStepCount,
  activityTables,
  layeredGrid,
  putActivity,
  takeActivity,
} from './token_activity.ts';
import { firstContext, type TokenContexts, tokenContexts } from './token_contexts.ts';
import { putVarint, takeVarint, varintBytesMax } from './varint.ts';

/** First byte of a payload: version in the high four bits, how active patches are told in the low ones. */
const version = 2;
const sparseMode = 0;
const denseMode = 1;

/** Ready tables of one model on one instrument's grid, with scratch space: one per thread, never shared. */
export interface TokenTables {
  readonly model: string;
  readonly patchCount: number;
  readonly symbolsPerPatch: number;
  readonly alphabet: number;
  readonly gaps: SymbolTable;
  readonly activity: ActivityTables;
  readonly contexts: TokenContexts;
  /** By position, then context: own class · parent classes + parent class, except for the first position. */
  readonly symbols: readonly (readonly SymbolTable[])[];
  /** By position: what an own class adds to a context. */
  readonly parentClasses: Uint16Array;
  /** Steps of all contexts of all positions end to end, `alphabet` each, and where each position's begin. */
  readonly steps: Uint32Array;
  readonly stepsAt: Uint32Array;
  readonly scratch: { steps: Uint32Array; bytes: Uint8Array };
}

/** What of a card the tables are made of. */
export type TokenCard = Pick<
  ModelCard,
  | 'name'
  | 'version'
  | 'symbolsPerPatch'
  | 'alphabet'
  | 'contexts'
  | 'symbolCounts'
  | 'gapCounts'
  | 'activeCounts'
>;

export const prepareTokenTables = (
  card: TokenCard,
  instrument: Pick<InstrumentCard, 'axes' | 'patch'>,
): TokenTables => {
  const { alphabet } = card;
  const grid = layeredGrid(patchesPerAxis(instrument));
  const contexts = tokenContexts(card.contexts, grid);
  const symbols = card.symbolCounts.map((rows) =>
    rows.map((counts) => symbolTable(normalizeFrequencies(counts, frequencyBits), frequencyBits)),
  );
  return {
    model: `${card.name}/${card.version}`,
    patchCount: grid.layers * grid.rows * grid.columns,
    symbolsPerPatch: card.symbolsPerPatch,
    alphabet,
    gaps: gapTable(card.gapCounts),
    activity: activityTables(grid, card.activeCounts),
    contexts,
    symbols,
    parentClasses: Uint16Array.from(symbols, (rows) => rows.length / contexts.ownClasses),
    ...stepsOf(symbols, alphabet),
    scratch: { steps: new Uint32Array(0), bytes: new Uint8Array(0) },
  };
};

const stepsOf = (
  symbols: TokenTables['symbols'],
  alphabet: number,
): Pick<TokenTables, 'steps' | 'stepsAt'> => {
  const rows = symbols.flat();
  const steps = new Uint32Array(rows.length * alphabet);
  rows.forEach(({ step }, row) => {
    steps.set(step, row * alphabet);
  });
  let before = 0;
  const stepsAt = Uint32Array.from(symbols, ({ length }) => {
    before += length;
    return (before - length) * alphabet;
  });
  return { steps, stepsAt };
};

/** Fewer than an eighth of the patches up to the last active one: gaps between them cost less than a map. */
export const isSparse = (patches: Uint32Array, patchCount: number): boolean =>
  patchCount === 0 || patchCount * 8 < patches[patchCount - 1]! + 1;

/**
 * Codes `patchCount` strictly ascending patch ids and their `symbolsPerPatch` symbols each (row-major) into a
 * payload of its own. The same input gives the same bytes on every machine.
 */
export const encodeTokens = (
  patches: Uint32Array,
  patchCount: number,
  symbols: Uint8Array,
  tables: TokenTables,
): Uint8Array => {
  const { scratch, symbolsPerPatch } = tables;
  const sparse = isSparse(patches, patchCount);
  const stepsMax = patchCount * (symbolsPerPatch + gapStepsMax) + activityStepCount(tables.activity);
  const headMax = 1 + varintBytesMax;
  if (scratch.steps.length < stepsMax) {
    scratch.steps = new Uint32Array(stepsMax * 2);
    scratch.bytes = new Uint8Array(headMax + ransBytesMax(scratch.steps.length));
  }
  const out = scratch.bytes;
  out[0] = (version << 4) | (sparse ? sparseMode : denseMode);
  const headBytes = putVarint(out, 1, patchCount);
  if (patchCount === 0) return out.slice(0, headBytes);
  refuseUnordered(patches, patchCount, tables.patchCount);
  const activeCount = sparse
    ? putGaps(scratch.steps, patches, patchCount, tables.gaps)
    : putActivity(scratch.steps, 0, patches, patchCount, tables.activity);
  const stepCount = putSymbols(scratch.steps, activeCount, patches, patchCount, symbols, tables);
  const begin = ransEncode(scratch.steps, stepCount, frequencyBits, out);
  const payload = new Uint8Array(headBytes + out.length - begin);
  for (let i = 0; i < headBytes; i++) payload[i] = out[i]!;
  payload.set(out.subarray(begin), headBytes);
  return payload;
};

const refuseUnordered = (patches: Uint32Array, patchCount: number, patchesMax: number): void => {
  for (let row = 1; row < patchCount; row++)
    if (patches[row]! <= patches[row - 1]!) throw new Error('patch ids must ascend');
  if (patches[patchCount - 1]! >= patchesMax) throw new Error('a patch lies outside the grid');
};

const putGaps = (steps: Uint32Array, patches: Uint32Array, patchCount: number, gaps: SymbolTable): number => {
  let at = 0;
  let last = -1;
  for (let row = 0; row < patchCount; row++) {
    const patch = patches[row]!;
    at = putGap(steps, at, patch - last - 1, gaps);
    last = patch;
  }
  return at;
};

const putSymbols = (
  steps: Uint32Array,
  stepsAt: number,
  patches: Uint32Array,
  patchCount: number,
  symbols: Uint8Array,
  tables: TokenTables,
): number => {
  const {
    symbolsPerPatch,
    alphabet,
    contexts,
    steps: stepOf,
    stepsAt: stepsOfPosition,
    parentClasses,
  } = tables;
  const { own, near, parent, parentClass, placeOf, classes } = contexts;
  classes.fill(0);
  let at = stepsAt;
  let largest = 0;
  for (let row = 0; row < patchCount; row++) {
    const from = row * symbolsPerPatch;
    const place = placeOf[patches[row]!]!;
    const first = symbols[from]!;
    if (first > largest) largest = first;
    steps[at++] = stepOf[firstContext(contexts, place) * alphabet + first]!;
    classes[place] = near[first]!;
    const ownClass = own[first]!;
    for (let position = 1; position < symbolsPerPatch; position++) {
      const symbol = symbols[from + position]!;
      if (symbol > largest) largest = symbol;
      const beside = parentClass[position * alphabet + symbols[from + parent[position]!]!]!;
      const context = ownClass * parentClasses[position]! + beside;
      steps[at++] = stepOf[stepsOfPosition[position]! + context * alphabet + symbol]!;
    }
  }
  if (largest >= alphabet) throw new Error(`symbol ${largest} is outside an alphabet of ${alphabet}`);
  return at;
};

export interface DecodedTokens {
  readonly patchCount: number;
  readonly patches: Uint32Array;
  readonly symbols: Uint8Array;
}

/** Nothing larger than the grid of the tables is ever allocated. */
export const decodeTokens = (payload: Uint8Array, tables: TokenTables): DecodedTokens => {
  const patchesMax = tables.patchCount;
  const mode = payload.length === 0 ? -1 : payload[0]! & 15;
  if (payload.length < 2 || payload[0]! >>> 4 !== version || (mode !== sparseMode && mode !== denseMode)) {
    throw damaged('the head of the token layer is not one this version writes');
  }
  const { value: patchCount, next } = takeVarint(payload, 1);
  if (patchCount > patchesMax) throw damaged(`${patchCount} patches do not fit a grid of ${patchesMax}`);
  const patches = new Uint32Array(patchCount);
  const symbols = new Uint8Array(patchCount * tables.symbolsPerPatch);
  if (patchCount === 0) {
    if (next !== payload.length || mode !== sparseMode) throw damaged('an empty token layer is not empty');
    return { patchCount, patches, symbols };
  }
  const reader = openRans(payload, next, payload.length, frequencyBits);
  if (mode === denseMode) takeActivity(reader, patches, patchCount, tables.activity);
  else takeGaps(reader, patches, patchCount, tables);
  if (isSparse(patches, patchCount) !== (mode === sparseMode))
    throw damaged('active patches are told in the other way');
  takeSymbols(reader, patches, patchCount, symbols, tables);
  closeRans(reader);
  return { patchCount, patches, symbols };
};

const takeGaps = (
  reader: RansReader,
  patches: Uint32Array,
  patchCount: number,
  tables: TokenTables,
): void => {
  let last = -1;
  for (let row = 0; row < patchCount; row++) {
    last += takeGap(reader, tables.gaps) + 1;
    if (last >= tables.patchCount) throw damaged(`patch ${last} lies outside a grid of ${tables.patchCount}`);
    patches[row] = last;
  }
};

const takeSymbols = (
  reader: RansReader,
  patches: Uint32Array,
  patchCount: number,
  symbols: Uint8Array,
  tables: TokenTables,
): void => {
  const { symbolsPerPatch, alphabet, contexts } = tables;
  const { own, near, parent, parentClass, placeOf, classes } = contexts;
  const { parentClasses } = tables;
  classes.fill(0);
  let at = 0;
  for (let row = 0; row < patchCount; row++) {
    const place = placeOf[patches[row]!]!;
    const first = readSymbol(reader, tables.symbols[0]![firstContext(contexts, place)]!);
    const rowAt = at;
    symbols[at++] = first;
    classes[place] = near[first]!;
    const ownClass = own[first]!;
    for (let position = 1; position < symbolsPerPatch; position++) {
      const beside = parentClass[position * alphabet + symbols[rowAt + parent[position]!]!]!;
      const table = tables.symbols[position]![ownClass * parentClasses[position]! + beside]!;
      symbols[at++] = readSymbol(reader, table);
    }
  }
};

const damaged = (what: string): Fault =>
  new Fault('packet-layer', `${what}: the layer is damaged or of another version`);
