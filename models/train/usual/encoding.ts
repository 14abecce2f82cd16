/** Tokens of single frames, as the lane's encoder makes them, into objects of DQM. Refuses batches: nobody waits for it. */

import { join } from 'node:path';
import { openModel } from '../../../src/adapters/onnx/model.ts';
import type { Cards } from '../../../src/assemble.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import type { Filler } from '../../../src/dqm/fill.ts';
import { openGatherer } from '../../../src/kernels/patches/gather.ts';
import { patchGrid } from '../../../src/kernels/patches/patch.ts';

export interface Encoding {
  /** Fills the symbols of a frame's patches. */
  addSymbols(digits: Digits, filler: Filler, into: Float64Array): Promise<void>;
  close(): Promise<void>;
}

export const openEncoding = async ({ card, model, modelFolder }: Cards): Promise<Encoding> => {
  const encoder = await openModel({
    path: join(modelFolder, model.encoder.file),
    file: model.encoder,
    provider: 'cpu',
  });
  const grid = patchGrid(card);
  const gatherer = openGatherer(grid, card.adcBits, Uint8Array.from(model.inputTable));
  const rows = {
    patches: new Uint32Array(grid.patchCount),
    cells: new Uint8Array(grid.patchCount * grid.cellsPerPatch),
  };
  const symbols = new Uint8Array(grid.patchCount * model.symbolsPerPatch);
  return {
    async addSymbols(digits, filler, into) {
      gatherer.hits.voxel.set(digits.voxel.subarray(0, digits.count));
      gatherer.hits.adc.set(digits.adc.subarray(0, digits.count));
      gatherer.hits.count = digits.count;
      const count = gatherer.gather(rows, 0);
      if (count > 0) await encoder.run(rows.cells, count, symbols);
      filler.addSymbols(symbols, count, into);
    },
    close: () => encoder.close(),
  };
};
