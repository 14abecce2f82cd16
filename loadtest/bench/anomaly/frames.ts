/**
 * Frames for the bench: one chamber, collisions nobody trained on, each frame before the ADC's upper limit so that
 * mishaps can be put into it. Refuses other chambers: what is known of an instrument's channels is known of one.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cards, home, loadCards } from '../../../src/assemble.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { type Channels, prepareChannels } from '../../../src/sim/channels.ts';
import { type Detector, prepareDetector } from '../../../src/sim/detector.ts';
import { type Site, wideCard } from '../../../src/sim/mishaps/site.ts';
import { type ParticleStore, parseParticles, type Split } from '../../../src/sim/particles.ts';
import { prepareResponse, type Response } from '../../../src/sim/response.ts';
import { createWorld } from '../../../src/sim/world.ts';

/** Seed of the chamber whose channels the score tables know; the simulator's default. */
export const chamberSeed = 1;

export interface WideFrame {
  readonly region: number;
  readonly timeFrame: number;
  /** Before the ADC's limit. */
  readonly digits: Digits;
}

export interface FrameMaker {
  readonly cards: Cards;
  readonly detector: Detector;
  readonly response: Response;
  readonly channels: Channels;
  readonly adcMax: number;
  /** Of the particle list, both splits together. */
  readonly eventCount: number;
  /** Every region of the time frames of a run. Runs share nothing but the chamber. */
  frames(run: number, split: Split, timeFrames: number): Generator<WideFrame>;
  /** Where a mishap may strike a frame; `key` makes what is random of it. */
  siteOf(frame: WideFrame, earlier: WideFrame, key: readonly number[]): Site;
}

/** @param particleList path of a longer list than the card's; without it the card's */
export const openFrameMaker = (instrument: string, particleList: string | null = null): FrameMaker => {
  const cards = loadCards(instrument);
  const wide = wideCard(cards.card);
  const detector = prepareDetector(wide);
  const response = prepareResponse(detector);
  const channels = prepareChannels(detector, [chamberSeed]);
  const particles: ParticleStore = parseParticles(
    readFileSync(particleList ?? join(home, 'models/particles', `${String(wide.conditions.particles)}.bin`)),
  );
  const adcMax = 2 ** cards.card.adcBits - 1;
  return {
    cards,
    detector,
    response,
    channels,
    adcMax,
    eventCount: particles.eventCount,
    *frames(run, split, timeFrames) {
      const world = createWorld(wide, particles, { seed: chamberSeed, run, startNanos: 0n, split });
      for (let number = 3; number < 3 + timeFrames; number++)
        for (const { region, digits } of world.timeFrame(number)) yield { region, timeFrame: number, digits };
    },
    siteOf: (frame, earlier, key) => ({
      detector,
      response,
      region: frame.region,
      gain: channels.gain[frame.region]!,
      digits: frame.digits,
      earlier: earlier.digits,
      prng: createPrng(...key),
      adcMax,
    }),
  };
};
