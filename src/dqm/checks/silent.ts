/**
 * Finds channels, chips and front-end cards that give nothing where the references lead to expect much. Crowds of tracks make
 * counts fluctuate by far more than their roots, but they pass every card: silence is told from a low count at once. Refuses to
 * expect anything of what the references do not know.
 */

import { binsOf, type ObjectLayout } from '../layout.ts';
import { medianOf } from './channels.ts';
import type { Reading } from './list.ts';

/** A part with less than this share of what is expected of it is silent: a dying one may still let some noise through. */
const silentShare = 0.05;

export const grouped = (values: Float64Array, groupOf: ArrayLike<number>, groups: number): Float64Array => {
  const sums = new Float64Array(groups);
  for (let i = 0; i < values.length; i++) sums[groupOf[i]!] = sums[groupOf[i]!]! + values[i]!;
  return sums;
};

/** By kind of part the root of what is expected of the most expected silent one, and all silent ones, most expected first. */
export const silentReadings = (
  layout: ObjectLayout,
  values: Float64Array,
  combined: Float64Array,
): Reading[] => {
  const [now, before] = [binsOf(layout, values, 'occupancy'), binsOf(layout, combined, 'occupancy')];
  const { cardOf, cards, chipOf, chips, channels } = layout;
  const [cardsNow, cardsBefore] = [grouped(now, cardOf, cards), grouped(before, cardOf, cards)];
  const ratios = [...cardsNow.keys()].flatMap((card) =>
    cardsBefore[card]! > 0 ? [cardsNow[card]! / cardsBefore[card]!] : [],
  );
  const scale = medianOf(ratios);
  const reading = (part: string, of: Float64Array, usual: Float64Array): Reading => {
    const silent: number[] = [];
    for (let i = 0; i < of.length; i++)
      if (usual[i]! * scale > 1 && of[i]! <= silentShare * usual[i]! * scale) silent.push(i);
    silent.sort((a, b) => usual[b]! - usual[a]!);
    const value = silent.length === 0 ? 0 : Math.sqrt(usual[silent[0]!]! * scale);
    const bins = silent.filter((i) => usual[i]! >= usual[silent[0]!]! / 2);
    return { check: 'channels', of: `occupancy: silent ${part}`, value, bins };
  };
  const own = Uint32Array.from({ length: channels }, (_, channel) => channel);
  return [
    reading('card', cardsNow, cardsBefore),
    reading('chip', grouped(now, chipOf, chips), grouped(before, chipOf, chips)),
    reading('channel', grouped(now, own, channels), grouped(before, own, channels)),
  ];
};
