/**
 * Event model cards from JSON. It refuses (card-invalid) a card that does not hold together, with all its faults: shapes
 * that do not follow each other, and sums that could leave the whole numbers every runtime agrees on.
 */

import { z } from 'zod';
import { type EventModelCard, summaryFields } from '../../domain/archive/event_model.ts';
import { checkCard, hash, id, modelFile, record, size, whole } from './schema.ts';

/** Below it float32 is exact. */
const sumBound = 2 ** 24;

const weights = z.string().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') === text) return new Int8Array(bytes);
  context.addIssue({ code: 'custom', message: 'not base64' });
  return z.NEVER;
});

const layer = z
  .object({
    inputs: size,
    outputs: size,
    shift: whole.min(1).max(24),
    top: whole.min(1).max(255),
    weights,
    bias: z
      .array(whole.min(-sumBound).max(sumBound))
      .max(65536)
      .transform((bias) => Int32Array.from(bias)),
  })
  .check(({ value, issues }) => {
    const fault = (message: string, path: string): void => {
      issues.push({ code: 'custom', message, path: [path], input: value });
    };
    const { inputs, outputs } = value;
    if (value.weights.length !== inputs * outputs) return fault('must be inputs × outputs', 'weights');
    if (value.bias.length !== outputs) return fault('needs one for each output', 'bias');
    for (let o = 0; o < outputs; o++) {
      let most = Math.abs(value.bias[o]!);
      for (let i = 0; i < inputs; i++) most += 255 * Math.abs(value.weights[i * outputs + o]!);
      if (most >= sumBound) return fault(`output ${o} can sum to ${most}, beyond 2^24`, 'weights');
    }
  });

const field = z
  .object({
    name: z.enum(summaryFields),
    scale: z.enum(['octaves', 'linear']),
    low: whole.min(-65536).max(65536),
    high: whole.min(-65536).max(65536),
  })
  .refine(({ low, high }) => low < high, { message: 'low must lie below high' });

const eventModel = z
  .object({
    name: id,
    version: whole.min(1),
    instruments: z.array(id).min(1),
    regionCount: whole.min(1).max(65536),
    fields: z.array(field).length(summaryFields.length),
    levels: whole.min(2).max(256),
    symbolDigits: whole.min(1).max(8),
    symbols: whole.min(1).max(4096),
    digitStep: whole.min(1).max(255),
    encoder: modelFile,
    decoder: modelFile,
    network: z.object({
      encoder: z.array(layer).min(1).max(8),
      decoder: z.array(layer).min(1).max(8),
    }),
    metrics: record,
    provenance: record,
    hash,
  })
  .check(({ value: card, issues }) => {
    const fault = (message: string, ...path: (string | number)[]): void => {
      issues.push({ code: 'custom', message, path, input: card });
    };
    const cells = card.regionCount * summaryFields.length;
    const digits = card.symbols * card.symbolDigits;
    card.fields.forEach(({ name }, at) => {
      if (name !== summaryFields[at]) fault(`must be ${summaryFields[at]}`, 'fields', at);
    });
    if (card.levels ** card.symbolDigits > 65536) fault('its symbols do not fit 16 bits', 'levels');
    if ((card.levels - 1) * card.digitStep > 255) fault('its digits are beyond 255', 'digitStep');
    const ends = (part: 'encoder' | 'decoder', inputs: number, outputs: number, top: number): void => {
      const layers = card.network[part];
      layers.forEach((one, at) => {
        const before = at === 0 ? inputs : layers[at - 1]!.outputs;
        if (one.inputs !== before) fault(`must take ${before} inputs`, 'network', part, at);
      });
      const last = layers.at(-1)!;
      if (last.outputs !== outputs || last.top !== top)
        fault(`must end in ${outputs} numbers up to ${top}`, 'network', part);
    };
    ends('encoder', cells, digits, card.levels - 1);
    ends('decoder', digits, cells, 255);
    if (card.encoder.inputWidth !== cells || card.encoder.outputWidth !== card.symbols)
      fault('must be from cells to symbols', 'encoder');
    if (card.decoder.inputWidth !== card.symbols || card.decoder.outputWidth !== cells)
      fault('must be from symbols to cells', 'decoder');
  });

/** An event model's card from its JSON, with its hash. Throws card-invalid with all faults. */
export const parseEventModelCard = (json: string): EventModelCard => {
  const { card, hash: cardHash } = checkCard('event model', eventModel, json);
  return { ...card, hash: cardHash };
};
