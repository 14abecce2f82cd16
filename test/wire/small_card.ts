/**
 * Instrument cards for tests: one small enough to fill, one with the grid of a TPC wedge. They are made through
 * the real parser, so that a card that stops being valid stops the tests.
 */

import type { InstrumentCard, ObjectsCard } from '../../src/domain/instrument.ts';
import { parseInstrumentCard } from '../../src/wire/card.ts';

const cardJson = (id: string, sizes: readonly number[], patch: readonly number[]) => ({
  id,
  title: `a test detector of ${sizes.join(' × ')} voxels`,
  kind: 'digits',
  axes: ['layer', 'azimuth', 'time'].map((name, i) => ({
    name,
    size: sizes[i],
    unit: ['cm', 'rad', 'ns'][i],
    origin: 0,
    step: 0.5,
  })),
  adcBits: 10,
  thresholdAdc: 64,
  patch,
  regions: ['wedge_n00', 'wedge_n01', 'wedge_s00'],
  timeFrameNanos: 13_000,
  model: { name: 'tpc-fsq', version: 1 },
  conditions: { gain: 1 },
});

export const smallCardJson = cardJson('test-small', [4, 12, 10], [1, 8, 8]);
export const smallCard: InstrumentCard = parseInstrumentCard(JSON.stringify(smallCardJson));
export const wedgeCard: InstrumentCard = parseInstrumentCard(
  JSON.stringify(cardJson('test-wedge', [16, 192, 249], [1, 8, 8])),
);
/** Voxel and ADC of this one need 33 bits: packed32 cannot carry its frames. */
export const wideCard: InstrumentCard = parseInstrumentCard(
  JSON.stringify({ ...cardJson('test-wide', [8, 128, 128], [1, 8, 8]), adcBits: 16 }),
);

/** Objects: two sorts have all fields, one only the first; a field's bits are not a round number. */
export const objectsCardJson = {
  id: 'test-objects',
  title: 'a test trigger of up to nine objects',
  kind: 'objects',
  groups: [
    { name: 'sum', countMax: 1, fields: ['e'] },
    { name: 'track', countMax: 3 },
    { name: 'cell', countMax: 5, fields: ['e', 'x'] },
  ],
  fields: [
    { name: 'e', unit: 'GeV', bits: 11, offset: 0, step: 0.5 },
    { name: 'x', unit: '', bits: 5, offset: -2, step: 0.125 },
    { name: 'y', unit: 'rad', bits: 7, offset: 0, step: 0.05 },
  ],
  regions: ['trigger_0', 'trigger_1', 'trigger_2'],
  timeFrameNanos: 25,
  model: { name: 'test-fsq', version: 1 },
  conditions: {},
};
const parsedObjects = parseInstrumentCard(JSON.stringify(objectsCardJson));
if (parsedObjects.kind !== 'objects') throw new Error('an objects card became another kind');
export const objectsCard: ObjectsCard = parsedObjects;
