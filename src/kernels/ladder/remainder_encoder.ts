/**
 * A frame's remainder into its stream, quickly: the compiled twin (wasm/remainder.as) of `remainder.ts`, in the memory
 * of the ladder's encoder. Refuses nothing of the data.
 */

import { wasmBase64 } from '../generated/remainder.ts';
import { type LinearMemory, openKernels, type planRoom } from '../linear_memory.ts';
import { ladderPrecision } from './curve.ts';
import { cellOf, layReciprocal } from './encoder_layout.ts';
import {
  apart,
  coefficientsPerPattern,
  type LogGrid,
  type RemainderScale,
  type RemainderTables,
  remainderStepsMax,
} from './remainder.ts';

interface RemainderCoding {
  readonly scale: RemainderScale;
  readonly grid: { readonly logs: LogGrid };
  readonly remainder: RemainderTables;
}

export interface RemainderEncoder {
  /** Codes hits that lie in the memory into the stream whose head is at `head`. */
  code(voxel: number, adc: number, count: number, head: number): void;
}

interface Kernels {
  codeFreeSteps(steps: number, count: number, reciprocals: number, head: number): void;
  markLogs(voxel: number, adc: number, count: number, log: number, middle: number, facts: number): void;
  clearLogs(voxel: number, count: number, log: number, middle: number): void;
  putRemainders(
    voxel: number,
    adc: number,
    count: number,
    log: number,
    middle: number,
    rowBytes: number,
    facts: number,
    adcBits: number,
    coefficients: number,
    levels: number,
    levelCount: number,
    contextSteps: number,
    steps: number,
  ): number;
}

/** As wasm/remainder.as has them: bytes of an ADC value's facts, and 16 numbers a pattern of eleven neighbours. */
const factBytes = 12;
const rowPatterns = 1 << 11;
const rowNumbers = 16;
/** Where a coefficient lies in its row: the constant, then the predictor's neighbours in their order. */
const coefficientPlaces = [12, 1, 0, 5, 4, 6, 3, 9, 10, 8];
const spreadPlace = 13;
const [, ...patternBits] = coefficientPlaces;

export const placeRemainder = (
  { scale, grid, remainder }: RemainderCoding,
  room: ReturnType<typeof planRoom>,
) => ({
  facts: room.place(factBytes * scale.levelOf.length),
  levels: room.place(8 * scale.lowest.length),
  coefficients: room.place(2 * rowNumbers * rowPatterns),
  contextSteps: room.place(remainder.steps.byteLength),
  reciprocals: room.place(8 << ladderPrecision),
  log: room.place(grid.logs.log.byteLength) + 2 * grid.logs.origin,
  middle: room.place(grid.logs.log.byteLength) + 2 * grid.logs.origin,
  steps: room.place(4 * remainderStepsMax * (grid.logs.log.length - 2 * grid.logs.origin)),
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

export const openRemainderEncoder = (
  { scale, grid, remainder }: RemainderCoding,
  memory: LinearMemory,
  at: ReturnType<typeof placeRemainder>,
): RemainderEncoder => {
  const kernels = openKernels(wasmBase64, memory) as Kernels;
  const { buffer } = memory;
  const view = new DataView(buffer);
  layFacts(view, at.facts, scale);
  scale.lowest.forEach((_, level) => {
    const low = scale.lowLog[level]!;
    view.setInt32(at.levels + 8 * level, low, true);
    view.setInt32(at.levels + 8 * level + 4, Math.max(1, (scale.middleLog[level]! - low) << 1), true);
  });
  layCoefficients(new Int16Array(buffer, at.coefficients, rowNumbers * rowPatterns), remainder);
  new Uint32Array(buffer, at.contextSteps, remainder.steps.length).set(remainder.steps);
  for (let freq = 1; freq < 1 << ladderPrecision; freq++)
    layReciprocal(view, at.reciprocals + 8 * freq, freq);
  return {
    code(voxel, adc, count, head) {
      kernels.markLogs(voxel, adc, count, at.log, at.middle, at.facts);
      const end = kernels.putRemainders(
        voxel,
        adc,
        count,
        at.log,
        at.middle,
        2 * grid.logs.columns,
        at.facts,
        scale.adcBits,
        at.coefficients,
        at.levels,
        scale.lowest.length,
        at.contextSteps,
        at.steps,
      );
      kernels.clearLogs(voxel, count, at.log, at.middle);
      kernels.codeFreeSteps(at.steps, (end - at.steps) >>> 2, at.reciprocals, head);
    },
  };
};
