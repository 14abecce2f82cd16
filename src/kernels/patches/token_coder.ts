/**
 * A frame's active patches and their symbols to the bytes of a token layer, quickly: tables in linear memory and the
 * compiled kernel over them (wasm/token_coder.as). In TypeScript the same took twice as long, a fifth of a lane's time
 * on full frames. Refuses nothing of the data: patches that do not ascend inside the grid are the caller's to see.
 */

import { wasmBase64 } from '../generated/token_coder.ts';
import { openKernels, openMemory, planRoom } from '../linear_memory.ts';
import { ransBytesMax } from '../rans.ts';

/** What prices symbols, as `codec/tokens.ts` makes it of a card; all frequencies sum to 2^12. */
export interface TokenPrices {
  readonly patchCount: number;
  readonly symbolsPerPatch: number;
  readonly alphabet: number;
  readonly steps: Uint32Array;
  readonly ownTable: Uint32Array;
  readonly parentTable: Uint32Array;
  readonly gaps: { readonly step: Uint32Array };
  readonly activity: {
    readonly layers: number;
    readonly rows: number;
    readonly columns: number;
    readonly width: number;
    readonly steps: Uint32Array;
    readonly flags: Uint8Array;
  };
  readonly contexts: {
    readonly parent: Uint8Array;
    readonly near: Uint8Array;
    readonly nearClasses: number;
    readonly first: Uint8Array;
    readonly placeOf: Int32Array;
    readonly rowStep: number;
    readonly layerStep: number;
    readonly classes: Uint8Array;
  };
}

export interface TokenCoder {
  /**
   * The coded bytes of `patchCount` ascending patches and their symbols, `sparse` saying how patches are told; valid
   * until the next call. null when a symbol lies outside the alphabet.
   */
  encode(patches: Uint32Array, patchCount: number, symbols: Uint8Array, sparse: boolean): Uint8Array | null;
}

/** Steps a gap takes at most (`codec/gaps`). */
const gapStepsMax = 3;
/** 2^43 / frequency, rounded up: a quotient by a product. */
const reciprocals = BigUint64Array.from({ length: 4097 }, (_, frequency) => {
  const divisor = BigInt(Math.max(1, frequency));
  return (2n ** 43n + divisor - 1n) / divisor;
});

/** One per thread; its memory holds the worst frame (some 50 bytes a patch and 6 a symbol). */
export const openTokenCoder = (prices: TokenPrices): TokenCoder => {
  const { patchCount, symbolsPerPatch, alphabet, activity, contexts, gaps } = prices;
  const stepsMax =
    patchCount * (symbolsPerPatch + gapStepsMax) + activity.layers * activity.rows * activity.width;
  const room = planRoom();
  const fills: { readonly at: number; readonly from: ArrayBufferView }[] = [];
  const kept = (from: ArrayBufferView): number => {
    const at = room.place(from.byteLength);
    fills.push({ at, from });
    return at;
  };
  const at = {
    layout: room.place(256),
    patches: room.place(4 * patchCount),
    symbols: room.place(patchCount * symbolsPerPatch),
    coded: room.place(4 * stepsMax),
    out: room.place(ransBytesMax(stepsMax)),
  };
  const outEnd = at.out + ransBytesMax(stepsMax);
  // In the order of `Layout` in wasm/token_coder.as.
  const layout = Int32Array.of(
    ...[symbolsPerPatch, alphabet, activity.layers, activity.rows, activity.columns, activity.width],
    ...[contexts.nearClasses, contexts.rowStep, contexts.layerStep],
    ...[contexts.classes.length, activity.flags.length],
    ...[prices.steps, prices.ownTable, prices.parentTable].map(kept),
    ...[contexts.parent, contexts.near, contexts.first, contexts.placeOf, contexts.classes].map(kept),
    ...[activity.steps, activity.flags, gaps.step, reciprocals].map(kept),
    ...[at.patches, at.symbols, at.coded, outEnd],
  );
  const memory = openMemory(room.pages);
  const { buffer } = memory;
  const bytes = new Uint8Array(buffer);
  for (const { at: to, from } of fills)
    bytes.set(new Uint8Array(from.buffer, from.byteOffset, from.byteLength), to);
  new Int32Array(buffer, at.layout, layout.length).set(layout);
  const patchRoom = new Uint32Array(buffer, at.patches, patchCount);
  const symbolRoom = new Uint8Array(buffer, at.symbols, patchCount * symbolsPerPatch);
  const { encode } = openKernels(wasmBase64, memory) as {
    encode(layout: number, patchCount: number, sparse: number): number;
  };
  return {
    encode(patches, count, symbols, sparse) {
      patchRoom.set(patches.length === count ? patches : patches.subarray(0, count));
      const symbolCount = count * symbolsPerPatch;
      symbolRoom.set(symbols.length === symbolCount ? symbols : symbols.subarray(0, symbolCount));
      const begin = encode(at.layout, count, sparse ? 1 : 0);
      return begin === 0 ? null : bytes.subarray(begin, outEnd);
    },
  };
};
