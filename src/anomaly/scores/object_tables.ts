/**
 * Score tables of trigger objects: the integer networks behind their scores, made by models/train/train_l1_scores.py.
 * Refuses (file-invalid) a file that is not tables of this format for the card given.
 */

import { Fault } from '../../domain/fault.ts';
import type { ObjectsCard } from '../../domain/instrument.ts';
import type { DenseInputs, DenseNet } from '../../kernels/dense.ts';

const format = 'tessera-object-scores/1';

export interface ObjectScoreTables {
  readonly kind: 'objects';
  readonly inputs: DenseInputs;
  /** The means of the latent numbers; features; what a narrow autoencoder makes of the features. */
  readonly latent: DenseNet;
  readonly features: DenseNet;
  readonly rebuild: DenseNet;
}

const invalid = (what: string): Fault =>
  new Fault('file-invalid', `score tables of objects: ${what}; train them again`);

const areWhole = (value: unknown, most: number, length?: number): value is number[] =>
  Array.isArray(value) &&
  (length === undefined || value.length === length) &&
  value.every((one) => Number.isInteger(one) && Math.abs(one) <= most);

/** Weights of 8 bits and inputs of 16: with at most so many of them no sum leaves 32 bits. */
const [weightMost, widthMost, biasMost] = [127, 256, 2 ** 28] as const;

const netOf = (raw: unknown, name: string, inputs: number): DenseNet => {
  if (!Array.isArray(raw) || raw.length === 0) throw invalid(`"nets" have no ${name}`);
  let width = inputs;
  return raw.map((layer: unknown, index) => {
    const { weights, bias } = (layer ?? {}) as Record<string, unknown>;
    const good =
      Array.isArray(weights) &&
      weights.length > 0 &&
      weights.length <= widthMost &&
      weights.every((row) => areWhole(row, weightMost, width)) &&
      areWhole(bias, biasMost, weights.length);
    if (!good) throw invalid(`layer ${index} of ${name} does not take ${width} numbers`);
    width = weights.length;
    return { weights, bias } as { weights: number[][]; bias: number[] };
  });
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
  const cells = card.axes.reduce((product, { size }) => product * size, 1);
  if (cells > widthMost) throw invalid(`${card.id} has ${cells} numbers; ${widthMost} at most`);
  const { offsets, factors } = file;
  if (!areWhole(offsets, 65535, cells) || !areWhole(factors, 32767, cells))
    throw invalid(`"offsets" and "factors" need a whole number for each of ${cells}`);
  const nets = (file.nets ?? {}) as Record<string, unknown>;
  const features = netOf(nets.features, 'features', cells);
  const featureCount = features.at(-1)!.weights.length;
  const rebuild = netOf(nets.rebuild, 'rebuild', featureCount);
  if (rebuild.at(-1)!.weights.length !== featureCount)
    throw invalid(`rebuild does not give ${featureCount} features`);
  return {
    kind: 'objects',
    // An object's first field is its size: none is as if it were 0. Where an object that is not there lies says nothing.
    inputs: { offsets, factors, counts: offsets.map((_, cell) => cell % card.fields.length === 0) },
    latent: netOf(nets.latent, 'latent', cells),
    features,
    rebuild,
  };
};
