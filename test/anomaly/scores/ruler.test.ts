/** The compiled ruler gives every frame the scores its slow twins do, to the last bit. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gaugeNames } from '../../../src/anomaly/scores/gauges.ts';
import { openGaugeWatch, openScorers, surveyColumns } from '../../../src/anomaly/scores/scorers.ts';
import { parseScoreTables } from '../../../src/anomaly/scores/tables.ts';
import { openGatherer } from '../../../src/kernels/patches/gather.ts';
import { patchGrid } from '../../../src/kernels/patches/patch.ts';
import { blobDigits, modelCard, ppCard } from '../../stages/wedge.ts';
import { scoresOfGauges } from './ruler.slow.ts';

const tables = parseScoreTables(
  readFileSync(new URL(`../../../instruments/scores/${ppCard.id}.json`, import.meta.url), 'utf8'),
  ppCard,
);
const scorers = openScorers(ppCard, modelCard, tables);
const grid = patchGrid(ppCard);
const codes = Uint8Array.from(modelCard.inputTable);
const rows = { patches: new Uint32Array(grid.patchCount), cells: new Uint8Array(grid.patchCount * 64) };
const openGathererHere = () => openGatherer(grid, ppCard.adcBits, codes, scorers.spareBytes);
const [quickRoom, slowRoom] = [openGathererHere(), openGathererHere()];
const quick = scorers.watch(quickRoom)!;
const slow = openGaugeWatch(scorers.survey!, slowRoom);

describe('the ruler', () => {
  it.each([0, 1, 2, 5, 12, 40, 90, 200, 450, 900, 2000])(
    'agrees with its twins on frames of %i blobs, in every fourth region',
    (blobs) => {
      for (let region = 0; region < ppCard.regions.length; region += 4) {
        const digits = blobDigits(100 * blobs + region, blobs);
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
      }
    },
  );
});
