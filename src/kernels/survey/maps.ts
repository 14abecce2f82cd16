/**
 * The survey's slow twin: the same counts from a frame's hits, and what it saw of each channel, which is what an
 * explanation is drawn from. It takes about a millisecond of a full frame; only frames that are explained pay it.
 */

import type { Digits } from '../../domain/frame.ts';
import {
  type CodeScale,
  cardRecord,
  type Known,
  type Survey,
  type SurveyGrid,
  side,
  stuckWeights,
  tallyNames,
} from './survey.ts';

/**
 * Counts by channel (layer · lanes + lane), as the survey counts them; masks of known channels are not applied. The next
 * frame's maps overwrite them.
 */
export interface SurveyMaps {
  readonly hits: Uint16Array;
  readonly codes: Uint32Array;
  readonly pairs: Uint16Array;
  readonly holes: Uint16Array;
  readonly alone: Uint16Array;
  readonly full: Uint16Array;
  readonly low: Uint16Array;
  readonly jumps: Uint16Array;
  /** Both, in the blocks of lanes the survey asks: every other one. */
  readonly bad: Uint16Array;
  readonly saturated: Uint16Array;
  /** AND and OR of its ADC values, and the evidence of a stuck bit (1/64 bit), whatever the number of hits. */
  readonly all: Uint16Array;
  readonly any: Uint16Array;
  /** Code of each sample, [channel][sample], 0 where no hit is. */
  readonly grid: Uint8Array;
}

export interface MapMaker {
  readonly grid: SurveyGrid;
  mapsOf(digits: Digits): SurveyMaps;
}

/** @param codes code of each ADC value, as the gatherer has them */
export const openMapMaker = (grid: SurveyGrid, scale: CodeScale, codes: Uint8Array): MapMaker => {
  const { channels, samples } = grid;
  const column = () => new Uint16Array(channels);
  // Made once: allocating them for each frame would cost as much as filling them.
  const maps: SurveyMaps = {
    hits: column(),
    codes: new Uint32Array(channels),
    pairs: column(),
    holes: column(),
    alone: column(),
    full: column(),
    low: column(),
    jumps: column(),
    bad: column(),
    saturated: column(),
    all: column(),
    any: column(),
    grid: new Uint8Array(channels * samples),
  };
  const cells = maps.grid;
  return {
    grid,
    mapsOf(digits) {
      for (const counts of Object.values(maps)) counts.fill(0);
      maps.all.fill(0xffff);
      const { count, voxel, adc } = digits;
      for (let hit = 0; hit < count; hit++) cells[voxel[hit]!] = codes[adc[hit]!]!;
      for (let hit = 0; hit < count; hit++) {
        const channel = Math.floor(voxel[hit]! / samples);
        maps.hits[channel]! += 1;
        maps.codes[channel]! += cells[voxel[hit]!]!;
        maps.all[channel]! &= adc[hit]!;
        maps.any[channel]! |= adc[hit]!;
        lookAround(maps, grid, scale, voxel[hit]!, channel);
      }
      return maps;
    },
  };
};

/** What one hit says with those beside it. */
const lookAround = (
  maps: SurveyMaps,
  { lanes, samples, laneBlocks }: SurveyGrid,
  { lowest, highest, jumpUp }: CodeScale,
  voxel: number,
  channel: number,
): void => {
  const cells = maps.grid;
  const lane = channel % lanes;
  const sample = voxel - channel * samples;
  const own = cells[voxel]!;
  const before = lane > 0 ? cells[voxel - samples]! : 0;
  const behind = lane < lanes - 1 ? cells[voxel + samples]! : 0;
  const early = sample > 0 ? cells[voxel - 1]! : 0;
  const late = sample < samples - 1 ? cells[voxel + 1]! : 0;
  if (behind > 0) maps.pairs[channel]! += 1;
  else if (lane < lanes - 2 && cells[voxel + 2 * samples]! > 0) maps.holes[channel + 1]! += 1;
  if (before + behind + early + late === 0) maps.alone[channel]! += 1;
  if (own >= highest) maps.saturated[channel]! += 1;
  const phase = sample % side;
  const isJump = phase > 0 && phase < side - 1 && own > Math.min(255, Math.max(early, late, lowest) + jumpUp);
  if (own < lowest) maps.low[channel]! += 1;
  if (isJump) maps.jumps[channel]! += 1;
  const block = Math.floor(channel / lanes) * laneBlocks + Math.floor(lane / side);
  if ((own < lowest || isJump) && block % 2 === 0) maps.bad[channel]! += 1;
  if (phase === 0 && sample + side <= samples) {
    let run = 1;
    while (run < side && cells[voxel + run]! > 0) run += 1;
    if (run === side) maps.full[channel]! += 1;
  }
};

