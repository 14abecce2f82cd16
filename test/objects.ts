/**
 * Objects frames for tests that need some, not physics, and a model for them too small to be good: the cards of the
 * trigger and of a test, records from a seed, an encoder and a decoder written by hand.
 */

import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Digits, ObjectRecord } from '../src/domain/frame.ts';
import type { ObjectsCard } from '../src/domain/instrument.ts';
import type { ModelCard } from '../src/domain/model.ts';
import { parseInstrumentCard, parseModelCard } from '../src/wire/card.ts';
import { encodeFrame } from '../src/wire/frame.ts';
import { digitsOfRecords, recordLayout } from '../src/wire/frames/records.ts';
import { writeTinyModel } from './adapters/onnx/tiny_model.ts';
import { identityOf, randomOf } from './frames.ts';

const parsed = parseInstrumentCard(
  readFileSync(new URL('../instruments/l1-objects.json', import.meta.url), 'utf8'),
);
if (parsed.kind !== 'objects') throw new Error('the trigger card became another kind');
export const triggerCard: ObjectsCard = parsed;

/** Records as a trigger may send them: falling first fields, groups that are mostly not full. */
export const randomRecords = (card: ObjectsCard, random: () => number): ObjectRecord[] =>
  card.groups.flatMap(({ countMax, fields }, group) =>
    Array.from({ length: Math.floor((countMax + 1) * random() ** 2) + (countMax === 1 ? 1 : 0) }, () => ({
      group,
      values: card.fields.map(({ name, bits }, field) => {
        if (!fields.includes(name)) return 0;
        return field === 0
          ? Math.min(2 ** bits - 1, Math.floor(20 / (1.001 - random())))
          : Math.floor(random() * 144) % 2 ** bits;
      }),
    })).slice(0, countMax),
  );

/** Random records in canonical order, as digits; the same for the same seed. */
export const randomObjects = (card: ObjectsCard, seed: number): Digits =>
  digitsOfRecords(randomRecords(card, randomOf(seed)), recordLayout(card));

/** One good tf00 message of objects. */
export const objectsFrame = (card: ObjectsCard, timeFrame: number): Uint8Array =>
  encodeFrame(identityOf(card, 0, timeFrame), randomObjects(card, timeFrame), card);

/** A tokenizer of one object a patch, two symbols of 25: exact to run, no use to anyone. */
export const tinyObjectsModel = (
  card: ObjectsCard,
): { readonly model: ModelCard; readonly folder: string; readonly encoderPath: string } => {
  const cells = card.fields.length;
  const [symbols, alphabet] = [2, 25];
  const encoder = writeTinyModel(cells, symbols, alphabet);
  const decoder = writeTinyModel(symbols, cells, 251, dirname(encoder.path), 'decoder.onnx');
  const of = (length: number, value: number) => new Array<number>(length).fill(value);
  // One code a value up to 236, then 19 of equal ratio.
  const codeOf = (adc: number): number =>
    adc <= 236 ? adc : Math.min(255, 236 + Math.round(Math.log(adc / 236) * 5));
  const inputTable = Array.from({ length: 2 ** card.adcBits }, (_, adc) => codeOf(adc));
  const model = parseModelCard(
    JSON.stringify({
      name: card.model.name,
      version: card.model.version,
      instruments: [card.id],
      patch: card.patch,
      inputTable,
      codeAdc: Array.from({ length: 256 }, (_, code) => Math.max(0, inputTable.indexOf(code))),
      levels: of(4, 5),
      symbolDigits: 2,
      symbolsPerPatch: symbols,
      alphabet,
      encoder: encoder.file,
      decoder: decoder.file,
      neighbours: [],
      contexts: {
        own: of(alphabet, 0),
        near: of(alphabet, 1),
        first: of(8, 0),
        parent: of(symbols, 0),
        parentClass: [of(alphabet, 0), of(alphabet, 0)],
      },
      symbolCounts: [[of(alphabet, 1)], [of(alphabet, 1)]],
      gapCounts: of(20, 1),
      activeCounts: Array.from({ length: 512 }, () => of(16, 1)),
      metrics: {},
      provenance: {},
    }),
  );
  return { model, folder: dirname(encoder.path), encoderPath: encoder.path };
};
