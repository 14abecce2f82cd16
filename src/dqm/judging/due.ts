/**
 * How surely each front-end card should have seen something of a frame, from what the cards around it saw: a track that crosses
 * the card before and the card behind crosses the one between. Refuses to expect anything of a card by its own hits, and to know
 * of chambers less than three cards deep, where no card lies between two, or of cards too shallow to tell a track from noise.
 */

import type { Digits } from '../../domain/frame.ts';
import type { ObjectLayout } from '../layout.ts';

/** Cells that tracks are looked for in: about a pulse. */
const [cellLanes, cellSamples] = [4, 4];
/** A track may move so far from a card to the one after the next: over eight layers of 1.1 cm, at 0.3 GeV/c and at η of 1. */
const [reachLanes, reachSamples] = [24, 24];
/** Layers of a card without which its hits are no track: noisy channels are of one or two. */
const trackLayers = 3;
/** So near to its edge a track may pass a card by. */
const [marginLanes, marginSamples] = [6, 4];
/**
 * −ln of the share of good frames in which a card saw no track, though others of its region did: of the two cards beside it none,
 * one or both, or a straight line through both leads into it. Measured in 192,000 simulated p+p frames of the TPC; of cards between
 * two, and of those at the inner and outer edge, which are told by the two next to them, and which tracks may not reach. Where no
 * other card saw one nothing is due: there may have been no collision.
 */
const between = { beside: [0.12, 1.1, 3.3], crossed: 8.2 } as const;
const innermost = { beside: [0.3, 0.85, 1.6], crossed: 4.8 } as const;
const outermost = { beside: [0.2, 0.57, 1.35], crossed: 4.4 } as const;

/** A line through points of two bands, and where it crosses a third: so much `of` its inner point and of its outer one. */
interface Line {
  readonly band: number;
  readonly inner: number;
  readonly outer: number;
  readonly of: readonly [inner: number, outer: number];
  readonly surely: typeof between | typeof innermost | typeof outermost;
}

const linesOf = (bands: number): Line[] =>
  Array.from({ length: bands }, (_, band) => {
    if (band === 0) return { band, inner: 1, outer: 2, of: [2, -1], surely: innermost };
    if (band === bands - 1)
      return { band, inner: bands - 3, outer: bands - 2, of: [-1, 2], surely: outermost };
    return { band, inner: band - 1, outer: band + 1, of: [0.5, 0.5], surely: between };
  });

/** For a frame's hits, card by card, how surely it should have seen a track, in nats: valid until it is asked again. */
export type DueOf = (digits: Digits) => Float64Array;

