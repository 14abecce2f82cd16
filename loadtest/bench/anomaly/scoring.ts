/**
 * Scores of single frames as the lane makes them, and the reconstruction error of the token model as an autoencoder,
 * which is a baseline. Refuses to time anything: `cost.ts` does that in the lane itself.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModel } from '../../../src/adapters/onnx/model.ts';
import {
  openRepeatMemory,
  openSigner,
  type RepeatMemory,
  repeatsName,
} from '../../../src/anomaly/scores/repeats.ts';
import {
  openScorers,
  type ScorableColumns,
  type Scorers,
  surveyColumns,
} from '../../../src/anomaly/scores/scorers.ts';
import { parseScoreTables } from '../../../src/anomaly/scores/tables.ts';
import { type Cards, home } from '../../../src/assemble.ts';
import { prepareTokenReader } from '../../../src/codec/token_reader.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import { limits } from '../../../src/domain/limits.ts';
import { openGatherer } from '../../../src/kernels/patches/gather.ts';
import { patchGrid } from '../../../src/kernels/patches/patch.ts';
import { gatherNeighbours } from '../../../src/kernels/patches/patch_neighbours.ts';

export interface Scored {
  readonly hitCount: number;
  readonly totalCharge: number;
  /** In the order of `Scoring.names`. */
  readonly scores: Float64Array;
}

export interface Frame {
  readonly region: number;
  readonly timeFrame: number;
  readonly digits: Digits;
}

export interface Scoring {
  readonly names: readonly string[];
  readonly scorers: Scorers;
  /** `earlier` is all that the memory of repeats holds; null: the frames scored so far in this way. */
  score(frame: Frame, earlier: Frame | null): Promise<Scored>;
  /** Mean difference of cell codes, decoded from its tokens against its own, a hit. */
  reconstructionError(frame: Frame): Promise<number>;
  close(): Promise<void>;
}

export const openScoring = async ({ card, model, modelFolder }: Cards): Promise<Scoring> => {
  const json = readFileSync(join(home, 'instruments/scores', `${card.id}.json`), 'utf8');
  const scorers = openScorers(card, model, parseScoreTables(json, card));
  const grid = patchGrid(card);
  const gatherer = openGatherer(grid, card.adcBits, Uint8Array.from(model.inputTable), scorers.spareBytes);
  const watch = scorers.watch(gatherer)!;
  const open = (file: typeof model.encoder) =>
    openModel({ path: join(modelFolder, file.file), file, provider: 'cpu' });
  const [encoder, decoder] = [await open(model.encoder), await open(model.decoder)];
  const reader = prepareTokenReader(model, card);
  const signer = openSigner(grid.patchCount, model.symbolsPerPatch);
  const repeats = openRepeatMemory(limits.repeatReachTimeFrames);
  const opens: [{ hitCount: number }] = [{ hitCount: 0 }];
  const bite = {
    opens,
    firstRow: new Uint32Array(1),
    rowCount: new Uint32Array(1),
    symbols: new Uint8Array(grid.patchCount * model.symbolsPerPatch),
    surveyed: new Float64Array(surveyColumns),
  } satisfies ScorableColumns;
  const rows = {
    patches: new Uint32Array(grid.patchCount),
    cells: new Uint8Array(grid.patchCount * grid.cellsPerPatch),
  };
  const tokenize = async ({ digits, region }: Frame): Promise<number> => {
    gatherer.hits.voxel.set(digits.voxel.subarray(0, digits.count));
    gatherer.hits.adc.set(digits.adc.subarray(0, digits.count));
    gatherer.hits.count = digits.count;
    const rowCount = gatherer.gather(rows, 0);
    watch(rowCount, region, digits.count, bite.surveyed, 0);
    if (rowCount > 0) await encoder.run(rows.cells, rowCount, bite.symbols);
    bite.rowCount[0] = rowCount;
    opens[0] = { hitCount: digits.count };
    return rowCount;
  };
  const repeatOf = ({ region, timeFrame }: Frame, rowCount: number, memory: RepeatMemory): number =>
    memory.judge(region, timeFrame, signer.sign(rows.patches, 0, rowCount, bite.symbols)).matches;
  return {
    names: [...scorers.names, repeatsName],
    scorers,
    async score(frame, earlier) {
      const memory = earlier === null ? repeats : openRepeatMemory(2);
      if (earlier !== null) repeatOf(earlier, await tokenize(earlier), memory);
      const rowCount = await tokenize(frame);
      const scores = new Float64Array(scorers.names.length + 1);
      scorers.scoreFrame(bite, 0, scores, 0);
      scores[scorers.names.length] = repeatOf(frame, rowCount, memory);
      return { hitCount: frame.digits.count, totalCharge: scorers.totalCharge(bite, 0), scores };
    },
    async reconstructionError(frame) {
      const rowCount = await tokenize(frame);
      if (rowCount === 0) return 0;
      const around = new Uint8Array(rowCount * model.decoder.inputWidth);
      const decoded = new Uint8Array(rowCount * grid.cellsPerPatch);
      gatherNeighbours(
        rows.patches,
        rowCount,
        bite.symbols,
        model.symbolsPerPatch,
        reader.neighbours,
        around,
      );
      await decoder.run(around, rowCount, decoded);
      let error = 0;
      for (let cell = 0; cell < decoded.length; cell++) error += Math.abs(decoded[cell]! - rows.cells[cell]!);
      return error / frame.digits.count;
    },
    async close() {
      await encoder.close();
      await decoder.close();
    },
  };
};
