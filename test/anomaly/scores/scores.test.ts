/** The named scores on simple frames: each fault raises the score it should, and the explanation points at it. */

import { beforeAll, describe, expect, it } from 'vitest';
import { topOf } from '../../../src/anomaly/scores/blame/blame.ts';
import { explainer } from '../../../src/anomaly/scores/explain.ts';
import { openScoreFit } from '../../../src/anomaly/scores/fit.ts';
import { openRepeatMemory, openSigner } from '../../../src/anomaly/scores/repeats.ts';
import { openScorers, type Scorers, surveyColumns } from '../../../src/anomaly/scores/scorers.ts';
import {
  bandPosition,
  parseScoreTables,
  type ScoreTables,
  scoreTablesToJson,
} from '../../../src/anomaly/scores/tables.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import { limits } from '../../../src/domain/limits.ts';
import { openGatherer } from '../../../src/kernels/patches/gather.ts';
import { patchGrid } from '../../../src/kernels/patches/patch.ts';
import { blobDigits, modelCard, ppCard, uniforms } from '../../stages/wedge.ts';

const card: InstrumentCard = {
  ...ppCard,
  id: 'small',
  axes: [4, 32, 64].map((size, i) => ({ ...ppCard.axes[i]!, size })),
  regions: ['a', 'b'],
} as InstrumentCard;
const wiring = { cardLayers: 2, cardLanes: 16, chipLanes: 8 };
const deadChannel = 40;

/** A crowded frame whose channel 40 is silent in region 1. */
const frame = (seed: number, region: number): Digits => {
  const draw = uniforms(seed);
  const { count, voxel } = blobDigits(seed, 70 + Math.floor(draw() * 20), card);
  const kept = voxel.subarray(0, count).filter((v) => region === 0 || Math.floor(v / 64) !== deadChannel);
  return {
    count: kept.length,
    voxel: kept,
    adc: Uint16Array.from(kept, () => 64 + Math.floor(300 * draw() ** 2)),
  };
};
const goodFrames = function* () {
  for (let seed = 0; seed < 240; seed++) yield { region: seed % 2, digits: frame(seed, seed % 2) };
};

let tables: ScoreTables;
let scorers: Scorers;
let score: (digits: Digits, region: number) => Record<string, number>;
beforeAll(() => {
  const fit = openScoreFit(card, modelCard, wiring);
  for (const one of goodFrames()) fit.learnChannels(one);
  for (const one of goodFrames()) fit.learnGauges(one);
  tables = fit.tables({ simulated: true });
  scorers = openScorers(card, modelCard, tables);
  const grid = patchGrid(card);
  const codes = Uint8Array.from(modelCard.inputTable);
  const gatherer = openGatherer(grid, card.adcBits, codes, scorers.spareBytes);
  const watch = scorers.watch(gatherer)!;
  const rows = { patches: new Uint32Array(grid.patchCount), cells: new Uint8Array(grid.patchCount * 64) };
  score = (digits, region) => {
    gatherer.hits.voxel.set(digits.voxel);
    gatherer.hits.adc.set(digits.adc);
    gatherer.hits.count = digits.count;
    const rowCount = gatherer.gather(rows, 0);
    const bite = {
      opens: [{ hitCount: digits.count }],
      firstRow: Uint32Array.of(0),
      rowCount: Uint32Array.of(rowCount),
      symbols: new Uint8Array(rowCount * modelCard.symbolsPerPatch),
      surveyed: new Float64Array(surveyColumns),
    };
    watch(rowCount, region, digits.count, bite.surveyed, 0);
    const out = new Float64Array(scorers.names.length);
    scorers.scoreFrame(bite, 0, out, 0);
    expect(scorers.totalCharge(bite, 0)).toBe(digits.adc.reduce((sum, adc) => sum + adc, 0));
    return Object.fromEntries(scorers.names.map((name, i) => [name, out[i]!]));
  };
});

const without = (digits: Digits, channels: readonly number[]): Digits => {
  const kept = digits.voxel.filter((voxel) => !channels.includes(Math.floor(voxel / 64)));
  const adcOf = new Map(Array.from(digits.voxel, (voxel, i) => [voxel, digits.adc[i]!]));
  return { count: kept.length, voxel: kept, adc: Uint16Array.from(kept, (voxel) => adcOf.get(voxel)!) };
};

