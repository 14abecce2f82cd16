/**
 * Slow twin of the reader of records: objects as lists, sorted and laid out as the card says it in words. Null where
 * anything is wrong with them.
 */

import type { ObjectRecord } from '../../../src/domain/frame.ts';
import type { ObjectsCard } from '../../../src/domain/instrument.ts';

export const recordsPayload = (records: readonly ObjectRecord[]): Uint8Array =>
  new Uint8Array(Uint16Array.from(records.flatMap(({ group, values }) => [group, ...values])).buffer);

/** Hits [voxel, adc], ascending. */
export const slowDigits = (
  records: readonly ObjectRecord[],
  card: ObjectsCard,
): [number, number][] | null => {
  const hits: [number, number][] = [];
  let slot = 0;
  if (records.some(({ group }) => group >= card.groups.length)) return null;
  for (const [group, { countMax, fields }] of card.groups.entries()) {
    const own = records
      .filter((record) => record.group === group)
      .map(({ values }) => values)
      .sort(
        (a, b) =>
          b[0]! - a[0]! ||
          (a
            .slice(1)
            .map((value, i) => value - b[i + 1]!)
            .find((by) => by !== 0) ??
            0),
      );
    if (own.length > countMax) return null;
    for (const [place, values] of own.entries())
      for (const [field, { name, bits }] of card.fields.entries()) {
        const value = values[field]!;
        if (!fields.includes(name)) {
          if (value !== 0) return null;
        } else {
          if (value >= 2 ** bits) return null;
          hits.push([(slot + place) * card.fields.length + field, value + 1]);
        }
      }
    slot += countMax;
  }
  return hits;
};
