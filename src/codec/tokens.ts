/**
 * The token rung: which patches are active and the symbols each one has, entropy coded with the static context
 * tables of the model card. Refuses (packet-layer) payloads that are cut, damaged or exceed the grid.
 */

import { Fault } from '../domain/fault.ts';
import { type InstrumentCard, patchesPerAxis } from '../domain/instrument.ts';
import type { ModelCard } from '../domain/model.ts';
import { frequencyBits, normalizeFrequencies } from '../kernels/frequencies.ts';
import { openTokenCoder, type TokenCoder } from '../kernels/patches/token_coder.ts';
import { closeRans, openRans, type RansReader, readStepSymbol, type SymbolTable } from '../kernels/rans.ts';
import { putVarint, takeVarint, varintBytesMax } from '../kernels/varint.ts';
import { gapEnd, gapTable, takeGap } from './gaps.ts';
import { type ActivityTables, activityTables, layeredGrid, takeActivity } from './token_activity.ts';
import { firstContext, type TokenContexts, tokenContexts } from './token_contexts.ts';

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
  /** Coding steps (start << 16 | frequency) of every table end to end, `alphabet` each, in order of position. */
  readonly steps: Uint32Array;
  /** A later symbol's table is `ownTable[first symbol] + parentTable[position · alphabet + parent's symbol]`. */
  readonly ownTable: Uint32Array;
  readonly parentTable: Uint32Array;
  /** Of every table, the symbol of every sixteenth slot: where a reader begins to look. */
  readonly hints: Uint8Array;
  /** Made by the first encoding: who only reads needs none. */
  readonly scratch: { coder: TokenCoder | null };
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
  const patchCount = grid.layers * grid.rows * grid.columns;
  if (patchCount > gapEnd) throw new Error(`a grid of ${patchCount} patches is beyond the coded gaps`);
  return {
    model: `${card.name}/${card.version}`,
    patchCount,
    symbolsPerPatch: card.symbolsPerPatch,
    alphabet,
    gaps: gapTable(card.gapCounts),
    activity: activityTables(grid, card.activeCounts),
    contexts,
    ...symbolSteps(card),
    ...tableNumbers(card),
    scratch: { coder: null },
  };
};

const hintBits = 8;
const slotsPerHint = 1 << (frequencyBits - hintBits);

/** Tables as steps and hints: a list of all slots each, as `kernels/rans` keeps it, would be megabytes of cache. */
const symbolSteps = ({ symbolCounts, alphabet }: TokenCard) => {
  const rows = symbolCounts.flat();
  const steps = new Uint32Array(rows.length * alphabet);
  const hints = new Uint8Array(rows.length << hintBits);
  rows.forEach((counts, row) => {
    let start = 0;
    normalizeFrequencies(counts, frequencyBits).forEach((frequency, symbol) => {
      steps[row * alphabet + symbol] = (start << 16) | frequency;
      const from = Math.ceil(start / slotsPerHint);
      start += frequency;
      hints.fill(symbol, (row << hintBits) + from, (row << hintBits) + Math.ceil(start / slotsPerHint));
    });
  });
  return { steps, hints };
};

/** Contexts of later symbols as table numbers: own class · parent classes + parent class, past the first's tables. */
const tableNumbers = ({ symbolCounts, contexts, alphabet }: TokenCard) => {
  const perPosition = symbolCounts[1]?.length ?? 0;
  const parentClasses = perPosition / (Math.max(...contexts.own) + 1);
  const parentTable = new Uint32Array(symbolCounts.length * alphabet);
  for (let position = 1; position < symbolCounts.length; position++) {
    const before = symbolCounts[0]!.length + (position - 1) * perPosition;
    contexts.parentClass[position]!.forEach((beside, symbol) => {
      parentTable[position * alphabet + symbol] = before + beside;
    });
  }
  return { ownTable: Uint32Array.from(contexts.own, (own) => own * parentClasses), parentTable };
};

/** The next symbol by one table: the hint of its slot leaves a short walk. */
const readByHint = (reader: RansReader, { steps, hints, alphabet }: TokenTables, table: number): number => {
  const slot = reader.next & ((1 << frequencyBits) - 1);
  const hint = hints[(table << hintBits) + (slot >>> (frequencyBits - hintBits))]!;
  return readStepSymbol(reader, steps, table * alphabet, hint);
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
  const sparse = isSparse(patches, patchCount);
  const head = new Uint8Array(1 + varintBytesMax);
  head[0] = (version << 4) | (sparse ? sparseMode : denseMode);
  const headBytes = putVarint(head, 1, patchCount);
  if (patchCount === 0) return head.slice(0, headBytes);
  refuseUnordered(patches, patchCount, tables.patchCount);
  tables.scratch.coder ??= openTokenCoder(tables);
  const coded = tables.scratch.coder.encode(patches, patchCount, symbols, sparse);
  if (coded === null) throw new Error(`a symbol is outside an alphabet of ${tables.alphabet}`);
  const payload = new Uint8Array(headBytes + coded.length);
  payload.set(head.subarray(0, headBytes));
  payload.set(coded, headBytes);
  return payload;
};

const refuseUnordered = (patches: Uint32Array, patchCount: number, patchesMax: number): void => {
  for (let row = 1; row < patchCount; row++)
    if (patches[row]! <= patches[row - 1]!) throw new Error('patch ids must ascend');
  if (patches[patchCount - 1]! >= patchesMax) throw new Error('a patch lies outside the grid');
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
  const { symbolsPerPatch, alphabet, contexts, ownTable, parentTable } = tables;
  const { near, parent, placeOf, classes } = contexts;
  classes.fill(0);
  let at = 0;
  for (let row = 0; row < patchCount; row++) {
    const place = placeOf[patches[row]!]!;
    const first = readByHint(reader, tables, firstContext(contexts, place));
    const rowAt = at;
    symbols[at++] = first;
    classes[place] = near[first]!;
    const ownAt = ownTable[first]!;
    for (let position = 1; position < symbolsPerPatch; position++) {
      const table = ownAt + parentTable[position * alphabet + symbols[rowAt + parent[position]!]!]!;
      symbols[at++] = readByHint(reader, tables, table);
    }
  }
};

const damaged = (what: string): Fault =>
  new Fault('packet-layer', `${what}: the layer is damaged or of another version`);