describe('score tables', () => {
  it('know the silent channel, and come back from their JSON', () => {
    // Blobs never reach the last lane.
    expect(tables.silent).toEqual([
      [31, 63, 95, 127],
      [31, deadChannel, 63, 95, 127],
    ]);
    expect(tables.alone[1]).toEqual(expect.arrayContaining([39, 40, 41]));
    expect(parseScoreTables(scoreTablesToJson(tables), card)).toEqual(tables);
  });

  it.each([
    ['no JSON', '{', 'not JSON'],
    ['another format', '{"format":"x"}', 'format'],
    ['another instrument', '{"format":"tessera-score-tables/1","instrument":"x"}', 'are of x'],
    ['nothing in it', '{"format":"tessera-score-tables/1","instrument":"small"}', 'wiring'],
  ])('are refused with %s', (_, json, what) => {
    expect(() => parseScoreTables(json, card)).toThrow(Fault);
    expect(() => parseScoreTables(json, card)).toThrow(what);
  });

  it('are refused with a channel outside the grid, and with knots that do not ascend', () => {
    const channel = scoreTablesToJson({ ...tables, silent: [[], [128]] });
    expect(() => parseScoreTables(channel, card)).toThrow('"silent"');
    const knots = { ...tables.knots, row: tables.knots.row.map(() => [1, 1, 2, 3]) };
    expect(() => parseScoreTables(scoreTablesToJson({ ...tables, knots }), card)).toThrow('row');
  });

  it('are not fitted to too few frames', () => {
    const fit = openScoreFit(card, modelCard, wiring);
    const [one] = [...goodFrames()];
    fit.learnChannels(one!);
    expect(() => fit.learnGauges(one!)).toThrow('hits a channel');
  });

  it('have bands that grow with the hit count', () => {
    expect([0, 1, 2, 3, 7].map(bandPosition)).toEqual([0, 2, 3, 4, 6]);
  });
});

describe('scores', () => {
  it('are ordinary on good frames of both regions', () => {
    for (const region of [0, 1])
      for (let seed = 1000; seed < 1020; seed++) {
        const { 'token-surprise': _, ...rest } = score(frame(seed, region), region);
        expect(Math.max(...Object.values(rest))).toBeLessThan(6);
      }
  });

  it('see silent channels, lone hits and impossible samples, each in its own score', () => {
    const good = frame(2000, 0);
    const usual = score(good, 0);
    const dead = score(without(good, [20, 50, 80]), 0);
    expect(dead['silent-channels']).toBeGreaterThan(usual['silent-channels']! + 1);
    const low = { ...good, adc: good.adc.map((adc, i) => (i % 5 === 0 ? 3 : adc)) };
    expect(score(low, 0)['bad-bits']).toBeGreaterThan(usual['bad-bits']! + 3);
    const gain = { ...good, adc: good.adc.map((adc) => 64 + ((adc - 64) >> 2)) };
    expect(score(gain, 0).gain).toBeGreaterThan(usual.gain! + 1);
  });

  it('are token surprise alone without tables', () => {
    const plain = openScorers(card, modelCard, null);
    expect([plain.names, plain.spareBytes, plain.survey]).toEqual([['token-surprise'], 0, null]);
  });

  it('are explained by the channels that were touched', () => {
    const explain = explainer(scorers.survey!);
    const struck = without(frame(2000, 0), [50]);
    const rarities = scorers.names.slice(1).map((name) => (name === 'silent-channels' ? 5 : 0));
    const [finding, ...others] = explain.findingsOf(struck, 0, rarities);
    expect(others).toEqual([]);
    expect(finding!.scoreName).toBe('silent-channels');
    expect(finding!.channels.slice(0, 3).map(({ index }) => index)).toContain(50);
    expect(finding!.channels.reduce((sum, { share }) => sum + share, 0)).toBeLessThanOrEqual(1 + 1e-9);
    expect(finding!.span).toHaveLength(3);
    expect(
      explain.findingsOf(
        struck,
        0,
        rarities.map(() => 1),
      ),
    ).toEqual([]);
    expect(explain.combined(struck, 0, rarities)[50]).toBeGreaterThan(0);
  });

  const topFor = (digits: Digits, name: string, count: number): number[] => {
    const rarities = scorers.names.slice(1).map((one) => (one === name ? 5 : 0));
    return [...topOf(explainer(scorers.survey!).combined(digits, 0, rarities), count)];
  };
  const channelOf = (voxel: number): number => Math.floor(voxel / 64);

  it('name all channels side by side whose bit is stuck, and both of two groups in each other’s place', () => {
    const good = frame(2000, 0);
    const stuck = [36, 37, 38, 39, 40, 41];
    const adc = good.adc.map((one, i) => (stuck.includes(channelOf(good.voxel[i]!)) ? one | 1 : one));
    expect(topFor({ ...good, adc }, 'bad-bits', 6).sort((a, b) => a - b)).toEqual(stuck);
    const group = [5, 6, 7, 8, 9, 10, 11, 12];
    const voxels = new Set<number>();
    const draw = uniforms(7);
    // Clusters five channels wide: neighbours have most samples in common.
    for (let cluster = 0; cluster < 4 * 50; cluster++) {
      const first = Math.floor(draw() * 28);
      const sample = Math.floor(draw() * 62);
      for (let lane = first; lane < first + 5; lane++)
        for (let n = 0; n < 3; n++) voxels.add(((cluster % 4) * 32 + lane) * 64 + sample + n);
    }
    const moved = (channel: number): number => {
      if (group.includes(channel)) return channel + 70;
      return group.includes(channel - 70) ? channel - 70 : channel;
    };
    const voxel = Uint32Array.from(voxels, (at) => moved(channelOf(at)) * 64 + (at % 64)).sort();
    const swapped = { count: voxel.length, voxel, adc: new Uint16Array(voxel.length).fill(100) };
    const top = topFor(swapped, 'continuity', 20);
    const touched = [...group, ...group.map((channel) => channel + 70)];
    expect(touched.filter((channel) => top.includes(channel)).length).toBeGreaterThanOrEqual(15);
  });

  it('name a dead card amid few tracks, and a hot spot before the card it lies on', () => {
    const { count, voxel } = blobDigits(2001, 35, card);
    const all = voxel.subarray(0, count);
    const sparse = { count, voxel: all, adc: new Uint16Array(count).fill(90) };
    // Layers 2 and 3, lanes 16 to 31, but for the lane no blob reaches.
    const dead = [80, 112].flatMap((first) => Array.from({ length: 15 }, (_, i) => first + i));
    const [silent, most] = [without(sparse, dead), topFor(without(sparse, dead), 'silent-channels', 30)];
    const others = Array.from({ length: 128 }, (_, channel) => channel).filter(
      (channel) => !dead.includes(channel) && !silent.voxel.some((at) => channelOf(at) === channel),
    );
    expect(others.length).toBeGreaterThan(20);
    expect(dead.filter((channel) => most.includes(channel)).length).toBeGreaterThanOrEqual(27);

    const good = frame(2002, 0);
    const spot = [20, 21, 22];
    const adc = good.adc.map((one, i) => (spot.includes(channelOf(good.voxel[i]!)) ? 1023 : one));
    expect(topFor({ ...good, adc }, 'gain', 3).sort((a, b) => a - b)).toEqual(spot);
  });
});

