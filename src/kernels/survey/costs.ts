/**
 * What the symbols of a frame's patches cost together, quickly (wasm/surprise.as). Refuses nothing: symbols are within
 * their alphabet, and more patches than it was opened for are our bug and throw. Its slow twin is in the test.
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

/** Sum of the costs of `patchCount` patches whose symbols begin at `from`. One per thread. */
export type CostOf = (symbols: Uint8Array, from: number, patchCount: number) => number;

export const openCosts = (tables: CostTables, patchesMax: number): CostOf => {
  const { symbolsPerPatch, alphabet, firstCost, laterCost, laterAt } = tables;
  const room = planRoom();
  const at = {
    symbols: room.place(patchesMax * symbolsPerPatch),
    costs: room.place(4 * (firstCost.length + laterCost.length)),
    rows: room.place(4 * laterAt.length),
  };
  const memory = openMemory(room.pages);
  const { surprise } = openKernels(wasmBase64, memory) as {
    surprise(...numbers: readonly number[]): number;
  };
  const costs = new Int32Array(memory.buffer, at.costs, firstCost.length + laterCost.length);
  costs.set(firstCost);
  costs.set(laterCost, firstCost.length);
  new Int32Array(memory.buffer, at.rows, laterAt.length).set(laterAt.map((row) => row + firstCost.length));
  const own = new Uint8Array(memory.buffer, at.symbols, patchesMax * symbolsPerPatch);
  return (symbols, from, patchCount) => {
    own.set(symbols.subarray(from, from + patchCount * symbolsPerPatch));
    return surprise(at.symbols, patchCount, symbolsPerPatch, alphabet, at.costs, at.rows);
  };
};
