/**
 * A frame's remainder into its stream, quickly: the compiled twin (wasm/remainder.as) of `remainder.ts`, in the memory
 * of the ladder's encoder. Refuses nothing of the data.
 */

import { wasmBase64 } from '../generated/remainder.ts';
import { type LinearMemory, openKernels, type planRoom } from '../linear_memory.ts';
import { ladderPrecision } from './curve.ts';
import { layReciprocal } from './encoder_layout.ts';
import { remainderStepsMax } from './remainder.ts';
import { layRemainder, placeRemainder, type RemainderCoding } from './remainder_layout.ts';

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

/** Tables, and the steps of the worst frame. */
export const placeRemainderEncoder = (coding: RemainderCoding, room: ReturnType<typeof planRoom>) => ({
  ...placeRemainder(coding, room),
  reciprocals: room.place(8 << ladderPrecision),
  steps: room.place(4 * remainderStepsMax * (coding.grid.logs.log.length - 2 * coding.grid.logs.origin)),
});

export const openRemainderEncoder = (
  coding: RemainderCoding,
  memory: LinearMemory,
  at: ReturnType<typeof placeRemainderEncoder>,
): RemainderEncoder => {
  const { scale, grid } = coding;
  const kernels = openKernels(wasmBase64, memory) as Kernels;
  const view = new DataView(memory.buffer);
  layRemainder(memory.buffer, at, coding);
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