describe('repeats', () => {
  const symbols = (seed: number) => {
    const draw = uniforms(seed);
    return Uint8Array.from({ length: 400 * 5 }, () => Math.floor(draw() * 81));
  };
  const patches = Uint32Array.from({ length: 400 }, (_, i) => 3 * i);

  it('find the share of a frame that came before, in its own region', () => {
    const signer = openSigner(1200, 5);
    const memory = openRepeatMemory(8);
    const old = symbols(1);
    expect(memory.judge(0, 1, signer.sign(patches, 0, 400, old))).toEqual({
      matches: 0,
      share: 0,
      timeFrame: -1,
    });
    const half = symbols(2);
    half.set(old.subarray(0, 1000));
    const signature = signer.sign(patches, 0, 400, half);
    expect(signature).toHaveLength(limits.signatureSize);
    expect(memory.judge(1, 2, signature).matches).toBe(0);
    const repeat = memory.judge(0, 2, signature);
    expect(repeat.timeFrame).toBe(1);
    expect(repeat.share).toBeGreaterThan(0.3);
    expect(repeat.share).toBeLessThan(0.7);
  });

  it('forget what is too long ago, and sign small and empty frames', () => {
    const signer = openSigner(1200, 5);
    const memory = openRepeatMemory(2);
    const first = signer.sign(patches, 0, 400, symbols(1));
    memory.judge(0, 1, first);
    memory.judge(0, 2, signer.sign(patches, 0, 400, symbols(2)));
    memory.judge(0, 3, signer.sign(patches, 0, 400, symbols(3)));
    expect(memory.judge(0, 4, first).matches).toBe(0);
    expect(signer.sign(patches, 0, 3, symbols(1))).toHaveLength(3);
    expect(memory.judge(0, 5, signer.sign(patches, 0, 0, symbols(1))).share).toBe(0);
  });
});
