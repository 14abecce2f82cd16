/**
 * Objects in words: which of its group one is, and its numbers in their units. It refuses nothing; what cannot be
 * read has thrown its Fault before.
 */

import type { ObjectRecord } from '../../domain/frame.ts';
import type { ObjectField, ObjectsCard } from '../../domain/instrument.ts';
import { type OpenFrame, readDigits } from '../../wire/frame.ts';
import { recordLayout, recordsOf } from '../../wire/frames/records.ts';

/** `jet 3`: the third of its group; a group of one has no number. */
export const slotInWords = (slot: number, { groups }: ObjectsCard): string => {
  let first = 0;
  for (const { name, countMax } of groups) {
    if (slot < first + countMax) return countMax === 1 ? name : `${name} ${slot - first + 1}`;
    first += countMax;
  }
  return `slot ${slot}`;
};

const physicalOf = ({ offset, step }: ObjectField, integer: number): number => offset + step * integer;

/** As many decimals as tell one step from the next. */
const decimalsOf = ({ step }: ObjectField): number => Math.min(15, Math.max(0, Math.ceil(-Math.log10(step))));

/** The fields an object has. */
const numbersOf = ({ group, values }: ObjectRecord, card: ObjectsCard) =>
  card.fields
    .map((field, i) => ({ field, value: physicalOf(field, values[i]!), decimals: decimalsOf(field) }))
    .filter(({ field }) => card.groups[group]!.fields.includes(field.name));

/** `pt 45.5 GeV, eta -1.26, phi 0.52 rad`. */
const inWords = (record: ObjectRecord, card: ObjectsCard): string =>
  numbersOf(record, card)
    .map(({ field: { name, unit }, value, decimals }) =>
      `${name} ${value.toFixed(decimals)} ${unit}`.trimEnd(),
    )
    .join(', ');

/** An opened frame's objects: how many, a line for each, and plain data. Throws the Fault of a frame that is wrong. */
export const objectsTold = (
  open: OpenFrame,
  card: ObjectsCard,
): {
  readonly count: string;
  readonly lines: readonly (readonly [label: string, text: string])[];
  readonly data: Readonly<Record<string, unknown>>;
} => {
  const into = { voxel: new Uint32Array(open.hitCount), adc: new Uint16Array(open.hitCount) };
  const digits = { count: readDigits(open, card, into), ...into };
  const records = recordsOf(digits, recordLayout(card));
  const slots = new Set(Array.from(digits.voxel, (voxel) => Math.floor(voxel / card.fields.length)));
  const named = Array.from(slots, (slot) => slotInWords(slot, card));
  return {
    count: `${records.length} ${records.length === 1 ? 'object' : 'objects'}`,
    lines: records.map((record, i) => [named[i]!, inWords(record, card)]),
    data: {
      objects: records.map((record) => ({
        group: card.groups[record.group]!.name,
        ...Object.fromEntries(
          // Two digits beyond a step: what is left of the arithmetic is not the card's.
          numbersOf(record, card).map(({ field, value, decimals }) => [
            field.name,
            Number(value.toFixed(decimals + 2)),
          ]),
        ),
      })),
    },
  };
};
