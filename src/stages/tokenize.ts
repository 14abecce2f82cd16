/**
 * Turns all patch rows of a bite into symbols with the model, in as few calls as its runtime likes. Refuses
 * nothing: rows are well formed by then, and a model that fails is the world's fault, not a frame's.
 */

import type { Model } from '../ports/model.ts';

export interface TokenizedColumns {
  readonly rowTotal: number;
  readonly cells: Uint8Array;
  /** `symbolsPerPatch` of each row. */
  readonly symbols: Uint8Array;
}

export const tokenize = async (model: Model, bite: TokenizedColumns): Promise<void> => {
  if (bite.rowTotal > 0) await model.run(bite.cells, bite.rowTotal, bite.symbols);
};
