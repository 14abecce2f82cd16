/**
 * Reconstruction: how far what the model's decoder makes of a frame's tokens lies from its cells, a hit, on a sample of its
 * patches: the decoder takes several times as long as the encoder. Refuses nothing; it runs no model itself.
 */

import { type InstrumentCard, patchesPerAxis } from '../../domain/instrument.ts';
import { limits } from '../../domain/limits.ts';
import type { ModelCard } from '../../domain/model.ts';
import { gatherNeighbours, patchNeighbours } from '../../kernels/patches/patch_neighbours.ts';
import { lineLog2 } from '../calibration/grid.ts';

/** About what an operating point's codes are off by a hit; the calibration's grid is finest around 0. */
const octavesUsual = 4;
const stepsPerOctave = 1024;

/** Rows of patches with their symbols and cells, and which of them are the frame's. */
export interface TokenizedRows {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly patches: Uint32Array;
  readonly symbols: Uint8Array;
  readonly cells: Uint8Array;
}

/** One per thread; what it gives lasts until it is asked again. */
export interface Reconstructor {
  /** Rows for the decoder, of as many patches as `count` says, and where it puts what it makes of them. */
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  /** Fills `input`; patches lie evenly among the frame's, as many as `limits` say. Returns how many. */
  ask(rows: TokenizedRows): number;
  /** The score from `output`: octaves of codes a hit, in 1024 steps. */
  score(rows: TokenizedRows): number;
}

/** `of` patches spread over `rowCount` rows. */
const rowOf = (i: number, of: number, rowCount: number): number =>
  Math.floor(((2 * i + 1) * rowCount) / (2 * of));

export const openReconstructor = (model: ModelCard, card: InstrumentCard): Reconstructor => {
  const perAxis = patchesPerAxis(card);
  const neighbours = patchNeighbours(perAxis, model.neighbours);
  const { inputWidth, outputWidth } = model.decoder;
  const input = new Uint8Array(limits.reconstructedPatchesMax * inputWidth);
  const output = new Uint8Array(limits.reconstructedPatchesMax * outputWidth);
  const places = new Uint32Array(limits.reconstructedPatchesMax);
  const { reconstructedPatchesOneIn, reconstructedPatchesMin, reconstructedPatchesMax } = limits;
  const sampled = (rowCount: number): number => {
    const wished = Math.max(reconstructedPatchesMin, Math.floor(rowCount / reconstructedPatchesOneIn));
    return Math.min(rowCount, wished, reconstructedPatchesMax);
  };
  return {
    input,
    output,
    ask({ firstRow, rowCount, patches, symbols }) {
      const own = symbols.subarray(firstRow * model.symbolsPerPatch);
      const count = sampled(rowCount);
      for (let i = 0; i < count; i++) places[i] = rowOf(i, count, rowCount);
      const asked = places.subarray(0, count);
      gatherNeighbours(
        patches.subarray(firstRow),
        rowCount,
        own,
        model.symbolsPerPatch,
        neighbours,
        input,
        asked,
      );
      return count;
    },
    score({ firstRow, rowCount, cells }) {
      const count = sampled(rowCount);
      let [error, hits] = [0, 0];
      for (let i = 0; i < count; i++) {
        const from = (firstRow + rowOf(i, count, rowCount)) * outputWidth;
        for (let cell = 0; cell < outputWidth; cell++) {
          const code = cells[from + cell]!;
          error += Math.abs(output[i * outputWidth + cell]! - code);
          if (code > 0) hits += 1;
        }
      }
      // No patch is without a hit; one code more, for nothing has no logarithm.
      return hits === 0 ? 0 : stepsPerOctave * (lineLog2((error + 1) / hits) - octavesUsual);
    },
  };
};
