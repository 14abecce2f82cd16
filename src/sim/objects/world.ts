/**
 * A world of objects: one frame of objects for each region of any time frame, made by whoever knows events. Refuses
 * to know physics: it gives objects their identity and their place on the card's grid.
 */

import { Fault } from '../../domain/fault.ts';
import type { ObjectRecord } from '../../domain/frame.ts';
import type { ObjectsCard } from '../../domain/instrument.ts';
import { regionIndex } from '../../domain/quantity.ts';
import { digitsOfRecords, recordLayout } from '../../wire/frames/records.ts';
import { type FrameTruth, identitiesOf, type World } from '../world.ts';

/** The objects of a region in a time frame, in any order. Pure: any number, any order, any number of times. */
export type ObjectsOf = (number: number, region: number) => readonly ObjectRecord[];

const noTruth: FrameTruth = { collisions: [], tracks: new Uint32Array(0), mishaps: [] };

export const createObjectsWorld = (
  card: ObjectsCard,
  objectsOf: ObjectsOf,
  options: { readonly run: number; readonly startNanos: bigint; readonly spacingNanos?: bigint },
): World => {
  const identify = identitiesOf(card, options);
  const layout = recordLayout(card);
  return {
    card,
    identify,
    timeFrame(number) {
      if (!Number.isSafeInteger(number) || number < 0)
        throw new Fault('config-invalid', `time frame ${number} is not a number from 0 on`);
      return card.regions.map((_, region) => ({
        region: regionIndex(region),
        identity: identify(region, number),
        digits: digitsOfRecords(objectsOf(number, region), layout),
        truth: noTruth,
      }));
    },
  };
};
