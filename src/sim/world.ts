/**
 * A world from a seed: the digits of every region of any time frame, made from collisions on an absolute axis of
 * time that is cut into back-to-back frames. Refuses files and clocks: it is handed the particle list and the
 * instant at which its run starts, and gives the same bytes wherever and in whatever order it is asked.
 */

import { Fault } from '../domain/fault.ts';
import type { Digits, FrameIdentity } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import {
  durationNanos,
  epochNanos,
  messageId,
  type RegionIndex,
  regionIndex,
  run,
  timeFrameNumber,
} from '../domain/quantity.ts';
import { createPrng } from '../kernels/prng.ts';
import { prepareChannels } from './channels.ts';
import { type Beam, type Collision, collide, collideSlot, prepareBeam } from './collision.ts';
import { prepareDetector, reachNanos } from './detector.ts';
import { createDigitiser, digitiseRegion, type Shower } from './digitise.ts';
import { type Mishap, mishapsOf, troubleOf } from './mishap.ts';
import type { ParticleStore, Split } from './particles.ts';
import { prepareResponse } from './response.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly run: number;
  /** Start of time frame 0, ns since the Unix epoch. */
  readonly startNanos: bigint;
  /** Which PYTHIA events collisions are drawn from. */
  readonly split: Split;
  /**
   * `continuous` (default): collisions come when they come and frames follow without a gap. `triggered`: every
   * frame starts with a collision of its own (a central one for nuclei) amid pile-up; only to compare with work
   * on triggered data.
   */
  readonly mode?: 'continuous' | 'triggered';
  readonly mishaps?: readonly Mishap[];
  /** Which draw of the electronics' noise, 0 where it is not said: another is the same charge in the same channels. */
  readonly noiseDraw?: number;
}

/** A collision as the truth of a frame names it. */
export interface CollisionTruth {
  readonly event: number;
  readonly impactFm: number;
  readonly vertexZCm: number;
  /** Since the start of the frame, ns; negative when it was before. */
  readonly sinceFrameNanos: number;
  readonly primaryCount: number;
  readonly trackCount: number;
}

export interface FrameTruth {
  /** Collisions that reach into this time frame; the same list for all its regions. */
  readonly collisions: readonly CollisionTruth[];
  /** Tracks that left charge here: position in `collisions` · 65536 + track. */
  readonly tracks: Uint32Array;
  readonly mishaps: readonly Mishap[];
}

export interface SimFrame {
  readonly region: RegionIndex;
  readonly identity: FrameIdentity;
  readonly digits: Digits;
  readonly truth: FrameTruth;
}

/** Identity of a region's frame in a time frame. */
export type Identify = (region: number, number: number) => FrameIdentity;

export interface World {
  readonly card: InstrumentCard;
  readonly identify: Identify;
  /**
   * Regions of a time frame (absent: all, in the card's order). Pure: any number, any order, any number of times, and a
   * region is the same whichever others are asked for.
   */
  timeFrame(number: number, regions?: readonly number[]): readonly SimFrame[];
}

/** A collision whose charge may arrive within a frame. */
export interface Reaching {
  readonly collision: Collision;
  /** Start of the collision since the start of the frame, ns. */
  readonly sinceFrameNanos: number;
}

/** A world that is simulated, not replayed: it can say what its frames were made of. */
export interface SimulatedWorld extends World {
  /** Collisions that reach into a time frame, with their electrons; in the order of a frame's truth. */
  reaching(number: number): readonly Reaching[];
}

/** Slots whose collisions are remembered: a frame needs three, and the next one two of them again. */
const slotsRemembered = 4;
const streams = { noise: 6 } as const;

