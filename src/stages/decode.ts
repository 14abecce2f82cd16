/**
 * Decodes messages into patch rows: verifies each frame, reads its hits into scratch and gathers its active
 * patches behind those of the frames before it. Refuses frames one by one, with a Fault each; a refused frame
 * leaves no row behind.
 */

import { type Scorers, surveyColumns, type Watch } from '../anomaly/scores/scorers.ts';
import { Fault } from '../domain/fault.ts';
import type { Digits } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import type { ModelCard } from '../domain/model.ts';
import { type Gatherer, openGatherer } from '../kernels/patches/gather.ts';
import { type PatchGrid, patchGrid } from '../kernels/patches/patch.ts';
import { type OpenFrame, openFrame, readDigits } from '../wire/frame.ts';

/** What decoding needs of one instrument and model, with scratch: one per lane. */
export interface FrameDecoder {
  readonly card: InstrumentCard;
  readonly grid: PatchGrid;
  /** Holds the hits of the frame at hand; any other stage may overwrite them. */
  readonly gatherer: Gatherer;
  /** Surveys the frame at hand for its scores; null where no score asks for it. */
  readonly watch: Watch | null;
}

/** What decoding fills: frame i has rows `firstRow[i]` … `firstRow[i] + rowCount[i] − 1`, or a fault. */
export interface DecodedColumns {
  frameCount: number;
  rowTotal: number;
  readonly opens: (OpenFrame | null)[];
  readonly faults: (Fault | null)[];
  readonly firstRow: Uint32Array;
  readonly rowCount: Uint32Array;
  /** Patch id of each row, and its cells: 0 or the model's code of the ADC. */
  readonly patches: Uint32Array;
  readonly cells: Uint8Array;
  /** `surveyColumns` numbers of each frame's survey, where it is surveyed. */
  readonly surveyed: Float64Array;
}

export const openDecoder = (
  card: InstrumentCard,
  model: ModelCard,
  scorers: Pick<Scorers, 'spareBytes' | 'watch'>,
): FrameDecoder => {
  const grid = patchGrid(card);
  const codes = Uint8Array.from(model.inputTable);
  const gatherer = openGatherer(grid, card.adcBits, codes, scorers.spareBytes);
  return { card, grid, gatherer, watch: scorers.watch(gatherer) };
};

/** Reads the hits of an opened frame into the decoder's scratch again. */
export const digitsOf = ({ card, gatherer }: FrameDecoder, open: OpenFrame): Digits => {
  const { hits } = gatherer;
  hits.count = readDigits(open, card, hits);
  return hits;
};

/**
 * Decodes frames from index `from` on, as many as there is room for, at least one; returns how many. Without
 * `hits` only what names a frame is read: that is all a shed frame's packet says.
 */
export const decode = (
  decoder: FrameDecoder,
  frames: readonly Uint8Array[],
  from: number,
  hits: boolean,
  into: DecodedColumns,
): number => {
  const { card, grid, gatherer } = decoder;
  const framesMax = Math.min(frames.length - from, into.firstRow.length);
  let row = 0;
  let frame = 0;
  for (; frame < framesMax; frame++) {
    into.opens[frame] = null;
    into.faults[frame] = null;
    into.firstRow[frame] = row;
    into.rowCount[frame] = 0;
    try {
      const open = openFrame(frames[from + frame]!, card);
      if (hits) {
        const rowsNeeded = Math.min(open.hitCount, grid.patchCount);
        if (frame > 0 && row + rowsNeeded > into.patches.length) break;
        digitsOf(decoder, open);
        const rows = gatherer.gather(into, row);
        decoder.watch?.(rows, open.region, open.hitCount, into.surveyed, frame * surveyColumns);
        into.rowCount[frame] = rows;
        row += rows;
      }
      into.opens[frame] = open;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      into.faults[frame] = error;
    }
  }
  into.frameCount = frame;
  into.rowTotal = row;
  return frame;
};
