/**
 * Frames for tests that need some, not physics: short tracks of hits across the layers of any digits card, from a
 * seed. Not for figures: those come from the simulated detector.
 */

import type { Digits, FrameIdentity } from '../src/domain/frame.ts';
import type { InstrumentCard } from '../src/domain/instrument.ts';
import { epochNanos, messageId, run, timeFrameNumber } from '../src/domain/quantity.ts';
import { encodeFrame } from '../src/wire/frame.ts';

/** Mulberry32 (Tommy Ettinger, public domain). */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
};

/** `tracks` tracks, each leaving a blob of 3 × 4 samples in every layer it crosses. */
export const digitsOf = (card: InstrumentCard, tracks: number, random: () => number): Digits => {
  const [layers, azimuths, times] = card.axes.map(({ size }) => size) as [number, number, number];
  const cells = new Map<number, number>();
  for (let track = 0; track < tracks; track += 1) {
    let azimuth = random() * azimuths;
    let time = random() * times;
    const [slopeAzimuth, slopeTime] = [random() * 4 - 2, random() * 6 - 3];
    for (let layer = 0; layer < layers; layer += 1) {
      azimuth += slopeAzimuth;
      time += slopeTime;
      for (let pad = -1; pad <= 1; pad += 1)
        for (let bin = -1; bin <= 2; bin += 1) {
          const [a, t] = [Math.round(azimuth) + pad, Math.round(time) + bin];
          if (a < 0 || a >= azimuths || t < 0 || t >= times) continue;
          const adc = Math.round(64 + 600 * random() * Math.exp(-pad * pad - bin * bin * 0.4));
          cells.set((layer * azimuths + a) * times + t, Math.min(1023, adc));
        }
    }
  }
  const sorted = [...cells].sort((a, b) => a[0] - b[0]);
  return {
    count: sorted.length,
    voxel: Uint32Array.from(sorted, ([voxel]) => voxel),
    adc: Uint16Array.from(sorted, ([, adc]) => adc),
  };
};

export const startNanos = 1_767_225_600_000_000_000n;

export const identityOf = (card: InstrumentCard, region: number, timeFrame: number): FrameIdentity => ({
  sourceName: card.regions[region]!,
  messageId: messageId(timeFrame),
  timestampNanos: epochNanos(startNanos + BigInt(timeFrame) * card.timeFrameNanos),
  durationNanos: card.timeFrameNanos,
  run: run(7),
  timeFrame: timeFrameNumber(timeFrame),
  instrumentId: card.id,
  instrumentHash: card.hash,
});

/** One good tf00 message. */
export const frameOf = (card: InstrumentCard, region: number, timeFrame: number, tracks = 4): Uint8Array =>
  encodeFrame(
    identityOf(card, region, timeFrame),
    digitsOf(card, tracks, randomOf(region * 1_000_003 + timeFrame)),
    card,
  );
