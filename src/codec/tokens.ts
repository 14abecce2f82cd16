/**
 * The token rung: which patches are active (gaps) and the symbols each one has, entropy coded with the static
 * tables of the model card. Refuses (packet-layer) payloads that are cut, damaged or exceed the grid.
 */

import { Fault } from '../domain/fault.ts';
import type { ModelCard } from '../domain/model.ts';
import { frequencyBits, normalizeFrequencies } from '../kernels/frequencies.ts';
import {
  closeRans,
  openRans,
  ransBytesMax,
  ransEncode,
  readSymbol,
  type SymbolTable,
  symbolTable,
} from '../kernels/rans.ts';
import { gapStepsMax, gapTable, putGap, takeGap } from './gaps.ts';
import { putVarint, takeVarint, varintBytesMax } from './varint.ts';

/** First byte of a payload: version in the high four bits, gap table in the low ones. */
const version = 1;
const sparseMode = 0;
const denseMode = 1;

/** Ready tables of one model, with scratch space: one per thread, never shared. */
export interface TokenTables {
  readonly model: string;
  readonly symbolsPerPatch: number;
  readonly alphabet: number;
  readonly sparseGaps: SymbolTable;
  readonly denseGaps: SymbolTable;
  readonly symbols: readonly SymbolTable[];
  readonly scratch: { steps: Uint32Array; bytes: Uint8Array };
}

export const prepareTokenTables = (
  card: Pick<ModelCard, 'name' | 'version' | 'symbolsPerPatch' | 'alphabet' | 'symbolCounts' | 'gapCounts'>,
): TokenTables => ({
  model: `${card.name}/${card.version}`,
  symbolsPerPatch: card.symbolsPerPatch,
  alphabet: card.alphabet,
  sparseGaps: gapTable(card.gapCounts.sparse),
  denseGaps: gapTable(card.gapCounts.dense),
  symbols: card.symbolCounts.map((counts) => symbolTable(normalizeFrequencies(counts), frequencyBits)),
  scratch: { steps: new Uint32Array(0), bytes: new Uint8Array(0) },
});

/** Fewer than an eighth of the patches up to the last active one: gaps follow the sparse table. */
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
  const stepsMax = patchCount * (symbolsPerPatch + gapStepsMax);
  const headMax = 1 + varintBytesMax;
  if (scratch.steps.length < stepsMax || scratch.bytes.length === 0) {
    scratch.steps = new Uint32Array(Math.max(1024, stepsMax * 2));
    scratch.bytes = new Uint8Array(headMax + ransBytesMax(scratch.steps.length));
  }
  const stepCount = putSteps(
    patches,
    patchCount,
    symbols,
    tables,
    sparse ? tables.sparseGaps : tables.denseGaps,
  );
  const out = scratch.bytes;
  out[0] = (version << 4) | (sparse ? sparseMode : denseMode);
  const headBytes = putVarint(out, 1, patchCount);
  if (patchCount === 0) return out.slice(0, headBytes);
  const begin = ransEncode(scratch.steps, stepCount, frequencyBits, out);
  const payload = new Uint8Array(headBytes + out.length - begin);
  for (let i = 0; i < headBytes; i++) payload[i] = out[i]!;
  payload.set(out.subarray(begin), headBytes);
  return payload;
};

const putSteps = (
  patches: Uint32Array,
  patchCount: number,
  symbols: Uint8Array,
  tables: TokenTables,
  gaps: SymbolTable,
): number => {
  const { symbolsPerPatch, alphabet } = tables;
  const steps = tables.scratch.steps;
  const stepOf = tables.symbols.map((table) => table.step);
  let at = 0;
  let last = -1;
  let from = 0;
  for (let row = 0; row < patchCount; row++) {
    const patch = patches[row]!;
    const gap = patch - last - 1;
    last = patch;
    if (gap < 0) throw new Error('patch ids must ascend');
    if (gap < 16) steps[at++] = gaps.step[gap]!;
    else at = putGap(steps, at, gap, gaps);
    for (let position = 0; position < symbolsPerPatch; position++) {
      const symbol = symbols[from++]!;
      if (symbol >= alphabet) throw new Error(`symbol ${symbol} is outside an alphabet of ${alphabet}`);
      steps[at++] = stepOf[position]![symbol]!;
    }
  }
  return at;
};

export interface DecodedTokens {
  readonly patchCount: number;
  readonly patches: Uint32Array;
  readonly symbols: Uint8Array;
}

/** `patchesMax` is the grid's patch count: ids lie below it, and nothing larger is ever allocated. */
export const decodeTokens = (payload: Uint8Array, tables: TokenTables, patchesMax: number): DecodedTokens => {
  const mode = payload.length === 0 ? -1 : payload[0]! & 15;
  if (payload.length < 2 || payload[0]! >>> 4 !== version || (mode !== sparseMode && mode !== denseMode)) {
    throw damaged('the head of the token layer is not one this version writes');
  }
  const { value: patchCount, next } = takeVarint(payload, 1);
  if (patchCount > patchesMax) throw damaged(`${patchCount} patches do not fit a grid of ${patchesMax}`);
  const patches = new Uint32Array(patchCount);
  const symbols = new Uint8Array(patchCount * tables.symbolsPerPatch);
  if (patchCount === 0) {
    if (next !== payload.length) throw damaged('bytes follow an empty token layer');
    return { patchCount, patches, symbols };
  }
  const gaps = mode === sparseMode ? tables.sparseGaps : tables.denseGaps;
  const reader = openRans(payload, next, payload.length, frequencyBits);
  let last = -1;
  let at = 0;
  for (let row = 0; row < patchCount; row++) {
    last += takeGap(reader, gaps) + 1;
    if (last >= patchesMax) throw damaged(`patch ${last} lies outside a grid of ${patchesMax}`);
    patches[row] = last;
    for (const table of tables.symbols) symbols[at++] = readSymbol(reader, table);
  }
  closeRans(reader);
  if (isSparse(patches, patchCount) !== (mode === sparseMode))
    throw damaged('the gap table does not fit the gaps');
  return { patchCount, patches, symbols };
};

const damaged = (what: string): Fault =>
  new Fault('packet-layer', `${what}: the layer is damaged or of another version`);
