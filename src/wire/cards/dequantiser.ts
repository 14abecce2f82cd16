/**
 * Dequantiser cards from JSON. It refuses (card-invalid) a card that does not hold together, with all its faults;
 * whether it fits a reader's own planes is the reader's question (`codec/dequantise.ts`).
 */

import { z } from 'zod';
import type { DequantiserCard } from '../../domain/dequantiser.ts';
import { checkCard, hash, id, modelFile, record } from './schema.ts';

const whole = z.number().int();
/** No neighbour is further: a wider margin would only be empty memory around each wedge. */
const stepMax = 16;
/** A row's first byte numbers the intervals of all planes. */
const intervalsMax = 256;

const plane = z
  .object({
    levels: whole.min(1).max(intervalsMax),
    lowestAdc: z.array(whole.min(1).max(65535)),
    code: z.array(whole.min(1).max(255)),
  })
  .check(({ value, issues }) => {
    const fault = (message: string, path: string): void => {
      issues.push({ code: 'custom', message, path: [path], input: value });
    };
    if (value.lowestAdc.length !== value.levels) fault('needs one entry for each level', 'lowestAdc');
    if (value.code.length !== value.levels) fault('needs one entry for each level', 'code');
    if (value.lowestAdc.some((adc, i) => i > 0 && adc <= value.lowestAdc[i - 1]!))
      fault('must ascend', 'lowestAdc');
  });

const dequantiser = z
  .object({
    name: id,
    version: whole.min(1),
    instruments: z.array(id).min(1),
    axes: z.array(z.string().min(1)).min(1).max(8),
    neighbours: z
      .array(z.array(whole.min(-stepMax).max(stepMax)))
      .min(1)
      .max(1024),
    planes: z.array(plane).min(1),
    adcMax: whole.min(1).max(65535),
    model: modelFile,
    metrics: record,
    provenance: record,
    hash,
  })
  .check(({ value: card, issues }) => {
    const fault = (message: string, ...path: (string | number)[]): void => {
      issues.push({ code: 'custom', message, path, input: card });
    };
    card.neighbours.forEach((steps, i) => {
      if (steps.length !== card.axes.length) fault('needs one step for each axis', 'neighbours', i);
    });
    card.planes.forEach(({ lowestAdc }, i) => {
      if ((lowestAdc.at(-1) ?? 0) > card.adcMax) fault('a level begins above adcMax', 'planes', i);
    });
    if (card.planes.reduce((sum, { levels }) => sum + levels, 0) > intervalsMax)
      fault(`all planes together have at most ${intervalsMax} levels`, 'planes');
    if (new Set(card.planes.map(({ levels }) => levels)).size < card.planes.length)
      fault('two planes have the same number of levels', 'planes');
    if (card.model.inputWidth !== 1 + card.neighbours.length)
      fault('must be one more than the neighbours', 'model', 'inputWidth');
    if (card.model.outputWidth !== 1) fault('must be 1', 'model', 'outputWidth');
  });

/** A dequantiser card from its JSON, with its hash. Throws card-invalid with all faults; unknown keys are kept out. */
export const parseDequantiserCard = (json: string): DequantiserCard => {
  const { card, hash: cardHash } = checkCard('dequantiser', dequantiser, json);
  return { ...card, hash: cardHash };
};
