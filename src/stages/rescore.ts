/**
 * Scores frames that were kept to the last bit once more, by what that has shown: late scores. Few frames are, and each
 * is decoded by itself, so that what it gives does not hang on the frames beside it. Refuses nothing and decides nothing.
 */

import { coderSurprise } from '../anomaly/scores/late_scores.ts';
import type { Reconstructor } from '../anomaly/scores/reconstruction.ts';
import type { Layer } from '../domain/packet.ts';
import type { Model } from '../ports/model.ts';

export interface RescoredColumns {
  readonly frameCount: number;
  readonly opens: readonly ({ readonly hitCount: number } | null)[];
  readonly firstRow: Uint32Array;
  readonly rowCount: Uint32Array;
  readonly patches: Uint32Array;
  readonly cells: Uint8Array;
  readonly symbols: Uint8Array;
  readonly ladder: readonly (readonly Layer[] | null)[];
  /** Late scores of each frame, in their order; none for most. */
  readonly late: (readonly number[])[];
}

/** What decodes tokens, and a sample of a frame's made ready for it. */
export interface Reconstruction {
  readonly decoder: Model;
  readonly reconstructor: Reconstructor;
}

const none: readonly number[] = [];

/** @param reconstruction null: nothing decodes, and coder surprise is the only one */
export const rescore = async (
  reconstruction: Reconstruction | null,
  bite: RescoredColumns,
): Promise<void> => {
  for (let frame = 0; frame < bite.frameCount; frame++) {
    const hitCount = bite.opens[frame]?.hitCount ?? 0;
    const layers = bite.ladder[frame];
    const coder = layers ? coderSurprise(layers, hitCount) : null;
    if (coder === null) bite.late[frame] = none;
    else if (reconstruction === null) bite.late[frame] = [coder];
    else bite.late[frame] = [coder, await reconstruct(reconstruction, bite, frame)];
  }
};

const reconstruct = async (
  { decoder, reconstructor }: Reconstruction,
  { firstRow, rowCount, patches, cells, symbols }: RescoredColumns,
  frame: number,
): Promise<number> => {
  const rows = { firstRow: firstRow[frame]!, rowCount: rowCount[frame]!, patches, cells, symbols };
  const count = reconstructor.ask(rows);
  await decoder.run(reconstructor.input, count, reconstructor.output);
  return reconstructor.score(rows);
};
