/**
 * Frames for the bench: one chamber, collisions nobody trained on, each frame before the ADC's upper limit so that
 * mishaps can be put into it. Refuses other chambers: what is known of an instrument's channels is known of one.
 */

import { existsSync, readFileSync } from 'node:fs';
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

/**
 * Collisions of very many frames need more events than come with the cards, or few events decide what is rare: a longer
 * list is taken from here where somebody made one, as the figures in the README were, by `models/train/particles.py`:
 * `pp200 --events 80000 --seed 77`, `auau200 --events 2400 --central 800 --seed 88`, then `auau200 --append --events 2000
 * --central 667 --seed 101`, each `--out .tessera/particles`.
 */
const longerLists = join(home, '.tessera/particles');

/** The longest list there is of what a card names. */
export const longestList = (particles: string): string => {
  const longer = join(longerLists, `${particles}.bin`);
  return existsSync(longer) ? longer : cardsList(particles);
};

const cardsList = (particles: string): string => join(home, 'models/particles', `${particles}.bin`);

export interface WideFrame {
  readonly region: number;
  readonly timeFrame: number;
  /** Before the ADC's limit. */
  readonly digits: Digits;
}

/** A few regions (in turn) of every so manyth time frame: frames that share few collisions or none. */
export interface Apart {
  readonly timeFrames: number;
  readonly regions: number;
}

export interface FrameMaker {
  readonly cards: Cards;
  readonly detector: Detector;
  readonly response: Response;
  readonly channels: Channels;
  readonly adcMax: number;
  /** Of the particle list, both splits together. */
  readonly eventCount: number;
  /** Every region of the time frames of a run, or those that lie apart. Runs share nothing but the chamber. */
  frames(run: number, split: Split, timeFrames: number, apart?: Apart): Generator<WideFrame>;
  /** Where a mishap may strike a frame; `key` makes what is random of it. */
  siteOf(frame: WideFrame, earlier: WideFrame, key: readonly number[]): Site;
}

/** @param list of collisions: the card's, which everybody has, or the longest there is */
export const openFrameMaker = (instrument: string, list: 'card' | 'longest' = 'card'): FrameMaker => {
  const cards = loadCards(instrument);
  const wide = wideCard(cards.card);
  const detector = prepareDetector(wide);
  const response = prepareResponse(detector);
  const channels = prepareChannels(detector, [chamberSeed]);
  const name = String(wide.conditions.particles);
  const particles: ParticleStore = parseParticles(
    readFileSync(list === 'longest' ? longestList(name) : cardsList(name)),
  );
  const adcMax = 2 ** cards.card.adcBits - 1;
  return {
    cards,
    detector,
    response,
    channels,
    adcMax,
    eventCount: particles.eventCount,
    *frames(run, split, timeFrames, apart = { timeFrames: 1, regions: wide.regions.length }) {
      const world = createWorld(wide, particles, { seed: chamberSeed, run, startNanos: 0n, split });
      for (let i = 0; i < timeFrames; i++) {
        const number = 3 + i * apart.timeFrames;
        const regions = Array.from(
          { length: apart.regions },
          (_, one) => (i * apart.regions + one) % wide.regions.length,
        );
        for (const { region, digits } of world.timeFrame(number, regions))
          yield { region, timeFrame: number, digits };
      }
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
