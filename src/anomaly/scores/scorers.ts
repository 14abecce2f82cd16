/**
 * The named scores of a digits frame, from its survey and its tokens: pure, a function of the frame and the cards.
 * Larger is more unusual. A survey score is the most unusual of its gauges, on the scale −log10 of the share of good
 * frames that read as much at that hit count; token surprise is what it always was. Refuses to calibrate: that is done
 * with the numbers it gives. Without score tables only token surprise is scored.
 */

import { Fault } from '../../domain/fault.ts';
import { type InstrumentCard, patchesPerAxis } from '../../domain/instrument.ts';
import { limits } from '../../domain/limits.ts';
import type { ModelCard } from '../../domain/model.ts';
import type { Gatherer } from '../../kernels/patches/gather.ts';
import { openCosts } from '../../kernels/survey/costs.ts';
import {
  type CodeScale,
  codeScale,
  openSurveyor,
  type SurveyGrid,
  type Surveyor,
  stuckWeights,
  surveyBytes,
} from '../../kernels/survey/survey.ts';
import { prepareSurprise, type SurpriseTables, standardised, surpriseName } from '../surprise.ts';
import { type GaugeName, type GaugeSetup, putGauges } from './gauges.ts';
import { openRuler, rulerBytes } from './ruler.ts';
import { gridOf, maskOf, type ScoreTables } from './tables.ts';

/** What drives each survey score. */
export const scoreGauges = {
  'silent-channels': ['silent-most', 'silent', 'empty', 'empty-busy', 'card-empty'],
  'noisy-channels': ['alone-most', 'alone', 'alone-squares'],
  gain: ['code-low', 'saturated-low', 'card-code'],
  ionisation: ['code-high', 'saturated-high', 'saturated-most', 'saturated-half', 'saturated-all'],
  'coherent-rows': ['row'],
  continuity: ['card-seam', 'torn-most', 'torn'],
  'bad-bits': ['impossible', 'stuck'],
  'long-runs': ['full-most', 'full'],
} as const satisfies Readonly<Record<string, readonly GaugeName[]>>;
export type SurveyScore = keyof typeof scoreGauges;
/** In their order; token surprise stands before them. */
export const surveyScores = Object.keys(scoreGauges) as SurveyScore[];

/** Survey scores a frame leaves behind when it is decoded, and after them the sum of its ADC values. */
export const surveyColumns = surveyScores.length + 1;
const chargeColumn = surveyScores.length;

/** What scoring reads of a bite. */
export interface ScorableColumns {
  readonly opens: readonly ({ readonly hitCount: number } | null)[];
  readonly firstRow: Uint32Array;
  readonly rowCount: Uint32Array;
  readonly symbols: Uint8Array;
  /** `surveyColumns` numbers a frame. */
  readonly surveyed: Float64Array;
}

/** Surveys the frame a gatherer holds into `surveyColumns` numbers from `at` on. */
export type Watch = (
  rowCount: number,
  region: number,
  hitCount: number,
  surveyed: Float64Array,
  at: number,
) => void;
/** The same into its gauges, in the order of their names. */
export type GaugeWatch = Watch;

/** One per thread. */
export interface Scorers {
  /** In the order of the scores; the same for every lane of an instrument. */
  readonly names: readonly string[];
  readonly surprise: SurpriseTables;
  /** Room for the symbols of a bite: those that lie in it are scored where they are. */
  readonly symbols: Uint8Array;
  /** null where there are no tables. */
  readonly survey: SurveySetup | null;
  /** Bytes its kernel needs of the gatherer's spare room. */
  readonly spareBytes: number;
  /** Joins it to the decoder's gatherer; null where nothing is surveyed. */
  watch(gatherer: Gatherer): Watch | null;
  /** Writes one number for each name into `out`, from `at` on. */
  scoreFrame(bite: ScorableColumns, frame: number, out: Float64Array, at: number): void;
  /** Sum of the frame's ADC values; 0 where nothing is surveyed. */
  totalCharge(bite: ScorableColumns, frame: number): number;
}

export interface SurveySetup {
  readonly tables: ScoreTables;
  readonly grid: SurveyGrid;
  readonly scale: CodeScale;
  readonly codes: Uint8Array;
  readonly adcBits: number;
  /** Of the instrument's grid, outermost axis first. */
  readonly axisSizes: readonly number[];
}

