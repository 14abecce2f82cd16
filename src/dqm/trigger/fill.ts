/**
 * Frames of objects and their tokens into the MonitorObjects of a region. Refuses nothing: a frame's cells lie on the card's grid,
 * integer + 1 in each (`wire` checked them). A frame that repeats is told by others.
 */

import type { Filler } from '../fill.ts';
import { octaveBins, planOf, type TriggerLayout } from './layout.ts';

export const openTriggerFiller = (layout: TriggerLayout): Filler => {
  const { card, groups, groupOfSlot, countsMax, fieldBins, around, turn, sectors } = layout;
  const { symbolsPerPatch, alphabet, levels, symbolDigits } = layout;
  const at = (name: string): number => planOf(layout, name).offset;
  const [events, counts, sectorsAt, symbolsAt, digitsAt] = [
    'events',
    'counts',
    'sectors',
    'symbols',
    'digits',
  ].map(at) as [number, number, number, number, number];
  const fieldAt = card.fields.map(({ name }) => at(name));
  const width = card.fields.map(({ bits }, field) => 2 ** bits / fieldBins[field]!);
  const fields = card.fields.length;
  const levelsMax = Math.max(...levels);
  const count = new Float64Array(groups.length);
  const bump = (into: Float64Array, bin: number): void => {
    into[bin] = into[bin]! + 1;
  };
  const binOf = (field: number, value: number): number =>
    field === 0
      ? Math.min(fieldBins[0]! - 1, Math.floor(octaveBins * Math.log2(1 + value)))
      : Math.floor(value / width[field]!);
  return {
    addHits({ count: cells, voxel, adc }, into) {
      count.fill(0);
      let slotBefore = -1;
      for (let cell = 0; cell < cells; cell++) {
        const slot = Math.floor(voxel[cell]! / fields);
        const field = voxel[cell]! - slot * fields;
        const group = groupOfSlot[slot]!;
        const value = adc[cell]! - 1;
        if (slot !== slotBefore) count[group] = count[group]! + 1;
        slotBefore = slot;
        bump(into, fieldAt[field]! + group * fieldBins[field]! + binOf(field, value));
        if (field === around)
          bump(
            into,
            sectorsAt + group * sectors + Math.min(sectors - 1, Math.floor((value * sectors) / turn)),
          );
      }
      let all = 0;
      for (let group = 0; group < groups.length; group++) {
        bump(into, counts + group * (countsMax + 1) + count[group]!);
        all += count[group]!;
      }
      bump(into, events + all);
    },
    addRepeats() {},
    addSymbols(symbols, patches, into) {
      for (let patch = 0; patch < patches; patch++)
        for (let position = 0; position < symbolsPerPatch; position++) {
          let rest = symbols[patch * symbolsPerPatch + position]!;
          bump(into, symbolsAt + position * alphabet + rest);
          for (let digit = (position + 1) * symbolDigits - 1; digit >= position * symbolDigits; digit--) {
            bump(into, digitsAt + digit * levelsMax + (rest % levels[digit]!));
            rest = Math.floor(rest / levels[digit]!);
          }
        }
    },
  };
};
