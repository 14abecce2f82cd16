/**
 * Which patches of a frame are active, in frames where many are: four patches along the last axis are one symbol,
 * priced by the four patches before them along each of the two other axes and by the patch just before;
 * `kernels/token_coder` writes the map, here it is read. Refuses
 * (packet-layer) a map that reaches outside the grid or holds another number of patches than was said.
 */

import { Fault } from '../domain/fault.ts';
import { frequencyBits, normalizeFrequencies } from '../kernels/frequencies.ts';
import { type RansReader, readSymbol, type SymbolTable, symbolTable } from '../kernels/rans.ts';

/** Patches of one symbol, the first most significant. */
export const activityFlags = 4;
const symbolCount = 1 << activityFlags;
/** Contexts: the symbol one row before, the symbol one layer before, the flag just before. */
export const activityContexts = 1 << (2 * activityFlags + 1);

/** The patch grid as layers of rows of columns: axes before the last two are one, axes that lack are of size 1. */
export interface LayeredGrid {
  readonly layers: number;
  readonly rows: number;
  readonly columns: number;
}

export const layeredGrid = (perAxis: readonly number[]): LayeredGrid => ({
  layers: perAxis.slice(0, -2).reduce((n, count) => n * count, 1),
  rows: perAxis.at(-2) ?? 1,
  columns: perAxis.at(-1)!,
});

export interface ActivityTables extends LayeredGrid {
  /** Symbols of one row. */
  readonly width: number;
  readonly contexts: readonly SymbolTable[];
  /** Steps of all contexts, `symbolCount` each. */
  readonly steps: Uint32Array;
  /** Symbols of a frame with one row and one layer of zeros in front: one per thread, written by each call. */
  readonly flags: Uint8Array;
}

export const activityTables = (grid: LayeredGrid, counts: readonly (readonly number[])[]): ActivityTables => {
  if (counts.length !== activityContexts) throw new Error(`${counts.length} activity contexts are not known`);
  const contexts = counts.map((row) => symbolTable(normalizeFrequencies(row, frequencyBits), frequencyBits));
  const steps = new Uint32Array(activityContexts * symbolCount);
  contexts.forEach(({ step }, context) => {
    steps.set(step, context * symbolCount);
  });
  const width = Math.ceil(grid.columns / activityFlags);
  return {
    ...grid,
    width,
    contexts,
    steps,
    flags: new Uint8Array((grid.layers + 1) * (grid.rows + 1) * width),
  };
};

/** Reads the ids of exactly `patchCount` active patches into `patches`, ascending. */
export const takeActivity = (
  reader: RansReader,
  patches: Uint32Array,
  patchCount: number,
  tables: ActivityTables,
): void => {
  const { layers, rows, columns, width, contexts, flags } = tables;
  flags.fill(0);
  const layerStep = (rows + 1) * width;
  let found = 0;
  for (let layer = 1; layer <= layers; layer++) {
    for (let row = 1; row <= rows; row++) {
      const place = layer * layerStep + row * width;
      const first = ((layer - 1) * rows + row - 1) * columns;
      let last = 0;
      for (let word = 0; word < width; word++) {
        const above = flags[place + word - width]!;
        const before = flags[place + word - layerStep]!;
        const symbol = readSymbol(reader, contexts[(above << 5) | (before << 1) | last]!);
        flags[place + word] = symbol;
        last = symbol & 1;
        for (let flag = 0; flag < activityFlags; flag++) {
          if ((symbol & (8 >>> flag)) === 0) continue;
          const column = word * activityFlags + flag;
          if (column >= columns || found === patchCount) throw damaged();
          patches[found++] = first + column;
        }
      }
    }
  }
  if (found !== patchCount) throw damaged();
};

const damaged = (): Fault =>
  new Fault('packet-layer', 'the map of active patches does not fit its grid or count: the layer is damaged');
