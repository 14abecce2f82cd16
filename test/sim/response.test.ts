import { describe, expect, it } from 'vitest';
import { prepareDetector } from '../../src/sim/detector.ts';
import {
  binReach,
  clusterClass,
  padReach,
  phases,
  prepareResponse,
  quantileBits,
  sigmaBinClasses,
  sigmaPadClass,
} from '../../src/sim/response.ts';
import { cardOf } from './example.ts';

const detector = prepareDetector(cardOf('auau'));
const { padShare, pulse, electrons } = prepareResponse(detector);

describe('the response', () => {
  it('shares a packet over two to three pads and loses almost nothing', () => {
    const sigma = sigmaPadClass(0.6);
    for (let phase = 0; phase < phases; phase += 1) {
      const at = (sigma * phases + phase) * padReach;
      const shares = [...padShare.subarray(at, at + padReach)];
      const sum = shares.reduce((a, b) => a + b, 0);
      expect(sum).toBeGreaterThan(0.97);
      expect(sum).toBeLessThanOrEqual(1.0001);
      expect(shares.filter((share) => share > 0.12).length).toBeGreaterThanOrEqual(2);
      expect(shares.filter((share) => share > 0.12).length).toBeLessThanOrEqual(4);
    }
  });

  it('moves the charge with the packet: mirrored phases give mirrored shares', () => {
    const sigma = sigmaPadClass(0.6);
    for (let phase = 0; phase < phases; phase += 1) {
      for (let pad = 0; pad < padReach; pad += 1) {
        const one = padShare[(sigma * phases + phase) * padReach + pad]!;
        const other = padShare[(sigma * phases + (phases - 1 - phase)) * padReach + (padReach - 1 - pad)]!;
        expect(one).toBeCloseTo(other, 6);
      }
    }
  });

  it('shapes a pulse that peaks after its peaking time and has gone when the table ends', () => {
    for (let drift = 0; drift < sigmaBinClasses; drift += 1) {
      const at = drift * phases * binReach;
      const heights = [...pulse.subarray(at, at + binReach)];
      const peak = Math.max(...heights);
      expect(heights.indexOf(peak)).toBe(Math.round(detector.conditions.peakingNanos / detector.binNanos));
      expect(peak).toBeGreaterThan(0.8);
      expect(peak).toBeLessThanOrEqual(1);
      expect(heights.at(-1)).toBeLessThan(0.02);
    }
  });

  it('frees the stated mean of electrons', () => {
    const { electronsPerCm, primaryClustersPerCm } = detector.conditions;
    for (const clusters of [0.5, 5, 30, 150]) {
      const at = Math.round(clusterClass(clusters)) << quantileBits;
      const row = electrons.subarray(at, at + (1 << quantileBits));
      const mean = row.reduce((sum, one) => sum + one, 0) / row.length;
      // Within half a class of the logarithmic scale and the share of the tail beyond the last quantile.
      expect(mean / ((clusters * electronsPerCm) / primaryClustersPerCm)).toBeGreaterThan(0.92);
      expect(mean / ((clusters * electronsPerCm) / primaryClustersPerCm)).toBeLessThan(1.08);
    }
  });
});
