/**
 * How often each symbol of object tokens occurs, by simulated frames (Au+Au and p+p about alike; `layer.ts` fixes them with
 * its version), as tables for the entropy coder. Refuses nothing; other detectors' clusters cost some tenths of a bit more.
 */

import { normalizeFrequencies } from '../../kernels/frequencies.ts';
import { type SymbolTable, symbolTable } from '../../kernels/rans.ts';
import { gapPrecision, gapTable } from '../gaps.ts';
import { chargeCodes, widthCodes } from './shapes.ts';

export const objectPrecision = gapPrecision;

/** Gaps between patches of objects: where an eighth of the patches or more could have one each, and where fewer. */
const gapCounts = {
  dense: [1345, 1499, 569, 245, 125, 73, 45, 30, 21, 13, 10, 7, 5, 3, 3, 2, 6, 1],
  sparse: [
    735, 504, 287, 172, 103, 83, 63, 44, 31, 27, 24, 19, 13, 15, 13, 13, 260, 293, 200, 282, 347, 455, 3, 5,
    6, 3,
  ],
} as const;

/** Charge codes from 128 ADC counts, two samples at the threshold, on. */
const chargeFirst = 56;
const chargeCounts = [
  3, 5, 5, 4, 3, 3, 3, 3, 6, 6, 7, 7, 8, 8, 9, 9, 19, 21, 22, 25, 25, 28, 30, 30, 65, 70, 75, 80, 82, 87, 88,
  91, 184, 185, 183, 176, 169, 158, 148, 137, 241, 203, 174, 151, 132, 117, 104, 90, 144, 100, 70, 50, 37, 28,
  21, 17, 22, 12, 7, 4, 3, 2, 1, 1, 1, 1, 1, 1, 1,
] as const;

/** Widths by the charge's octave, the first from 128 ADC counts on; charges before and after are as the next of these. */
const padWidthCounts = [
  [759, 0, 0, 225, 2, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [447, 0, 34, 382, 9, 69, 37, 6, 13, 2, 2, 1, 0, 1, 0, 0],
  [95, 1, 54, 439, 68, 187, 97, 29, 18, 6, 4, 1, 1, 1, 1, 1],
  [8, 3, 10, 115, 103, 288, 195, 127, 82, 36, 23, 6, 2, 1, 1, 1],
  [1, 1, 3, 16, 58, 240, 179, 161, 115, 97, 73, 32, 16, 6, 3, 1],
  [1, 1, 1, 3, 17, 182, 191, 155, 134, 124, 92, 53, 28, 14, 6, 1],
  [0, 0, 1, 1, 1, 30, 114, 142, 180, 189, 156, 101, 55, 24, 7, 1],
  [0, 0, 0, 0, 0, 1, 8, 34, 97, 186, 224, 171, 134, 89, 43, 13],
  [0, 0, 0, 0, 0, 0, 0, 0, 113, 155, 174, 210, 155, 100, 78, 15],
] as const;
const binWidthCounts = [
  [222, 744, 19, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [147, 398, 431, 22, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [27, 178, 668, 123, 3, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [3, 40, 527, 418, 10, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  [1, 6, 129, 746, 105, 13, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
  [1, 1, 12, 574, 307, 86, 16, 3, 1, 1, 1, 0, 0, 0, 0, 0],
  [0, 1, 1, 172, 438, 245, 104, 32, 7, 1, 1, 1, 0, 0, 0, 0],
  [0, 0, 0, 2, 84, 234, 299, 231, 102, 37, 9, 2, 1, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 6, 47, 181, 236, 285, 185, 59, 0, 0, 0],
] as const;

const tableOf = (counts: ArrayLike<number>): SymbolTable =>
  symbolTable(normalizeFrequencies(counts, objectPrecision), objectPrecision);

/** By charge code: the table of a width. */
const byCharge = (rows: readonly (readonly number[])[]): readonly SymbolTable[] => {
  const tables = rows.map((counts) => tableOf(counts));
  return Array.from({ length: chargeCodes }, (_, code) => {
    const octave = Math.floor((code - chargeFirst) / 8);
    return tables[Math.min(rows.length - 1, Math.max(0, octave))]!;
  });
};

const chargeRow = new Uint32Array(chargeCodes);
chargeRow.set(chargeCounts, chargeFirst);

export const objectTables = {
  gaps: { dense: gapTable(gapCounts.dense), sparse: gapTable(gapCounts.sparse) },
  charge: tableOf(chargeRow),
  padWidth: byCharge(padWidthCounts),
  binWidth: byCharge(binWidthCounts),
} as const;

if (padWidthCounts.some(({ length }) => length !== widthCodes)) throw new Error('a width has too few counts');
