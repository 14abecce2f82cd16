/** The compiled survey says of every frame what its slow twin says. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digits } from '../../../src/domain/frame.ts';
import { openGatherer } from '../../../src/kernels/patches/gather.ts';
import { patchGrid } from '../../../src/kernels/patches/patch.ts';
import { openMapMaker, surveyOfMaps } from '../../../src/kernels/survey/maps.ts';
import {
  codeScale,
  type Known,
  openSurveyor,
  surveyBytes,
  surveyGrid,
  tallyNames,
} from '../../../src/kernels/survey/survey.ts';
import { blobDigits, modelCard, ppCard } from '../../stages/wedge.ts';

const wiring = { cardLayers: 2, cardLanes: 16, chipLanes: 8 };
const axis = (name: string, size: number) => ({ name, size, unit: 'cm', origin: 0, step: 1 });
const card = { axes: [axis('layer', 5), axis('azimuth', 30), axis('time', 37)], patch: [1, 8, 8] };
const adcBits = 10;
const bitWeights = {
  one: Array.from({ length: 10 }, (_, bit) => 20 + bit),
  zero: Array.from({ length: 10 }, (_, bit) => 64 - bit),
};

const openTwins = (of: Pick<typeof ppCard, 'axes' | 'patch'>, wired: typeof wiring) => {
  const grid = surveyGrid(of, wired)!;
  const codes = Uint8Array.from(modelCard.inputTable);
  const gatherer = openGatherer(patchGrid(of), adcBits, codes, surveyBytes(grid, adcBits, 2));
  const scale = codeScale({ adcBits, thresholdAdc: 64 }, modelCard.inputTable);
  const nothing: Known = { silent: new Uint8Array(grid.blocks * 8), alone: new Uint8Array(grid.blocks * 8) };
  const some: Known = {
    silent: nothing.silent.map((_, i) => (i % 7 === 0 ? 255 : 0)),
    alone: nothing.alone.map((_, i) => (i % 5 === 0 ? 255 : 0)),
  };
  const known = [nothing, some];
  const surveyor = openSurveyor(grid, gatherer, adcBits, scale, bitWeights, known);
  const maker = openMapMaker(grid, scale, codes);
  const rows = { patches: new Uint32Array(grid.patchCount), cells: new Uint8Array(grid.patchCount * 64) };
  return (digits: Digits, region: number) => {
    gatherer.hits.voxel.set(digits.voxel.subarray(0, digits.count));
    gatherer.hits.adc.set(digits.adc.subarray(0, digits.count));
    gatherer.hits.count = digits.count;
    const quick = surveyor.run(gatherer.gather(rows, 0), region);
    const slow = surveyOfMaps(maker.mapsOf(digits), digits, grid, adcBits, bitWeights, known[region]!);
    expect(quick).toEqual(slow);
    return quick;
  };
};

const voxels = 5 * 30 * 37;
/** Hits near each other, so that there are runs, holes and jumps. */
const digitsOf = fc
  .array(fc.tuple(fc.nat(voxels - 1), fc.nat(9), fc.nat(7), fc.integer({ min: 1, max: 1023 })), {
    maxLength: 60,
  })
  .map((blobs): Digits => {
    const adcOf = new Map<number, number>();
    for (const [at, along, lanes, adc] of blobs)
      for (let lane = 0; lane <= lanes; lane++)
        for (let n = 0; n <= along; n++) {
          const voxel = at + lane * 37 + n;
          if (voxel < voxels && (lane + n) % 5 !== 4) adcOf.set(voxel, 1 + ((adc * (1 + n) * 7) % 1023));
        }
    const voxel = Uint32Array.from([...adcOf.keys()].sort((a, b) => a - b));
    return { count: voxel.length, voxel, adc: Uint16Array.from(voxel, (v) => adcOf.get(v)!) };
  });

describe('the survey', () => {
  it('agrees with its twin on anything, frame after frame', () => {
    const compare = openTwins(card as never, wiring);
    fc.assert(
      fc.property(digitsOf, fc.nat(1), (digits, region) => void compare(digits, region)),
      { numRuns: 150 },
    );
  });

  it('agrees on simulated wedges, on an empty frame and on a full one', () => {
    const compare = openTwins(ppCard, { cardLayers: 4, cardLanes: 64, chipLanes: 32 });
    for (const digits of Array.from({ length: 6 }, (_, i) => blobDigits(i, 40 + 300 * i))) compare(digits, 1);
    compare({ count: 0, voxel: new Uint32Array(0), adc: new Uint16Array(0) }, 0);
    const all = 16 * 192 * 249;
    const full = compare(
      {
        count: all,
        voxel: Uint32Array.from({ length: all }, (_, i) => i),
        adc: new Uint16Array(all).fill(1023),
      },
      0,
    );
    expect(full.tally[tallyNames.indexOf('codes')]).toBe(all * 255);
  });

  it('serves no other patches', () => {
    expect(surveyGrid({ axes: card.axes, patch: [1, 4, 16] }, wiring)).toBeNull();
  });
});
