/** Reconstruction: a sample of a frame's patches, evenly spread; how far what was decoded lies from them. */

import { describe, expect, it } from 'vitest';
import { openReconstructor } from '../../../src/anomaly/scores/reconstruction.ts';
import { limits } from '../../../src/domain/limits.ts';
import { modelCard, ppCard } from '../../stages/wedge.ts';

const { inputWidth, outputWidth } = modelCard.decoder;
const { symbolsPerPatch } = modelCard;
/** Every third patch, its first symbol a number of its own, with four cells of code 50 + 10 · row mod 7. */
const rowsOf = (firstRow: number, rowCount: number) => {
  const all = firstRow + rowCount;
  const rows = {
    firstRow,
    rowCount,
    patches: Uint32Array.from({ length: all }, (_, row) => 3 * row),
    symbols: new Uint8Array(all * symbolsPerPatch),
    cells: new Uint8Array(all * outputWidth),
  };
  for (let row = 0; row < all; row++) {
    rows.symbols[row * symbolsPerPatch] = row % 25;
    rows.cells.fill(50 + 10 * (row % 7), row * outputWidth, row * outputWidth + 4);
  }
  return rows;
};

describe('reconstruction', () => {
  const reconstructor = openReconstructor(modelCard, ppCard);

  it('asks for all patches of a small frame, and for a spread of a larger one', () => {
    const small = rowsOf(5, limits.reconstructedPatchesMin);
    expect(reconstructor.ask(small)).toBe(16);
    const firsts = (count: number) =>
      Array.from({ length: count }, (_, i) => reconstructor.input[i * inputWidth]);
    expect(firsts(16)).toEqual(Array.from({ length: 16 }, (_, i) => (5 + i) % 25));
    expect(reconstructor.ask(rowsOf(0, 5))).toBe(5);
    expect(reconstructor.ask(rowsOf(0, 200))).toBe(25);
    const many = 16 * limits.reconstructedPatchesMax;
    expect(reconstructor.ask(rowsOf(0, many))).toBe(limits.reconstructedPatchesMax);
    expect(firsts(50)).toEqual(Array.from({ length: 50 }, (_, i) => (16 * i + 8) % 25));
  });

  it('doubles with the error a hit: an octave, 1024 steps', () => {
    for (const rows of [rowsOf(5, 20), rowsOf(7, 16 * limits.reconstructedPatchesMax)]) {
      const count = reconstructor.ask(rows);
      const scoreOff = (by: number): number => {
        for (let i = 0; i < count; i++) {
          const row = rows.firstRow + Math.floor(((2 * i + 1) * rows.rowCount) / (2 * count));
          const own = rows.cells.subarray(row * outputWidth, (row + 1) * outputWidth);
          reconstructor.output.set(
            own.map((code) => (code > 0 ? code + by : 0)),
            i * outputWidth,
          );
        }
        return reconstructor.score(rows);
      };
      expect(scoreOff(16)).toBeCloseTo(0, -2);
      expect(scoreOff(32) - scoreOff(16)).toBeCloseTo(1024, -1);
    }
  });
});
