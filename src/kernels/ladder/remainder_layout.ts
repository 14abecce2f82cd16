/**
 * The remainder's tables as the compiled kernels (wasm/remainder.as, wasm/ladder_reader.as) have them in their memory.
 * Refuses nothing: whoever loads tables checked their ranges.
 */

import type { planRoom } from '../linear_memory.ts';
import { cellOf } from './encoder_layout.ts';
import {
  apart,
  coefficientsPerPattern,
  type LogGrid,
  type RemainderScale,
  type RemainderTables,
} from './remainder.ts';

/** What of an instrument's tables the remainder depends on. */
export interface RemainderCoding {
  readonly scale: RemainderScale;
  readonly grid: { readonly logs: LogGrid };
  readonly remainder: RemainderTables;
}

/** As wasm/remainder.as has them: bytes of an ADC value's facts, and 16 numbers a pattern of eleven neighbours. */
const factBytes = 12;
const rowPatterns = 1 << 11;
const rowNumbers = 16;
/** Where a coefficient lies in its row: the constant, then the predictor's neighbours in their order. */
const coefficientPlaces = [12, 1, 0, 5, 4, 6, 3, 9, 10, 8];
const spreadPlace = 13;
const [, ...patternBits] = coefficientPlaces;

/** Addresses of the tables, and of voxel 0 in the grids of exact logarithms and of their levels' middles. */
export const placeRemainder = (
  { scale, grid, remainder }: RemainderCoding,
  room: ReturnType<typeof planRoom>,
) => ({
  facts: room.place(factBytes * scale.levelOf.length),
  levels: room.place(8 * scale.lowest.length),
  coefficients: room.place(2 * rowNumbers * rowPatterns),
  contextSteps: room.place(remainder.steps.byteLength),
  log: room.place(grid.logs.log.byteLength) + 2 * grid.logs.origin,
  middle: room.place(grid.logs.log.byteLength) + 2 * grid.logs.origin,
});

const layFacts = (memory: DataView, at: number, scale: RemainderScale): void => {
  const { levelOf, logOf, middleLog, symbolOf, placeStep } = scale;
  levelOf.forEach((level, adc) => {
    const to = at + factBytes * adc;
    memory.setInt16(to, logOf[adc]!, true);
    memory.setInt16(to + 2, middleLog[level]!, true);
    memory.setUint8(to + 4, level);
    memory.setUint8(to + 5, symbolOf[adc]!);
    memory.setUint8(to + 6, symbolOf[adc] === apart && level !== scale.lowest.length - 1 ? 1 : 0);
    memory.setUint32(to + 8, placeStep[adc]!, true);
  });
};

const layCoefficients = (into: Int16Array, { coefficients, spread }: RemainderTables): void => {
  for (let place = 0; place < rowPatterns; place++) {
    const pattern = cellOf(place, patternBits);
    const row = into.subarray(rowNumbers * place, rowNumbers * (place + 1));
    coefficientPlaces.forEach((to, k) => {
      row[to] = coefficients[coefficientsPerPattern * pattern + k]!;
    });
    row[spreadPlace] = spread[pattern]!;
  }
};

export const layRemainder = (
  buffer: ArrayBuffer,
  at: ReturnType<typeof placeRemainder>,
  { scale, remainder }: RemainderCoding,
): void => {
  const view = new DataView(buffer);
  layFacts(view, at.facts, scale);
  scale.lowest.forEach((_, level) => {
    const low = scale.lowLog[level]!;
    view.setInt32(at.levels + 8 * level, low, true);
    view.setInt32(at.levels + 8 * level + 4, Math.max(1, (scale.middleLog[level]! - low) << 1), true);
  });
  layCoefficients(new Int16Array(buffer, at.coefficients, rowNumbers * rowPatterns), remainder);
  new Uint32Array(buffer, at.contextSteps, remainder.steps.length).set(remainder.steps);
};