/** Hits of a block, and of one of its channels, that are asked whether a bit is stuck; a channel with fewer is not. */
const [blockHitsAsked, channelHitsAsked] = [64, 32];
/** A block with as many hits has some in every channel that lives. */
const busyHits = 64;

/** The survey of the frame whose maps these are: what the kernel must say of it. */
export const surveyOfMaps = (
  maps: SurveyMaps,
  digits: Digits,
  grid: SurveyGrid,
  adcBits: number,
  bitWeights: Parameters<typeof stuckWeights>[1],
  known: Known,
): Survey => {
  const { lanes, samples, layers, laneBlocks, sampleBlocks, wiring, cardsAbreast, seamsAbreast } = grid;
  const mask = 2 ** adcBits - 1;
  const weights = stuckWeights(adcBits, bitWeights);
  /** Of the hits from one on, of which so many are asked. */
  const evidence = (from: number, count: number): number => {
    const { all, any } = joined(digits.adc, from, count, mask);
    return count * Math.max(weights[all]!, weights[mask + 1 + (~any & mask)]!);
  };
  const emptyIn = (block: number): number => {
    const firstLane = (block % laneBlocks) * side;
    const first = Math.floor(block / laneBlocks) * lanes + firstLane;
    const places = Array.from({ length: side }, (_, i) => i);
    // Places past the last lane have no channel: what lies there in `hits` is the next layer's.
    const hitAt = (i: number): boolean => firstLane + i < lanes && maps.hits[first + i]! > 0;
    return places.filter((i) => known.silent[block * side + i] === 0 && !hitAt(i)).length;
  };
  let next = 0;
  const tally = Object.fromEntries(tallyNames.map((name) => [name, 0])) as Record<
    (typeof tallyNames)[number],
    number
  >;
  const survey = {
    layers: new Int32Array(layers),
    cards: new Int32Array(cardRecord.size * grid.cards),
    seams: new Int32Array(2 * layers * seamsAbreast),
  };
  for (let block = 0; block < grid.blocks; block++) {
    const layer = Math.floor(block / laneBlocks);
    const laneBlock = block % laneBlocks;
    const card =
      (Math.floor(layer / wiring.cardLayers) * cardsAbreast +
        Math.floor((laneBlock * side) / wiring.cardLanes)) *
      cardRecord.size;
    const first = next;
    const saturated = new Int32Array(sampleBlocks);
    for (let lane = laneBlock * side; lane < Math.min(lanes, (laneBlock + 1) * side); lane++) {
      const channel = layer * lanes + lane;
      const own = maps.hits[channel]!;
      if (block % 2 === 0 && own >= channelHitsAsked)
        tally.stuck = Math.max(tally.stuck, evidence(next, channelHitsAsked));
      next += own;
      tally.codes += maps.codes[channel]!;
      survey.cards[card + cardRecord.codes]! += maps.codes[channel]!;
      for (const name of ['pairs', 'full', 'bad', 'saturated'] as const) tally[name] += maps[name][channel]!;
      tally.fullMost = Math.max(tally.fullMost, maps.full[channel]!);
      const place = block * side + (lane % side);
      if (known.alone[place] === 0) {
        tally.alone += maps.alone[channel]!;
        tally.aloneMost = Math.max(tally.aloneMost, maps.alone[channel]!);
        tally.aloneSquares += maps.alone[channel]! ** 2;
      }
      if (known.silent[place] === 0) {
        tally.holes += maps.holes[channel]!;
        if (own === 0) {
          tally.silent += maps.holes[channel]!;
          tally.silentMost = Math.max(tally.silentMost, maps.holes[channel]!);
        } else survey.cards[card + cardRecord.live]! += 1;
      }
      for (let sample = 0; sample < samples; sample++) {
        const code = maps.grid[channel * samples + sample]!;
        if (code === 0) continue;
        if (code === 255) saturated[Math.floor(sample / side)]! += 1;
      }
      if (lane + 1 < lanes) {
        const missing = Math.min(own, maps.hits[channel + 1]!) - 2 * maps.pairs[channel]!;
        tally.torn += Math.max(0, missing) ** 2;
        tally.tornMost = Math.max(tally.tornMost, missing);
      }
      const chip = lane % wiring.chipLanes;
      const seam = layer * seamsAbreast + Math.floor(lane / wiring.chipLanes);
      if (chip === 0 && lane > 0) survey.seams[2 * (seam - 1)]! += own;
      if (chip === wiring.chipLanes - 1 && laneBlock < laneBlocks - 1) {
        survey.seams[2 * seam]! += own;
        survey.seams[2 * seam + 1]! += maps.pairs[channel]!;
      }
    }
    if (next === first) continue;
    if (next - first >= busyHits) tally.emptyBusy += emptyIn(block);
    survey.layers[layer] = Math.max(survey.layers[layer]!, ...saturated);
    survey.cards[card + cardRecord.hits]! += next - first;
    if (block % 2 !== 0) continue;
    const asked = Math.min(next - first, blockHitsAsked);
    const { all, any } = joined(digits.adc, first, asked, mask);
    tally.stuck = Math.max(tally.stuck, evidence(first, asked));
    survey.cards[card + cardRecord.zeros]! |= ~all & mask;
    survey.cards[card + cardRecord.ones]! |= any;
  }
  tally.rowMost = fullRowsMost(maps, grid);
  for (let hit = 0; hit < digits.count; hit++) tally.charge += digits.adc[hit]!;
  return { tally: Int32Array.from(tallyNames, (name) => tally[name]), ...survey };
};

