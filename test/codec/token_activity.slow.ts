/** How a map of active patches becomes coding steps: the twin of what wasm/token_coder.as does. Refuses nothing. */

import { type ActivityTables, activityFlags } from '../../src/codec/token_activity.ts';

const symbolCount = 1 << activityFlags;

/** Symbols of one frame, so steps it takes, whatever is active. */
export const activityStepCount = ({ layers, rows, width }: ActivityTables): number => layers * rows * width;

/** Appends the steps of `patchCount` strictly ascending patch ids and returns the new step count. */
export const putActivity = (
  coded: Uint32Array,
  at: number,
  patches: Uint32Array,
  patchCount: number,
  tables: ActivityTables,
): number => {
  const { layers, rows, columns, width, steps, flags } = tables;
  flags.fill(0);
  for (let row = 0; row < patchCount; row++) {
    const patch = patches[row]!;
    const line = (patch / columns) | 0;
    const column = patch - line * columns;
    const layer = (line / rows) | 0;
    // One row of zeros for each layer begun, and one layer of them in front of all.
    const place = (line + layer + rows + 2) * width + (column >>> 2);
    flags[place]! |= 8 >>> (column & 3);
  }
  let next = at;
  const layerStep = (rows + 1) * width;
  for (let layer = 1; layer <= layers; layer++) {
    for (let row = 1; row <= rows; row++) {
      let place = layer * layerStep + row * width;
      let last = 0;
      for (const end = place + width; place < end; place++) {
        const symbol = flags[place]!;
        const context = (flags[place - width]! << 5) | (flags[place - layerStep]! << 1) | last;
        coded[next++] = steps[context * symbolCount + symbol]!;
        last = symbol & 1;
      }
    }
  }
  return next;
};
