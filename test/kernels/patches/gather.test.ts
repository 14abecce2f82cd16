/** The compiled kernels: committed as wasm/ gives them, and gap16 words read as the TypeScript twin reads them. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openGatherer } from '../../../src/kernels/patches/gather.ts';
import { patchGrid } from '../../../src/kernels/patches/patch.ts';
import { unpackGaps } from '../../../src/wire/hits.ts';
import { generate, generatedFolder } from '../../../wasm/generate.ts';

describe('src/kernels/generated', () => {
  it('is what wasm/generate.ts writes', async () => {
    const fresh = await generate();
    expect(readdirSync(generatedFolder).sort(), 'run node wasm/generate.ts').toEqual(
      [...fresh.keys()].sort(),
    );
    for (const [name, text] of fresh)
      expect(readFileSync(join(generatedFolder, name), 'utf8'), name).toBe(text);
  });
});

describe('gap16 words', () => {
  const axis = (size: number) => ({ name: 'axis', size, unit: '', origin: 0, step: 1 });
  const grid = patchGrid({ axes: [axis(4), axis(30), axis(31)], patch: [1, 8, 8] });
  const adcBits = 10;
  const room = openGatherer(grid, adcBits, new Uint8Array(1024)).hits;

  it('are read alike by both, good or wild, to the last hit or the refusal', () => {
    const hit = fc
      .tuple(fc.nat({ max: 63 }), fc.integer({ min: 1, max: 1023 }))
      .map(([gap, adc]) => (gap << 10) | adc);
    const leap = fc.nat({ max: 63 }).map((gap) => gap << 10);
    const words = fc.array(fc.oneof({ weight: 8, arbitrary: hit }, leap), { maxLength: 160 });
    let good = 0;
    let refused = 0;
    fc.assert(
      fc.property(words, fc.integer({ min: -1, max: 1 }), fc.nat({ max: 1 }), (list, off, odd) => {
        const bytes = new Uint8Array(2 * list.length + odd);
        const payload = bytes.subarray(odd);
        list.forEach((word, i) => {
          payload[2 * i] = word;
          payload[2 * i + 1] = word >>> 8;
        });
        const count = Math.max(0, list.filter((word) => (word & 1023) !== 0).length + off);
        const voxel = new Uint32Array(grid.voxelCount);
        const adc = new Uint16Array(grid.voxelCount);
        const slow = unpackGaps(payload, count, adcBits, grid.voxelCount, voxel, adc);
        expect(room.unpackGaps(payload, count)).toBe(slow);
        if (slow < 0) refused += 1;
        else {
          good += 1;
          expect(room.voxel.subarray(0, count)).toEqual(voxel.subarray(0, count));
          expect(room.adc.subarray(0, count)).toEqual(adc.subarray(0, count));
        }
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(good, refused)).toBeGreaterThan(50);
  });

  it('of more bytes or hits than the room has are refused', () => {
    expect(room.unpackGaps(new Uint8Array(6 * grid.voxelCount + 2), 1)).toBe(-1);
    expect(room.unpackGaps(new Uint8Array(2), grid.voxelCount + 1)).toBe(-1);
  });
});