/** AND and OR of `count` values from `from` on. */
const joined = (
  adc: Uint16Array,
  from: number,
  count: number,
  mask: number,
): { all: number; any: number } => {
  let all = mask;
  let any = 0;
  for (let i = from; i < from + count; i++) {
    all &= adc[i]!;
    any |= adc[i]!;
  }
  return { all, any };
};

/** Most rows of eight channels, all hit at once, of one card and sample. */
const fullRowsMost = ({ grid: cells }: SurveyMaps, grid: SurveyGrid): number => {
  const { lanes, samples, wiring, cardsAbreast, laneBlocks } = grid;
  const rows = new Uint16Array(grid.cards * samples);
  for (let layer = 0; layer < grid.layers; layer++)
    for (let lane = 0; lane + side <= lanes; lane += side) {
      if ((layer * laneBlocks + lane / side) % 2 !== 0) continue;
      for (let sample = 0; sample < samples; sample++) {
        const first = (layer * lanes + lane) * samples + sample;
        let hits = 0;
        for (let i = 0; i < side; i++) if (cells[first + i * samples]! > 0) hits += 1;
        const card =
          Math.floor(layer / wiring.cardLayers) * cardsAbreast + Math.floor(lane / wiring.cardLanes);
        if (hits === side) rows[card * samples + sample]! += 1;
      }
    }
  return rows.reduce((most, one) => Math.max(most, one), 0);
};
