/**
 * The named scores of a digits frame, from its survey and its tokens: pure, a function of the frame and the cards.
 * Larger is more unusual. A survey score is the most unusual of its gauges, on the scale −log10 of the share of good
 * frames that read as much at that hit count; token surprise is what it always was. Refuses to calibrate: that is done
 * with the numbers it gives. Without score tables only token surprise is scored.
 */

import { Fault } from '../../domain/fault.ts';
import { type InstrumentCard, patchesPerAxis } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import type { Gatherer } from '../../kernels/patches/gather.ts';
import { openCosts } from '../../kernels/survey/costs.ts';
import {
  type CodeScale,
  codeScale,
  openSurveyor,
  type SurveyGrid,
  stuckWeights,
  surveyBytes,
  tallyNames,
} from '../../kernels/survey/survey.ts';
import { prepareSurprise, type SurpriseTables, standardised, surpriseName } from '../surprise.ts';
import { type GaugeName, type GaugeSetup, gaugeNames, putGauges } from './gauges.ts';
import { bandPosition, bandsMax, gridOf, knotExceedances, maskOf, type ScoreTables } from './tables.ts';

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

/** Gauges a frame leaves behind for scoring, and after them the sum of its ADC values. */
export const gaugeColumns = gaugeNames.length + 1;
const chargeColumn = gaugeNames.length;
const chargeAt = tallyNames.indexOf('charge');

/** What scoring reads of a bite. */
export interface ScorableColumns {
  readonly opens: readonly ({ readonly hitCount: number } | null)[];
  readonly firstRow: Uint32Array;
  readonly rowCount: Uint32Array;
  readonly symbols: Uint8Array;
  /** `gaugeColumns` numbers a frame. */
  readonly gauges: Float64Array;
}

/** Surveys the frame a gatherer holds into the gauges of a frame, `gaugeColumns` numbers from `at` on. */
export type Watch = (
  rowCount: number,
  region: number,
  hitCount: number,
  gauges: Float64Array,
  at: number,
) => void;

/** One per thread. */
export interface Scorers {
  /** In the order of the scores; the same for every lane of an instrument. */
  readonly names: readonly string[];
  readonly surprise: SurpriseTables;
  /** null where there are no tables. */
  readonly survey: SurveySetup | null;
  /** Bytes its kernel needs of the gatherer's spare room. */
  readonly spareBytes: number;
  /** Joins it to the decoder's gatherer; null where nothing is surveyed. */
  watch(gatherer: Gatherer): Watch | null;
  /** Writes one number for each name into `out`. */
  scoreFrame(bite: ScorableColumns, frame: number, out: Float64Array): void;
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
  const patchesMax = patchesPerAxis(card).reduce((product, count) => product * count, 1);
  const costOf = openCosts(surprise, patchesMax);
  const survey = tables === null ? null : openSurvey(card, model, tables);
  const ruler = tables === null ? null : openRuler(tables);
  return {
    names: survey === null ? [surpriseName] : [surpriseName, ...surveyScores],
    surprise,
    survey,
    spareBytes: survey === null ? 0 : surveyBytes(survey.grid, card.adcBits, card.regions.length),
    watch: (gatherer) => (survey === null ? null : openWatch(survey, gatherer)),
    scoreFrame(bite, frame, out) {
      const patchCount = bite.rowCount[frame]!;
      const units = costOf(bite.symbols, bite.firstRow[frame]! * symbolsPerPatch, patchCount);
      out[0] = standardised(units, patchCount, surprise);
      const open = bite.opens[frame];
      if (ruler !== null && open) ruler(open.hitCount, bite.gauges, frame * gaugeColumns, out, 1);
    },
    totalCharge: (bite, frame) => (survey === null ? 0 : bite.gauges[frame * gaugeColumns + chargeColumn]!),
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

export const openWatch = ({ tables, grid, scale, adcBits }: SurveySetup, gatherer: Gatherer): Watch => {
  const known = tables.silent.map((silent, region) => ({
    silent: maskOf(silent, grid),
    alone: maskOf(tables.alone[region]!, grid),
  }));
  const surveyor = openSurveyor(grid, gatherer, adcBits, scale, tables.bitWeights, known);
  const setup: GaugeSetup = {
    grid,
    liveChannels: tables.silent.map((silent) => liveOf(silent, grid)),
    bitWeights: stuckWeights(adcBits, tables.bitWeights),
    adcMask: 2 ** adcBits - 1,
    layerOrder: new Int32Array(grid.layers),
    cardSeams: new Float64Array(2 * grid.seamsAbreast * Math.ceil(grid.layers / grid.wiring.cardLayers)),
  };
  return (rowCount, region, hitCount, gauges, at) => {
    const survey = surveyor.run(rowCount, region);
    putGauges(setup, survey, region, hitCount, gauges, at);
    gauges[at + chargeColumn] = survey.tally[chargeAt]!;
  };
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

/** Beyond what any calibration tells apart: 10^−90. */
const scoreMax = 90;

type Ruler = (hitCount: number, gauges: Float64Array, from: number, out: Float64Array, outAt: number) => void;

/**
 * Reads gauges on the scale of their knots, interpolated between the bands beside the hit count: −log10 of the share
 * that reads as much is 0.3, 1, 2 and 3 at the knots, linear between them and on after the last.
 */
const openRuler = ({ knots }: ScoreTables): Ruler => {
  const columns = surveyScores.map((score) =>
    Int32Array.from(scoreGauges[score], (name) => gaugeNames.indexOf(name)),
  );
  const levels = knotExceedances.map((share) => -Math.log10(share));
  const [half, tenth, hundredth, thousandth] = levels as [number, number, number, number];
  const size = knotExceedances.length;
  const table = new Float64Array(gaugeNames.length * bandsMax * size);
  gaugeNames.forEach((name, gauge) => {
    knots[name].forEach((band, b) => {
      table.set(band, (gauge * bandsMax + b) * size);
    });
  });
  return (hitCount, gauges, from, out, outAt) => {
    const position = bandPosition(hitCount);
    const band = Math.min(bandsMax - 2, Math.floor(position));
    const share = position - band;
    for (let score = 0; score < columns.length; score++) {
      const members = columns[score]!;
      let most = -scoreMax;
      for (let i = 0; i < members.length; i++) {
        const gauge = members[i]!;
        const value = gauges[from + gauge]!;
        const at = (gauge * bandsMax + band) * size;
        const k1 = table[at + 1]! + share * (table[at + 5]! - table[at + 1]!);
        let level: number;
        if (value <= k1) {
          const k0 = table[at]! + share * (table[at + 4]! - table[at]!);
          level = tenth - ((tenth - half) * (k1 - value)) / (k1 - k0);
        } else {
          const k2 = table[at + 2]! + share * (table[at + 6]! - table[at + 2]!);
          if (value <= k2) level = tenth + ((hundredth - tenth) * (value - k1)) / (k2 - k1);
          else {
            const k3 = table[at + 3]! + share * (table[at + 7]! - table[at + 3]!);
            level = hundredth + ((thousandth - hundredth) * (value - k2)) / (k3 - k2);
          }
        }
        if (level > most) most = level;
      }
      out[outAt + score] = Math.min(most, scoreMax);
    }
  };
};
