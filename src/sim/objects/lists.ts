/**
 * The objects of a simulated trigger as a world asks for them, and the vectors training and benches take: one number a
 * cell of the card's grid, the integer + 1, 0 where there is no object. Refuses nothing.
 */

import type { ObjectsCard } from '../../domain/instrument.ts';
import { digitsOfRecords, recordLayout } from '../../wire/frames/records.ts';
import type { Split } from '../particles.ts';
import { type EventStore, parseEvents } from './events.ts';
import { classes, type ListName, type ObjectEvent, openObjectStream } from './stream.ts';
import type { ObjectsOf } from './world.ts';

/** Every list, by `read`, which is given its name (`l1_soft`, …). */
export const readLists = (read: (name: string) => Uint8Array): Record<ListName, EventStore> => {
  const list = (name: ListName): EventStore => parseEvents(read(`l1_${name}`));
  const hard = Object.fromEntries(
    classes.flatMap((name) => (name === 'crossing' ? [] : [[name, list(name)]])),
  ) as Record<Exclude<ListName, 'soft'>, EventStore>;
  return { soft: list('soft'), ...hard };
};

/** The normal stream as a world's objects: time frame n of region r is event n · regions + r. */
export const triggerObjects = (
  card: ObjectsCard,
  lists: Readonly<Record<ListName, EventStore>>,
  options: { readonly seed: number; readonly split: Split },
): ObjectsOf => {
  const stream = openObjectStream(card, lists, options);
  return (number, region) => stream.normal(number * card.regions.length + region).records;
};

/** Writes an event's cells into `into` from `at` on. */
export const vectorWriter = (card: ObjectsCard) => {
  const layout = recordLayout(card);
  const cells = layout.slotCount * layout.fieldCount;
  return {
    cells,
    write({ records }: ObjectEvent, into: Uint16Array, at: number): void {
      into.fill(0, at, at + cells);
      const { count, voxel, adc } = digitsOfRecords(records, layout);
      for (let i = 0; i < count; i++) into[at + voxel[i]!] = adc[i]!;
    },
  };
};
