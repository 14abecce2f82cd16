/**
 * Score tables: what is known of an instrument's channels, and what each gauge usually reads at a hit count, learnt from
 * good frames (`fit.ts`). Refuses (file-invalid) a file that is not tables of this format for the instrument given.
 */

import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { type SurveyGrid, surveyGrid, type Wiring } from '../../kernels/survey/survey.ts';
import { type GaugeName, gaugeNames } from './gauges.ts';

const format = 'tessera-score-tables/1';

/** Quantiles a gauge's scale is made of: one of two, of ten, of a hundred and of a thousand good frames read more. */
export const knotExceedances = [0.5, 0.1, 0.01, 0.001] as const;
/** Bands of hit counts, two an octave, up to 2^24 hits; a frame lies between two of them. */
export const bandsMax = 48;

export interface ScoreTables {
  readonly instrument: string;
  readonly wiring: Wiring;
  /** By bit, evidence that it is stuck when it reads 1 (0) in a value, in 1/64 bit. */
  readonly bitWeights: { readonly one: readonly number[]; readonly zero: readonly number[] };
  /** By region: channels that give nothing, and those that are noisy or beside one that gives nothing. */
  readonly silent: readonly (readonly number[])[];
  readonly alone: readonly (readonly number[])[];
  /** By gauge and band, the four knots, ascending. */
  readonly knots: Readonly<Record<GaugeName, readonly (readonly number[])[]>>;
  /** How they were fitted. */
  readonly fit: Readonly<Record<string, unknown>>;
}

export const scoreTablesToJson = (tables: ScoreTables): string => {
  const { knots, ...rest } = tables;
  const rows = Object.entries(knots).map(
    ([name, bands]) => `  ${JSON.stringify(name)}: ${JSON.stringify(bands)}`,
  );
  const head = JSON.stringify({ format, ...rest }, null, 1).replace(/\n}$/, '');
  // One line a region and a gauge: whoever looks for a channel finds it.
  const flat = head.replaceAll(/\[\n[\d\s,]*\]/g, (list) => list.replaceAll(/\s+/g, ''));
  return `${flat},\n "knots": {\n${rows.join(',\n')}\n }\n}\n`;
};

const invalid = (what: string): Fault => new Fault('file-invalid', `score tables: ${what}; fit them again`);

const isNumbers = (value: unknown, min: number, max: number, length?: number): value is number[] =>
  Array.isArray(value) &&
  (length === undefined || value.length === length) &&
  value.every((one) => typeof one === 'number' && one >= min && one <= max);

const wiringOf = (raw: unknown): Wiring => {
  const { cardLayers, cardLanes, chipLanes } = (raw ?? {}) as Record<string, unknown>;
  const sizes = [cardLayers, cardLanes, chipLanes];
  if (!isNumbers(sizes, 1, 4096) || sizes.some((size) => !Number.isInteger(size)))
    throw invalid('"wiring" needs cardLayers, cardLanes and chipLanes');
  if (sizes[1]! % 8 !== 0 || sizes[2]! % 8 !== 0) throw invalid('cards and chips have lanes in eights');
  return { cardLayers: sizes[0]!, cardLanes: sizes[1]!, chipLanes: sizes[2]! };
};

const knotsOf = (raw: unknown): ScoreTables['knots'] => {
  const knots = (raw ?? {}) as Record<string, unknown>;
  for (const name of gaugeNames) {
    const bands = knots[name];
    const good =
      Array.isArray(bands) &&
      bands.length === bandsMax &&
      bands.every(
        (band) =>
          isNumbers(band, -Number.MAX_VALUE, Number.MAX_VALUE, knotExceedances.length) &&
          band.every((knot, i) => i === 0 || knot > band[i - 1]!),
      );
    if (!good) throw invalid(`"knots" of ${name} are not ${bandsMax} rows of ascending numbers`);
  }
  return knots as unknown as ScoreTables['knots'];
};

export const parseScoreTables = (json: string, card: InstrumentCard): ScoreTables => {
  let file: Record<string, unknown> | null;
  try {
    file = JSON.parse(json);
  } catch (cause) {
    throw new Fault('file-invalid', 'the score tables are not JSON; fit them again', { cause });
  }
  if (file === null || typeof file !== 'object' || file.format !== format)
    throw invalid(`the format is not ${format}`);
  if (file.instrument !== card.id) throw invalid(`they are of ${String(file.instrument)}, not of ${card.id}`);
  const wiring = wiringOf(file.wiring);
  const grid = gridOf(card, wiring);
  const { one, zero } = (file.bitWeights ?? {}) as Record<string, unknown>;
  if (!isNumbers(one, 0, 255, card.adcBits) || !isNumbers(zero, 0, 255, card.adcBits))
    throw invalid(`"bitWeights" need a number for each of ${card.adcBits} bits`);
  const channels = (name: 'silent' | 'alone'): number[][] => {
    const lists = file[name];
    const good =
      Array.isArray(lists) &&
      lists.length === card.regions.length &&
      lists.every((list) => isNumbers(list, 0, grid.channels - 1));
    if (!good) throw invalid(`"${name}" needs a list of channels for each of ${card.regions.length} regions`);
    return lists as number[][];
  };
  return {
    instrument: card.id,
    wiring,
    bitWeights: { one, zero },
    silent: channels('silent'),
    alone: channels('alone'),
    knots: knotsOf(file.knots),
    fit: typeof file.fit === 'object' && file.fit !== null ? (file.fit as Record<string, unknown>) : {},
  };
};

/** Throws file-invalid where the instrument's patches are none that the survey serves. */
export const gridOf = (card: Pick<InstrumentCard, 'id' | 'axes' | 'patch'>, wiring: Wiring): SurveyGrid => {
  const grid = surveyGrid(card, wiring);
  if (grid === null)
    throw invalid(
      `${card.id} has patches of ${card.patch.join(' × ')}; the survey serves 8 × 8 of the last two axes`,
    );
  return grid;
};

/** Masks of the kernel, by region: 8 bytes a block of lanes. */
export const maskOf = (channels: readonly number[], grid: SurveyGrid): Uint8Array => {
  const mask = new Uint8Array(grid.blocks * 8);
  for (const channel of channels) {
    const layer = Math.floor(channel / grid.lanes);
    mask[layer * grid.laneBlocks * 8 + (channel % grid.lanes)] = 255;
  }
  return mask;
};

/**
 * Position of a hit count among the bands, between two of them: twice the logarithm to base 2, linear from one power of
 * two to the next, so that it is the same number on every machine.
 */
export const bandPosition = (hitCount: number): number => {
  const octave = 31 - Math.clz32(hitCount + 1);
  return Math.min(bandsMax - 1, 2 * (octave - 1 + (hitCount + 1) / 2 ** octave));
};