export const createWorld = (
  card: InstrumentCard,
  particles: ParticleStore,
  options: WorldOptions,
): SimulatedWorld => {
  const detector = prepareDetector(card);
  const response = prepareResponse(detector);
  const beam = prepareBeam(detector, response, particles, options.split);
  const key = [options.seed, options.run];
  // The chamber is the same in every run of a seed.
  const channels = prepareChannels(detector, [options.seed]);
  const digitiser = createDigitiser(detector, response);
  const history = createHistory(
    beam,
    [...key, options.mode === 'triggered' ? 1 : 0],
    options.mode ?? 'continuous',
  );
  const identify = identitiesOf(card, options);
  const noiseDraw = (options.noiseDraw ?? 0) === 0 ? [] : [options.noiseDraw!];
  let stamp = 0;

  const everyRegion = card.regions.map((_, region) => region);

  const timeFrame = (number: number, regions: readonly number[] = everyRegion): readonly SimFrame[] => {
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new Fault('config-invalid', `time frame ${number} is not a number from 0 on`);
    }
    const reaching = history(number);
    const collisions = reaching.map(({ collision, sinceFrameNanos }) => truthOf(collision, sinceFrameNanos));
    const showers = reaching.map(
      ({ collision, sinceFrameNanos }, index): Shower => ({
        deposits: collision.deposits,
        startBins: sinceFrameNanos / detector.binNanos,
        stamps: new Uint32Array(collision.trackCount),
        tag: index << 16,
      }),
    );
    return regions.map((region) => {
      const active = mishapsOf(options.mishaps ?? [], region, number);
      stamp += 1;
      const { digits, tracks } = digitiseRegion(
        digitiser,
        region,
        stamp,
        showers,
        { gain: channels.gain[region]!, extraNoise: channels.extraNoise[region]! },
        troubleOf(active, number, detector, key),
        createPrng(...key, streams.noise, number, region, ...noiseDraw),
      );
      const truth = { collisions, tracks: tracks.sort(), mishaps: active };
      return { region: regionIndex(region), identity: identify(region, number), digits, truth };
    });
  };
  return { card, identify, timeFrame, reaching: history };
};

/** Names frames; message ids are time-frame numbers, so they are consecutive per source and run. */
export const identitiesOf =
  (
    card: InstrumentCard,
    options: { readonly run: number; readonly startNanos: bigint; readonly spacingNanos?: bigint },
  ) =>
  (region: number, number: number): FrameIdentity => ({
    sourceName: card.regions[region]!,
    messageId: messageId(number),
    timestampNanos: epochNanos(
      options.startNanos + BigInt(number) * (options.spacingNanos ?? card.timeFrameNanos),
    ),
    durationNanos: durationNanos(card.timeFrameNanos),
    run: run(options.run),
    timeFrame: timeFrameNumber(number),
    instrumentId: card.id,
    instrumentHash: card.hash,
  });

const truthOf = (collision: Collision, sinceFrameNanos: number): CollisionTruth => ({
  event: collision.event,
  impactFm: collision.impactFm,
  vertexZCm: collision.vertexZCm,
  sinceFrameNanos,
  primaryCount: collision.primaryCount,
  trackCount: collision.trackCount,
});

/** The collisions whose charge may arrive within a frame, with a short memory of slots just made. */
const createHistory = (beam: Beam, key: readonly number[], mode: 'continuous' | 'triggered') => {
  const { detector } = beam;
  const reach = reachNanos(detector);
  const slotsBack = Math.ceil(reach / detector.frameNanos);
  const remembered = new Map<number, readonly Collision[]>();
  // Under a trigger the pile-up is of minimum bias: the enrichment is the trigger's.
  const centralShare = mode === 'triggered' ? 0 : detector.conditions.centralShare;
  const slotOf = (slot: number): readonly Collision[] => {
    const known = remembered.get(slot);
    if (known !== undefined) return known;
    const made = collideSlot(beam, key, slot, centralShare);
    remembered.set(slot, made);
    if (remembered.size > slotsRemembered) remembered.delete(remembered.keys().next().value!);
    return made;
  };
  const reaching = (slots: readonly (readonly [number, number])[]): Reaching[] =>
    slots
      .flatMap(([slot, startNanos]) =>
        slotOf(slot).map((collision) => ({ collision, sinceFrameNanos: startNanos + collision.offsetNanos })),
      )
      .filter(({ sinceFrameNanos }) => sinceFrameNanos + reach > 0);
  const ages = Array.from({ length: slotsBack + 1 }, (_, i) => i - slotsBack);

  if (mode === 'continuous') {
    // Slots before frame 0 are made like any other: the chamber is full when a run begins.
    return (number: number): Reaching[] =>
      reaching(ages.map((age) => [number + age, age * detector.frameNanos] as const));
  }
  // Triggered frames share nothing: each has slots of its own for its pile-up, and its trigger's collision.
  return (number: number): Reaching[] => {
    const first = number * (slotsBack + 1);
    const trigger = collide(beam, key, first, tracksOfTrigger, 0, beam.central.length > 0);
    return [
      { collision: trigger, sinceFrameNanos: 0 },
      ...reaching(ages.map((age, i) => [first + i, age * detector.frameNanos] as const)),
    ];
  };
};

/** An ordinal no pile-up collision of a slot reaches. */
const tracksOfTrigger = 1 << 20;
