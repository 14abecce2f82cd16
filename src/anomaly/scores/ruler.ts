/**
 * A frame's survey as scores, quickly: gauges, each read on the scale of its knots, and the most unusual of each score
 * (wasm/ruler.as), in the memory the survey lies in. Its slow twins are `gauges.ts` and test/anomaly/scores/ruler.slow.ts.
 * Refuses nothing: tables were checked when they were read.
 */

import { wasmBase64 } from '../../kernels/generated/ruler.ts';
import { openKernels, planRoom } from '../../kernels/linear_memory.ts';
import type { Gatherer } from '../../kernels/patches/gather.ts';
import type { SurveyGrid, Surveyor } from '../../kernels/survey/survey.ts';
import { cardHitsMin, type GaugeName, gaugeNames, seamHitsMin } from './gauges.ts';
import { bandsMax, knotExceedances, type ScoreTables } from './tables.ts';

/** Beyond what any calibration tells apart: 10^−90. */
export const scoreMax = 90;

/** The frame surveyed last, of a region: a number for each score, then the sum of its ADC values, from `at` on. */
export type Ruler = (hitCount: number, region: number, into: Float64Array, at: number) => void;

const knotCount = knotExceedances.length;

const placesOf = (grid: SurveyGrid, regions: number, scoreCount: number, from: number) => {
  const room = planRoom(from);
  const at = {
    layout: room.place(128),
    live: room.place(4 * regions * grid.cards),
    layerBytes: room.place(grid.layers + 16),
    cardSeams: room.place(cardSeamBytes(grid)),
    gauges: room.place(8 * gaugeNames.length),
    knots: room.place(8 * bandsMax * knotCount * gaugeNames.length),
    levels: room.place(8 * (knotCount + 1)),
    scoreOf: room.place(gaugeNames.length),
    scores: room.place(8 * (scoreCount + 1)),
  };
  return { at, bytes: room.bytes };
};

const cardSeamBytes = ({ seamsAbreast, layers, wiring }: SurveyGrid): number =>
  16 * seamsAbreast * Math.ceil(layers / wiring.cardLayers);

/** Bytes a ruler needs of the gatherer's spare room, behind the survey's. */
export const rulerBytes = (grid: SurveyGrid, regions: number, scoreCount: number): number =>
  placesOf(grid, regions, scoreCount, 0).bytes;

/**
 * @param scores the gauges that drive each score
 * @param liveChannels channels of each card that are not known to be silent, by region
 */
export const openRuler = (
  { grid, at: surveyed }: Surveyor,
  { room: { memory } }: Gatherer,
  adcMask: number,
  { knots }: Pick<ScoreTables, 'knots'>,
  scores: readonly (readonly GaugeName[])[],
  liveChannels: readonly Int32Array[],
): Ruler => {
  const { at } = placesOf(grid, liveChannels.length, scores.length, surveyed.end);
  const { buffer } = memory;
  liveChannels.forEach((live, region) => {
    new Int32Array(buffer, at.live + 4 * region * grid.cards, grid.cards).set(live);
  });
  // By band, knot and gauge: two gauges are read at a time.
  const table = new Float64Array(buffer, at.knots, bandsMax * knotCount * gaugeNames.length);
  gaugeNames.forEach((name, gauge) => {
    knots[name].forEach((band, b) => {
      band.forEach((knot, k) => {
        table[(b * knotCount + k) * gaugeNames.length + gauge] = knot;
      });
    });
  });
  const levels = knotExceedances.map((share) => -Math.log10(share));
  new Float64Array(buffer, at.levels, knotCount + 1).set([...levels, scoreMax]);
  const scoreOf = gaugeNames.map((name) => 8 * scores.findIndex((members) => members.includes(name)));
  new Uint8Array(buffer, at.scoreOf, gaugeNames.length).set(scoreOf);
  // In the order of `Layout` in wasm/ruler.as.
  const layout = Int32Array.of(
    ...[surveyed.tally, surveyed.layers, surveyed.cards, surveyed.seams, surveyed.weights],
    ...[adcMask, grid.layers, grid.cards, grid.wiring.cardLayers, grid.seamsAbreast, cardSeamBytes(grid)],
    ...[cardHitsMin, seamHitsMin, bandsMax, scores.length],
    ...[at.live, at.layerBytes, at.cardSeams, at.gauges, at.knots, at.levels, at.scoreOf, at.scores],
  );
  new Int32Array(buffer, at.layout, layout.length).set(layout);
  const { ruler } = openKernels(wasmBase64, memory) as {
    ruler(layout: number, hitCount: number, region: number): void;
  };
  const read = new Float64Array(buffer, at.scores, scores.length + 1);
  return (hitCount, region, into, to) => {
    ruler(at.layout, hitCount, region);
    for (let i = 0; i < read.length; i++) into[to + i] = read[i]!;
  };
};
