/**
 * Seeded frames of the real sPHENIX TPC cards for tests of the data plane: blobs of hits, as many as asked for.
 * It refuses to look like physics; the simulator does that.
 */

import { readFileSync } from 'node:fs';
import type { Digits } from '../../src/domain/frame.ts';
import { type InstrumentCard, voxelCount } from '../../src/domain/instrument.ts';
import type { ModelCard } from '../../src/domain/model.ts';
import { epochNanos, messageId, run, timeFrameNumber } from '../../src/domain/quantity.ts';
import { parseInstrumentCard, parseModelCard } from '../../src/wire/card.ts';
import { encodeFrame } from '../../src/wire/frame.ts';

const root = new URL('../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');

export const ppCard: InstrumentCard = parseInstrumentCard(textOf('instruments/sphenix-tpc-pp.json'));
export const modelCard: ModelCard = parseModelCard(textOf('models/tpc-fsq-100/1/card.json'));
export const encoderPath = new URL(`models/tpc-fsq-100/1/${modelCard.encoder.file}`, root).pathname;
export const decoderPath = new URL(`models/tpc-fsq-100/1/${modelCard.decoder.file}`, root).pathname;
export const ladderTables: string | null =
  ppCard.tables === undefined ? null : textOf(`instruments/${ppCard.tables.file}`);

/** Mulberry32: 0 ≤ x < 1, the same for the same seed. */
export const uniforms = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

/** `blobs` clusters of 2–4 pads by 4–8 time bins. */
export const blobDigits = (seed: number, blobs: number, card: InstrumentCard = ppCard): Digits => {
  const draw = uniforms(seed);
  const below = (n: number): number => Math.floor(draw() * n);
  const [layers, pads, times] = card.axes.map((axis) => axis.size) as [number, number, number];
  const hits = new Map<number, number>();
  for (let blob = 0; blob < blobs; blob++) {
    const [layer, pad, time] = [below(layers), below(pads - 4), below(times - 8)];
    const [width, length] = [2 + below(3), 4 + below(5)];
    for (let p = pad; p < pad + width; p++) {
      for (let t = time; t < time + length; t++) {
        hits.set(
          (layer * pads + p) * times + t,
          card.thresholdAdc + below(2 ** card.adcBits - card.thresholdAdc),
        );
      }
    }
  }
  const voxel = Uint32Array.from(hits.keys()).sort();
  return { count: voxel.length, voxel, adc: Uint16Array.from(voxel, (at) => hits.get(at)!) };
};

/** Every `step`-th voxel hit: small steps reach every patch of the grid. */
export const combDigits = (step: number, card: InstrumentCard = ppCard): Digits => {
  const count = Math.ceil(voxelCount(card) / step);
  return {
    count,
    voxel: Uint32Array.from({ length: count }, (_, i) => i * step),
    adc: new Uint16Array(count).fill(card.thresholdAdc),
  };
};

export const wedge = (n: number, digits: Digits, card: InstrumentCard = ppCard): Uint8Array =>
  encodeFrame(
    {
      sourceName: card.regions[n % card.regions.length]!,
      messageId: messageId(n),
      timestampNanos: epochNanos(1_760_000_000_000_000_000n + BigInt(n) * card.timeFrameNanos),
      durationNanos: card.timeFrameNanos,
      run: run(12),
      timeFrame: timeFrameNumber(Math.floor(n / 4)),
      instrumentId: card.id,
      instrumentHash: card.hash,
    },
    digits,
    card,
  );

/** A mixed stream: mostly p+p-like, some larger, some empty. */
export const wedges = (count: number, seed = 1, card: InstrumentCard = ppCard): Uint8Array[] =>
  Array.from({ length: count }, (_, n) =>
    wedge(
      n,
      blobDigits(seed * 1_000_003 + n, n % 17 === 5 ? 0 : n % 13 === 7 ? 400 : 20 + (n % 40), card),
      card,
    ),
  );
