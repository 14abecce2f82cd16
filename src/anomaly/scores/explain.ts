/**
 * Explains a frame: for each survey score that is unusual, the channels and patches that drive it and the part of the
 * grid they span. Refuses to explain what is ordinary.
 */

import type { Digits } from '../../domain/frame.ts';
import { limits } from '../../domain/limits.ts';
import type { Finding, Share } from '../../domain/packet.ts';
import { openMapMaker, type SurveyMaps } from '../../kernels/survey/maps.ts';
import { type SurveyGrid, side } from '../../kernels/survey/survey.ts';
import { drawBlame, topOf } from './blame/blame.ts';
import type { Blame } from './blame/groups.ts';
import { type SurveyScore, type SurveySetup, surveyScores } from './scorers.ts';

export interface Explainer {
  /** The map of the frame: each score's by how rare it is (−log10 p, in the order of the survey scores). */
  combined(digits: Digits, region: number, rarities: ArrayLike<number>): Blame;
  /** What drives the scores that are unusual, the most unusual first; `rarities` as above. */
  findingsOf(digits: Digits, region: number, rarities: ArrayLike<number>): Finding[];
}

/** A score as ordinary as one frame in thirty says nothing; one in a hundred is a finding. */
const [rarityMin, findingMin] = [1.5, 2];
/** The rarest scores lead: twice the decades count sixteenfold. */
const power = 4;
/** The part of the grid that a finding spans holds so much of its blame. */
const spanShare = 0.8;

/** One per thread: its maps are overwritten by the next frame. */
export const explainer = (setup: SurveySetup): Explainer => {
  const { grid } = setup;
  const maker = openMapMaker(grid, setup.scale, setup.codes);
  const room: Room = {
    byPatch: new Float64Array(grid.patchCount),
    values: new Float64Array(Math.max(grid.patchCount, grid.channels)),
  };
  return {
    combined(digits, region, rarities) {
      const maps = maker.mapsOf(digits);
      const sum = new Float64Array(grid.channels);
      surveyScores.forEach((score, i) => {
        const rarity = rarities[i] ?? 0;
        if (rarity < rarityMin) return;
        const blame = drawBlame[score](maps, setup, region);
        const most = blame.reduce((top, one) => Math.max(top, one), 0);
        if (most === 0) return;
        for (let channel = 0; channel < sum.length; channel++)
          sum[channel]! += (rarity ** power * blame[channel]!) / most;
      });
      return sum;
    },
    findingsOf(digits, region, rarities) {
      const unusual = surveyScores
        .map((score, i) => ({ score, rarity: rarities[i] ?? 0 }))
        .filter(({ rarity }) => rarity >= findingMin)
        .sort((a, b) => b.rarity - a.rarity)
        .slice(0, limits.anomalyFindingsMax);
      if (unusual.length === 0) return [];
      const maps = maker.mapsOf(digits);
      return unusual.map(({ score, rarity }) => findingOf(score, rarity, maps, setup, region, room));
    },
  };
};

/** What every finding writes into, made once. */
interface Room {
  readonly byPatch: Blame;
  readonly values: Float64Array;
}

const findingOf = (
  score: SurveyScore,
  rarity: number,
  maps: SurveyMaps,
  setup: SurveySetup,
  region: number,
  { byPatch, values }: Room,
): Finding => {
  const { grid } = setup;
  const blame = drawBlame[score](maps, setup, region);
  const total = blame.reduce((sum, one) => sum + one, 0);
  const top = topOf(blame, limits.anomalyChannelsMax, values);
  const channels = Array.from(top, (index): Share => ({ index, share: blame[index]! / total }));
  patchBlame(top, blame, maps, grid, byPatch);
  const patches = Array.from(
    topOf(byPatch, limits.anomalyPatchesMax, values),
    (index): Share => ({ index, share: byPatch[index]! / total }),
  );
  return { scoreName: score, score: rarity, span: spanOf(channels, byPatch, setup), channels, patches };
};

/** Blame of channels by where their hits are; a channel without hits blames all of its patches alike. */
const patchBlame = (
  top: Uint32Array,
  blame: Blame,
  maps: SurveyMaps,
  { lanes, samples, laneBlocks, sampleBlocks }: SurveyGrid,
  byPatch: Blame,
): void => {
  byPatch.fill(0);
  for (const channel of top) {
    const first =
      (Math.floor(channel / lanes) * laneBlocks + Math.floor((channel % lanes) / side)) * sampleBlocks;
    const hits = maps.hits[channel]!;
    const share = blame[channel]! / (hits || samples);
    if (hits === 0)
      for (let block = 0; block < sampleBlocks; block++)
        byPatch[first + block]! += share * Math.min(side, samples - block * side);
    else
      for (let [at, left] = [channel * samples, hits]; left > 0; at++) {
        if (maps.grid[at] === 0) continue;
        byPatch[first + Math.floor((at - channel * samples) / side)]! += share;
        left -= 1;
      }
  }
};

/** Along each axis, the range that the first channels span, and along the last that of the patches with most blame. */
const spanOf = (
  channels: readonly Share[],
  byPatch: Blame,
  { grid, axisSizes }: SurveySetup,
): Finding['span'] => {
  if (channels.length === 0) return [];
  const lead: number[] = [];
  let held = 0;
  for (const { index, share } of channels) {
    lead.push(index);
    held += share;
    if (held >= spanShare) break;
  }
  const before = axisSizes.slice(0, -1);
  const from = before.map((size) => size);
  const to = before.map(() => 0);
  for (const channel of lead) {
    let rest = channel;
    for (let axis = before.length - 1; axis >= 0; axis--) {
      const at = rest % before[axis]!;
      rest = Math.floor(rest / before[axis]!);
      from[axis] = Math.min(from[axis]!, at);
      to[axis] = Math.max(to[axis]!, at + 1);
    }
  }
  const samples = sampleSpan(byPatch, grid);
  return [...before.map((_, axis) => ({ from: from[axis]!, to: to[axis]! })), samples];
};

const sampleSpan = (byPatch: Blame, { sampleBlocks, samples }: SurveyGrid): { from: number; to: number } => {
  const blocks = new Float64Array(sampleBlocks);
  for (let patch = 0; patch < byPatch.length; patch++)
    if (byPatch[patch]! > 0) blocks[patch % sampleBlocks]! += byPatch[patch]!;
  const total = blocks.reduce((sum, one) => sum + one, 0);
  let [first, last, held] = [sampleBlocks - 1, 0, 0];
  for (const block of topOf(blocks, sampleBlocks)) {
    first = Math.min(first, block);
    last = Math.max(last, block);
    held += blocks[block]!;
    if (held >= spanShare * total) break;
  }
  return last < first
    ? { from: 0, to: samples }
    : { from: first * side, to: Math.min(samples, (last + 1) * side) };
};
