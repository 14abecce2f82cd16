/**
 * Fits the ladder's static tables to frames of an instrument: weights by descent on the coded bits, curves, values
 * and frequencies by counting, thinly seen contexts leaning on coarser ones. It refuses nothing.
 */

import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { evenLevels } from '../../kernels/ladder/levels.ts';
import { planesMax } from '../../kernels/ladder/planes.ts';
import { fitOccupancy } from './fit_occupancy.ts';
import { fitPlanes } from './fit_planes.ts';
import { fitRemainder } from './fit_remainder.ts';
import { builtInTables, type LadderTables, readyTables } from './tables.ts';

export const fitTables = (
  frames: readonly Digits[],
  card: InstrumentCard,
  provenance: Readonly<Record<string, unknown>> = {},
  note: (line: string) => void = () => {},
): LadderTables => {
  const before = builtInTables(card);
  const lowest = evenLevels(card, 1 << planesMax);
  note('occupancy …');
  const occupancy = fitOccupancy(frames, before);
  note('planes …');
  const planes = fitPlanes(frames, before);
  note('remainder …');
  const remainder = fitRemainder(frames, before);
  const values = levelValues(frames, before);
  const parts = { ...occupancy, lowest, values, ...planes, ...remainder };
  return readyTables(card, parts, { by: 'fitTables', frames: frames.length, ...provenance });
};

/**
 * The ADC value that stands for each node of the tree of levels: the mean of the values it holds, so that sums of
 * charge come out right; their median would make the error in log2(ADC + 1) smaller, by 1 to 3 %, and charge wrong
 * by as much as that and more. A node nothing was seen of keeps the middle of its range.
 */
export const levelValues = (frames: readonly Digits[], { scale, parts }: LadderTables): Uint16Array => {
  const seen = new Float64Array(2 ** scale.adcBits);
  for (const { count, adc } of frames) for (let i = 0; i < count; i++) seen[adc[i]!]!++;
  const levels = scale.lowest.length;
  return parts.values.map((middle, node) => {
    if (node === 0) return 0;
    const away = Math.clz32(node) - Math.clz32(levels);
    const level = (node << away) - levels;
    const next = level + (1 << away);
    const end = next < levels ? scale.lowest[next]! : seen.length;
    let hits = 0;
    let charge = 0;
    for (let adc = scale.lowest[level]!; adc < end; adc++) {
      hits += seen[adc]!;
      charge += seen[adc]! * adc;
    }
    return hits === 0 ? middle : Math.round(charge / hits);
  });
};