export const openScorers = (
  card: InstrumentCard,
  model: Pick<ModelCard, 'symbolsPerPatch' | 'alphabet' | 'contexts' | 'symbolCounts' | 'inputTable'>,
  tables: ScoreTables | null,
): Scorers => {
  const surprise = prepareSurprise(model);
  const { symbolsPerPatch } = surprise;
  const patchCount = patchesPerAxis(card).reduce((product, count) => product * count, 1);
  const { symbols, costOf } = openCosts(surprise, Math.max(limits.laneRowsMax, patchCount));
  const survey = tables === null ? null : openSurvey(card, model, tables);
  return {
    names: survey === null ? [surpriseName] : [surpriseName, ...surveyScores],
    surprise,
    symbols,
    survey,
    spareBytes: survey === null ? 0 : spareBytesOf(survey.grid, card),
    watch: (gatherer) => (survey === null ? null : openWatch(survey, gatherer)),
    scoreFrame(bite, frame, out, at) {
      const patchCount = bite.rowCount[frame]!;
      const units = costOf(bite.symbols, bite.firstRow[frame]! * symbolsPerPatch, patchCount);
      out[at] = standardised(units, patchCount, surprise);
      if (survey === null) return;
      const from = frame * surveyColumns;
      for (let score = 0; score < surveyScores.length; score++)
        out[at + 1 + score] = bite.surveyed[from + score]!;
    },
    totalCharge: (bite, frame) =>
      survey === null ? 0 : bite.surveyed[frame * surveyColumns + chargeColumn]!,
  };
};

const openSurvey = (
  card: InstrumentCard,
  model: Pick<ModelCard, 'inputTable'>,
  tables: ScoreTables,
): SurveySetup => {
  if (tables.instrument !== card.id)
    throw new Fault('file-invalid', `the score tables are of ${tables.instrument}, not of ${card.id}`);
  return {
    tables,
    grid: gridOf(card, tables.wiring),
    scale: codeScale(card, model.inputTable),
    codes: Uint8Array.from(model.inputTable),
    adcBits: card.adcBits,
    axisSizes: card.axes.map(({ size }) => size),
  };
};

/** Bytes a watch needs of the gatherer's spare room. */
export const spareBytesOf = (grid: SurveyGrid, { adcBits, regions }: InstrumentCard): number =>
  surveyBytes(grid, adcBits, regions.length) + rulerBytes(grid, regions.length, surveyScores.length);

const openSurveyorOf = ({ tables, grid, scale, adcBits }: SurveySetup, gatherer: Gatherer): Surveyor => {
  const known = tables.silent.map((silent, region) => ({
    silent: maskOf(silent, grid),
    alone: maskOf(tables.alone[region]!, grid),
  }));
  return openSurveyor(grid, gatherer, adcBits, scale, tables.bitWeights, known);
};

const liveChannelsOf = ({ tables, grid }: SurveySetup): Int32Array[] =>
  tables.silent.map((silent) => liveOf(silent, grid));

const openWatch = (setup: SurveySetup, gatherer: Gatherer): Watch => {
  const surveyor = openSurveyorOf(setup, gatherer);
  const members = surveyScores.map((score) => scoreGauges[score]);
  const adcMask = 2 ** setup.adcBits - 1;
  const ruler = openRuler(surveyor, gatherer, adcMask, setup.tables, members, liveChannelsOf(setup));
  return (rowCount, region, hitCount, surveyed, at) => {
    surveyor.run(rowCount, region);
    ruler(hitCount, region, surveyed, at);
  };
};

/** What tables are fitted with, which need no knots. */
export const openGaugeWatch = (survey: SurveySetup, gatherer: Gatherer): GaugeWatch => {
  const { tables, grid, adcBits } = survey;
  const surveyor = openSurveyorOf(survey, gatherer);
  const setup: GaugeSetup = {
    grid,
    liveChannels: liveChannelsOf(survey),
    bitWeights: stuckWeights(adcBits, tables.bitWeights),
    adcMask: 2 ** adcBits - 1,
    layerOrder: new Int32Array(grid.layers),
    cardSeams: new Float64Array(2 * grid.seamsAbreast * Math.ceil(grid.layers / grid.wiring.cardLayers)),
  };
  return (rowCount, region, hitCount, gauges, at) =>
    putGauges(setup, surveyor.run(rowCount, region), region, hitCount, gauges, at);
};

/** Channels of each card that are not known to be silent. */
export const liveOf = (silent: readonly number[], grid: SurveyGrid): Int32Array => {
  const { wiring, cardsAbreast, lanes } = grid;
  const cardAt = (channel: number): number =>
    Math.floor(Math.floor(channel / lanes) / wiring.cardLayers) * cardsAbreast +
    Math.floor((channel % lanes) / wiring.cardLanes);
  const live = new Int32Array(grid.cards);
  for (let channel = 0; channel < grid.channels; channel++) live[cardAt(channel)]! += 1;
  for (const channel of silent) live[cardAt(channel)]! -= 1;
  return live;
};
