/**
 * What the symbols of a frame's patches cost together, quickly (wasm/surprise.as). Refuses nothing: symbols are within
 * their alphabet, and more patches than it was opened for are our bug and throw. Its slow twin is `surpriseScore` of
 * src/anomaly/surprise.ts.
 */

import { wasmBase64 } from '../generated/surprise.ts';
import { openKernels, openMemory, planRoom } from '../linear_memory.ts';

export interface CostTables {
  readonly symbolsPerPatch: number;
  readonly alphabet: number;
  /** Cost of each first symbol. */
  readonly firstCost: Int32Array;
  /** Cost of each later symbol: [class of the first][position − 1][symbol]. */
  readonly laterCost: Int32Array;
  /** Where in `laterCost` the class of each first symbol begins. */
  readonly laterAt: Int32Array;
}

/** One per thread. */
export interface Costs {
  /** Room for the symbols of many frames, which are priced where they lie; others are copied first. */
  readonly symbols: Uint8Array;
  /** Sum of the costs of `patchCount` patches whose symbols begin at `from`. */
  costOf(symbols: Uint8Array, from: number, patchCount: number): number;
}

/** Positions after the first that are priced at once, and numbers of a table for them: one for each of 256 symbols. */
const groupSize = 4;
const groupNumbers = 256 * groupSize;

/** `rowsMax`: patches there is room for. */
export const openCosts = (tables: CostTables, rowsMax: number): Costs => {
  const { symbolsPerPatch, alphabet, firstCost, laterCost, laterAt } = tables;
  const later = symbolsPerPatch - 1;
  const groups = Math.ceil(later / groupSize);
  const classNumbers = Math.max(1, later * alphabet);
  const classes = laterCost.length / classNumbers;
  const room = planRoom();
  const at = {
    symbols: room.place(rowsMax * symbolsPerPatch + groupSize),
    firsts: room.place(8 * alphabet),
    later: room.place(4 * Math.ceil(classes) * groups * groupNumbers),
  };
  const memory = openMemory(room.pages);
  const { buffer } = memory;
  const { surprise } = openKernels(wasmBase64, memory) as {
    surprise(...numbers: readonly number[]): number;
  };
  const costs = new Int32Array(buffer, at.later, Math.ceil(classes) * groups * groupNumbers);
  for (let of = 0; of < classes; of++)
    for (let position = 0; position < later; position++) {
      const table = (of * groups + Math.floor(position / groupSize)) * groupNumbers;
      const from = of * classNumbers + position * alphabet;
      for (let symbol = 0; symbol < alphabet; symbol++)
        costs[table + symbol * groupSize + (position % groupSize)] = laterCost[from + symbol]!;
    }
  const firsts = new Int32Array(buffer, at.firsts, 2 * alphabet);
  for (let symbol = 0; symbol < alphabet; symbol++) {
    const table = (laterAt[symbol]! / classNumbers) * groups * groupNumbers;
    firsts.set([firstCost[symbol]!, at.later + 4 * table], 2 * symbol);
  }
  const own = new Uint8Array(buffer, at.symbols, rowsMax * symbolsPerPatch);
  return {
    symbols: own,
    costOf(symbols, from, patchCount) {
      const isOwn = symbols === own;
      if (!isOwn) own.set(symbols.subarray(from, from + patchCount * symbolsPerPatch));
      const begin = isOwn ? at.symbols + from : at.symbols;
      return surprise(begin, patchCount, symbolsPerPatch, at.firsts, groups, 4 * groupNumbers);
    },
  };
};
