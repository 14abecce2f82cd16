/**
 * Score tables of trigger objects: the integer networks behind their scores, made by models/train/train_l1_scores.py.
 * Refuses (file-invalid) a file that is not tables of this format for the card given.
 */

import { Fault } from '../../domain/fault.ts';
import type { ObjectsCard } from '../../domain/instrument.ts';
import { type DenseInputs, type DenseNet, denseBounds } from '../../kernels/dense.ts';

const format = 'tessera-object-scores/2';

/** A network and how it takes its inputs. */
export interface ScoreNet {
  readonly inputs: DenseInputs;
  readonly net: DenseNet;
}

export interface ObjectScoreTables {
  readonly kind: 'objects';
  /** The means of the latent numbers. */
  readonly latent: ScoreNet;
  /** What a narrow autoencoder leaves of the features; it takes each slot's first cell on the scale of `logSteps`. */
  readonly feature: ScoreNet;
}

const invalid = (what: string): Fault =>
  new Fault('file-invalid', `score tables of objects: ${what}; train them again`);

const areWhole = (value: unknown, most: number, length?: number): value is number[] =>
  Array.isArray(value) &&
  (length === undefined || value.length === length) &&
  value.every((one) => Number.isInteger(one) && Math.abs(one) <= most);

/** Weights of 16 bits; with at most so many inputs and biases no sum below is beyond what a double counts. */
const [weightMost, widthMost, biasMost, sumMost] = [32767, 256, 2 ** 28, 2 ** 31 - 64];

const areLayers = (raw: unknown, inputs: number): raw is DenseNet => {
  if (!Array.isArray(raw) || raw.length === 0) return false;
  let [width, most] = [inputs, denseBounds.input as number];
  return raw.every((layer: unknown) => {
    const { weights, bias } = (layer ?? {}) as Record<string, unknown>;
    if (!Array.isArray(weights) || weights.length === 0 || weights.length > widthMost) return false;
    if (!areWhole(bias, biasMost, weights.length)) return false;
    // No sum leaves 32 bits, whatever the inputs.
    const good = weights.every((row: unknown, output) => {
      if (!areWhole(row, weightMost, width)) return false;
      return row.reduce((sum, one) => sum + Math.abs(one) * most, Math.abs(bias[output]!)) < sumMost;
    });
    [width, most] = [weights.length, denseBounds.hidden];
    return good;
  });
};

/** A network of so many cells, and which of them are an object's size. */
const netOf = (raw: unknown, name: string, cells: number, isSize: (cell: number) => boolean): ScoreNet => {
  const { offsets, factors, layers } = (raw ?? {}) as Record<string, unknown>;
  // (integer − offset) · factor stays within 32 bits.
  if (!areWhole(offsets, 32767, cells) || !areWhole(factors, 32767, cells))
    throw invalid(`"offsets" and "factors" of ${name} need a whole number for each of ${cells}`);
  if (!areLayers(layers, cells)) throw invalid(`a layer of ${name} does not fit, or can leave 32 bits`);
  return {
    // An object's first field is its size: none is as if it were 0. Where an object that is not there lies says nothing.
    inputs: { offsets, factors, counts: offsets.map((_, cell) => isSize(cell)) },
    net: layers,
  };
};

export const parseObjectScoreTables = (json: string, card: ObjectsCard): ObjectScoreTables => {
  let file: Record<string, unknown> | null;
  try {
    file = JSON.parse(json);
  } catch (cause) {
    throw new Fault('file-invalid', 'the score tables are not JSON; train them again', { cause });
  }
  if (file === null || typeof file !== 'object' || file.format !== format)
    throw invalid(`the format is not ${format}`);
  if (file.instrument !== card.id) throw invalid(`they are of ${String(file.instrument)}, not of ${card.id}`);
  const [slots, fields] = card.axes.map(({ size }) => size) as [number, number];
  if (slots * fields > widthMost)
    throw invalid(`${card.id} has ${slots * fields} numbers; ${widthMost} at most`);
  const nets = (file.nets ?? {}) as Record<string, unknown>;
  return {
    kind: 'objects',
    latent: netOf(nets.latent, 'latent', slots * fields, (cell) => cell % fields === 0),
    feature: netOf(nets.feature, 'feature', slots, () => true),
  };
};