/** Scratch is made once: one a thread. @returns null where too few layers tell a track */
export const openDue = ({
  layers,
  lanes,
  samples,
  wiring: { cardLayers, cardLanes },
}: Pick<ObjectLayout, 'layers' | 'lanes' | 'samples' | 'wiring'>): DueOf | null => {
  const bands = Math.ceil(layers / cardLayers);
  if (bands < 3 || cardLayers < trackLayers) return null;
  const abreast = Math.ceil(lanes / cardLanes);
  const [slots, times] = [Math.ceil(lanes / cellLanes), Math.ceil(samples / cellSamples)];
  const lines = linesOf(bands);
  const [reachSlots, reachTimes] = [reachLanes / cellLanes, reachSamples / cellSamples];
  /** Layers hit, as bits, by [band][slot][time], and a border of nothing beyond the last slot and time. */
  const [rows, columns] = [slots + 1, times + 1];
  const hitLayers = new Uint32Array(bands * rows * columns);
  const allLayers = Uint32Array.from({ length: bands }, (_, band) => {
    const count = Math.min(cardLayers, layers - band * cardLayers);
    return 2 ** count - 1;
  });
  /** Where a track crosses all layers of a band within two cells by two: [slot, time] of the first of these. */
  const isCrossed = new Uint8Array(hitLayers.length);
  const crossedIn: number[][] = Array.from({ length: bands }, () => []);
  /** Layers hit, as bits, by card. */
  const layersOf = new Uint32Array(bands * abreast);
  const due = new Float64Array(bands * abreast);

  const gather = ({ count, voxel }: Digits): void => {
    hitLayers.fill(0);
    layersOf.fill(0);
    for (let hit = 0; hit < count; hit++) {
      const at = voxel[hit]!;
      const channel = Math.floor(at / samples);
      const layer = Math.floor(channel / lanes);
      const lane = channel - layer * lanes;
      const band = Math.floor(layer / cardLayers);
      const card = band * abreast + Math.floor(lane / cardLanes);
      const bit = 1 << (layer - band * cardLayers);
      layersOf[card] = layersOf[card]! | bit;
      const time = Math.floor((at - channel * samples) / cellSamples);
      const cell = (band * rows + Math.floor(lane / cellLanes)) * columns + time;
      hitLayers[cell] = hitLayers[cell]! | bit;
    }
  };

  const findCrossed = (): void => {
    isCrossed.fill(0);
    for (const [band, cells] of crossedIn.entries()) {
      cells.length = 0;
      const first = band * rows * columns;
      for (let cell = 0; cell < slots * columns; cell++) {
        const at = first + cell;
        if (hitLayers[at] === 0) continue;
        const beside = hitLayers[at + 1]! | hitLayers[at + columns]! | hitLayers[at + columns + 1]!;
        if ((hitLayers[at]! | beside) !== allLayers[band]) continue;
        isCrossed[at] = 1;
        cells.push(cell);
      }
    }
  };

  /** The card of a band that a line leads into, well inside it; −1 where it is none. */
  const cardAt = (lane: number, sample: number): number => {
    if (lane < 0 || lane >= lanes || sample < marginSamples || sample > samples - marginSamples) return -1;
    const card = Math.floor(lane / cardLanes);
    const within = lane - card * cardLanes;
    return within < marginLanes || within > cardLanes - marginLanes ? -1 : card;
  };

  /** Marks the cards of a band that lines cross; ends once all are. */
  const follow = ({ band, inner, outer, of: [ofInner, ofOuter], surely }: Line): void => {
    let left = abreast;
    const isMarked = (lane: number): boolean => {
      const card = Math.floor(Math.max(0, Math.min(lanes - 1, lane)) / cardLanes);
      return due[band * abreast + card] === surely.crossed;
    };
    /** Lines from a cell end so far from it at most: less than a card is wide, so that both ends say whether all is marked. */
    const farLanes = Math.abs(ofOuter) * reachLanes;
    const mark = (card: number): void => {
      if (card < 0 || due[band * abreast + card] === surely.crossed) return;
      due[band * abreast + card] = surely.crossed;
      left -= 1;
    };
    for (const cell of crossedIn[inner]!) {
      const slot = Math.floor(cell / columns);
      const time = cell - slot * columns;
      const lane = (slot + 1) * cellLanes;
      if (isMarked(lane - farLanes) && isMarked(lane + farLanes)) continue;
      const [slotTo, timeTo] = [
        Math.min(slots - 1, slot + reachSlots),
        Math.min(times - 1, time + reachTimes),
      ];
      for (let other = Math.max(0, slot - reachSlots); other <= slotTo; other++)
        for (let then = Math.max(0, time - reachTimes); then <= timeTo; then++) {
          if (isCrossed[(outer * rows + other) * columns + then] === 0) continue;
          const sample = (ofInner * (time + 1) + ofOuter * (then + 1)) * cellSamples;
          mark(cardAt(ofInner * lane + ofOuter * (other + 1) * cellLanes, sample));
          if (left === 0) return;
        }
    }
  };

  return (digits) => {
    gather(digits);
    findCrossed();
    const touched = layersOf.reduce((count, one) => count + saw(one), 0);
    for (const line of lines) {
      for (let lane = 0; lane < abreast; lane++) {
        const of = (band: number): number => saw(layersOf[band * abreast + lane]!);
        const card = line.band * abreast + lane;
        due[card] = touched > of(line.band) ? line.surely.beside[of(line.inner) + of(line.outer)]! : 0;
      }
      follow(line);
    }
    return due;
  };
};

/** 1 where so many layers were hit that there was a track. */
const saw = (layersHit: number): number => {
  let [left, count] = [layersHit, 0];
  for (; left !== 0 && count < trackLayers; count++) left &= left - 1;
  return count === trackLayers ? 1 : 0;
};
