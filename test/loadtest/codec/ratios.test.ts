import { describe, expect, it } from 'vitest';
import { bitsAtOnce } from '../../../loadtest/bench/codec/at_once.ts';
import { openClusterTally } from '../../../loadtest/bench/codec/cluster_tally.ts';
import type { Verdict } from '../../../loadtest/bench/codec/judge.ts';
import { raceRates } from '../../../loadtest/bench/codec/rates.ts';
import { codecRatios } from '../../../loadtest/bench/codec/ratios.ts';
import { cutPacket } from '../../../loadtest/bench/codec/rungs.ts';
import { openSeparationTally } from '../../../loadtest/bench/codec/separation.ts';
import { openTrackTally } from '../../../loadtest/bench/codec/track_fit.ts';
import { LayerKind, type Packet } from '../../../src/domain/packet.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { decodePacket, encodePacket } from '../../../src/wire/packet.ts';
import { goldens } from '../../golden/values.ts';

const verdict = (key: string, ratioDense: number, logMae: number, more: Partial<Verdict> = {}): Verdict => ({
  key,
  name: key,
  wedges: 2,
  sizes: [100, 300],
  ratioDense,
  ratioList: 1,
  bitsPerHit: 1,
  logMae,
  precision: 1,
  recall: 1,
  chargeBias: 0,
  clusters: openClusterTally(),
  tracks: openTrackTally(),
  separation: openSeparationTally(),
  ...more,
});

const ratiosOf = (...verdicts: readonly Verdict[]) =>
  codecRatios({ verdicts: new Map([['auau_test', verdicts]]) });

describe('the ratios of the codec', () => {
  it('take the fewest planes that are near enough', () => {
    const planes = [verdict('near1', 90, 0.05), verdict('near2', 60, 0.0099), verdict('near3', 40, 0.004)];
    expect(ratiosOf(...planes)).toMatchObject({
      near_ratio: 60,
      near_mae: 0.0099,
      plane1_ratio: 90,
      plane1_mae: 0.05,
    });
    // Where none is, the last: it is quoted with its error, and misses its bar by that.
    expect(ratiosOf(planes[0]!)).toMatchObject({ near_ratio: 90, near_mae: 0.05 });
  });

  it('quote the larger bias of charge, whichever way it goes', () => {
    const both = [
      verdict('dequant4', 60, 0.02, { chargeBias: -0.003 }),
      verdict('dequant8', 50, 0.01, { chargeBias: 0.001 }),
    ];
    expect(ratiosOf(...both)).toMatchObject({
      dequant_charge_bias: 0.003,
      dequant8_ratio: 50,
      dequant4_mae: 0.02,
    });
  });

  it('compare lossless sizes on the wedges the rivals coded', () => {
    const classical = { rows: [], chosen: [1], hits: 400, bestGeneralBits: 9, boundBits: 5 };
    const verdicts = new Map([['auau_test', [verdict('lossless', 17, 0)]]]);
    const ratios = codecRatios({ verdicts, classical });
    expect(ratios.lossless_vs_best_general).toBeCloseTo(9 / 6, 12);
    expect(ratios.lossless_over_bound).toBeCloseTo(6 / 5, 12);
    expect(codecRatios({ verdicts, classical: null })).not.toHaveProperty('lossless_over_bound');
  });

  it('have no key of what was not there', () => {
    expect(ratiosOf(verdict('tokens31', 31, 0.04))).not.toHaveProperty('mae_vs_bcae2d');
    const both = ratiosOf(verdict('tokens31', 31, 0.04), verdict('bcae2d', 31.125, 0.2));
    expect(both.mae_vs_bcae2d).toBeCloseTo(0.2, 12);
    expect(codecRatios({})).toEqual({});
  });
});

describe('a race', () => {
  it('gives every contestant its rounds and one to warm up', async () => {
    const order: string[] = [];
    const contestants = ['a', 'b'].map((name) => ({
      name,
      set: 'some',
      wedges: 10,
      hits: 1000,
      run: async () => void order.push(name),
    }));
    const rates = await raceRates(contestants, 3, () => {});
    expect(order.join('')).toBe('abababab');
    for (const { wedgesPerSecond, least, most, nanosPerHit } of rates) {
      expect(least).toBeLessThanOrEqual(wedgesPerSecond);
      expect(most).toBeGreaterThanOrEqual(wedgesPerSecond);
      expect(nanosPerHit * wedgesPerSecond).toBeCloseTo(1e9 / 100, 0);
    }
  });
});

describe('a cut packet', () => {
  it('keeps the layers asked for, in their order, and all else', () => {
    const payload = Uint8Array.of(1, 2, 3);
    const { tokens, occupancy, plane, remainder } = LayerKind;
    const layers = [tokens, occupancy, plane, plane, remainder].map((kind) => ({
      kind,
      codec: 1,
      symbolCount: 3,
      payload,
    }));
    const golden = goldens.find(({ file }) => file === 'tk00_rare.bin')!.value as Packet;
    const whole = { ...golden, layers };
    const cut = decodePacket(cutPacket(encodePacket(whole), { tokens: false, planes: 1, remainder: false }));
    expect(cut.layers.map(({ kind }) => kind)).toEqual([occupancy, plane]);
    expect({ ...cut, layers: [] }).toEqual({ ...decodePacket(encodePacket(whole)), layers: [] });
  });
});

describe('levels coded at once', () => {
  const scale = {
    planes: 2,
    levelOf: Uint8Array.from({ length: 1024 }, (_, adc) => adc >> 8),
    columns: 16,
    voxels: 256,
  };
  const frames = (count: number, adcOf: (voxel: number, draw: number) => number) =>
    Array.from({ length: count }, (_, n) => {
      const prng = createPrng(n);
      const voxel = Uint32Array.from({ length: 200 }, (_hit, i) => i);
      return { count: 200, voxel, adc: Uint16Array.from(voxel, (v) => adcOf(v, prng.uint32())) };
    });

  it('cost two bits when they are chance, and nearly none when their neighbours tell them', () => {
    const chance = frames(60, (_, draw) => draw & 1023);
    expect(bitsAtOnce(chance.slice(0, 40), chance.slice(40), scale) / 4000).toBeCloseTo(2, 1);
    const told = frames(60, (voxel) => (voxel % 4) * 256);
    expect(bitsAtOnce(told.slice(0, 40), told.slice(40), scale) / 4000).toBeLessThan(0.1);
  });
});
