/** The compiled ruler gives every frame the scores its slow twins do, to the last bit. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gaugeNames } from '../../../src/anomaly/scores/gauges.ts';
import { openGaugeWatch, openScorers, surveyColumns } from '../../../src/anomaly/scores/scorers.ts';
import { parseScoreTables, type ScoreTables } from '../../../src/anomaly/scores/tables.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import { openGatherer } from '../../../src/kernels/patches/gather.ts';
import { patchGrid } from '../../../src/kernels/patches/patch.ts';
import { blobDigits, modelCard, ppCard } from '../../stages/wedge.ts';
import { scoresOfGauges } from './ruler.slow.ts';

const ppTables = parseScoreTables(
  readFileSync(new URL(`../../../instruments/scores/${ppCard.id}.json`, import.meta.url), 'utf8'),
  ppCard,
);

/** Compares the scores of a frame of so many blobs in a region. */
const openTwins = (card: InstrumentCard, tables: ScoreTables) => {
  const scorers = openScorers(card, modelCard, tables);
  const grid = patchGrid(card);
  const codes = Uint8Array.from(modelCard.inputTable);
  const rows = { patches: new Uint32Array(grid.patchCount), cells: new Uint8Array(grid.patchCount * 64) };
  const open = () => openGatherer(grid, card.adcBits, codes, scorers.spareBytes);
  const [quickRoom, slowRoom] = [open(), open()];
  const quick = scorers.watch(quickRoom)!;
  const slow = openGaugeWatch(scorers.survey!, slowRoom);
  return (blobs: number, region: number): void => {
    const digits = blobDigits(100 * blobs + region, blobs, card);
    for (const { hits } of [quickRoom, slowRoom]) {
      hits.voxel.set(digits.voxel.subarray(0, digits.count));
      hits.adc.set(digits.adc.subarray(0, digits.count));
      hits.count = digits.count;
    }
    const surveyed = new Float64Array(surveyColumns);
    quick(quickRoom.gather(rows, 0), region, digits.count, surveyed, 0);
    const gauges = new Float64Array(gaugeNames.length);
    slow(slowRoom.gather(rows, 0), region, digits.count, gauges, 0);
    const charge = digits.adc.subarray(0, digits.count).reduce((sum, adc) => sum + adc, 0);
    expect([...surveyed]).toEqual([...scoresOfGauges(gauges, digits.count, tables), charge]);
  };
};

describe('the ruler', () => {
  const compare = openTwins(ppCard, ppTables);
  it.each([0, 1, 2, 5, 12, 40, 90, 200, 450, 900, 2000])(
    'agrees with its twins on frames of %i blobs, in every fourth region',
    (blobs) => {
      for (let region = 0; region < ppCard.regions.length; region += 4) compare(blobs, region);
    },
  );

  it.each([1, 5, 13, 20])('agrees with %i layers, in a region where no channel lives too', (layers) => {
    const card = {
      ...ppCard,
      id: 'small',
      axes: [layers, 30, 64].map((size, i) => ({ ...ppCard.axes[i]!, size })),
      regions: ['a', 'b'],
    } as InstrumentCard;
    const tables: ScoreTables = {
      ...ppTables,
      instrument: card.id,
      wiring: { cardLayers: 2, cardLanes: 16, chipLanes: 8 },
      silent: [[3], Array.from({ length: layers * 30 }, (_, channel) => channel)],
      alone: [[], [7]],
    };
    const compareSmall = openTwins(card, tables);
    for (const blobs of [0, 1, 4, 20, 60]) for (const region of [0, 1]) compareSmall(blobs, region);
  });
});
