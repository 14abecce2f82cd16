/**
 * Instrument and model cards from JSON, with the hash that names them: the first eight bytes of SHA-256 over
 * the canonical JSON (RFC 8785: keys sorted, no spaces, numbers as ECMAScript prints them). It refuses a card
 * that does not hold together, with all its faults; node:crypto is used as a pure function of the bytes.
 */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../domain/fault.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import { limits } from '../domain/limits.ts';
import type { ModelCard } from '../domain/model.ts';
import { type CardHash, cardHash, durationNanos } from '../domain/quantity.ts';

/** JSON text that two writers of the same value agree on to the byte. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
};

const hashOf = (json: unknown): CardHash =>
  cardHash(createHash('sha256').update(canonicalJson(json)).digest('hex').slice(0, 16));

const whole = z.number().int();
const size = whole.min(1).max(1 << 24);
/** Ids become topic names and folder names. */
export const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes only')
  .max(limits.nameBytesMax);
const name = z
  .string()
  .min(1)
  .refine((text) => new TextEncoder().encode(text).length <= limits.nameBytesMax, {
    message: `at most ${limits.nameBytesMax} bytes of UTF-8`,
  });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
export const record = z.record(z.string(), z.unknown());
/** A card's hash covers the rest of it, so it cannot stand inside it. */
const hash = z.undefined('leave it out: the hash is computed from the card').optional();
const product = (sizes: readonly number[]): number => sizes.reduce((n, one) => n * one, 1);

/** Most voxels an instrument may have: three bytes of index, so that any ADC up to 8 bits still packs. */
const voxelsMax = 1 << 24;

const instrument = z
  .object({
    id,
    title: z.string().min(1),
    kind: z.literal('digits'),
    axes: z
      .array(z.object({ name, size, unit: z.string(), origin: z.number(), step: z.number() }))
      .min(1)
      .max(8),
    adcBits: whole.min(1).max(16),
    thresholdAdc: whole.min(0),
    patch: z.array(size).min(1),
    regions: z.array(name).min(1).max(65536),
    timeFrameNanos: whole.min(1).max(Number.MAX_SAFE_INTEGER),
    model: z.object({ name: id, version: whole.min(1) }),
    tables: z.object({ file: z.string().min(1), sha256 }).optional(),
    conditions: record,
    hash,
  })
  .check(({ value: card, issues }) => {
    const fault = (message: string, ...path: (string | number)[]): void => {
      issues.push({ code: 'custom', message, path, input: card });
    };
    if (product(card.axes.map((axis) => axis.size)) > voxelsMax)
      fault(`the axes span more than ${voxelsMax} voxels`, 'axes');
    if (new Set(card.axes.map((axis) => axis.name)).size < card.axes.length)
      fault('two axes share a name', 'axes');
    if (card.patch.length !== card.axes.length) fault('a patch needs one size for each axis', 'patch');
    card.patch.forEach((cells, i) => {
      if (cells > (card.axes[i]?.size ?? cells)) fault('a patch is larger than its axis', 'patch', i);
    });
    if (product(card.patch) > 4096) fault('a patch holds at most 4096 cells', 'patch');
    if (card.thresholdAdc >= 2 ** card.adcBits) fault('the threshold does not fit the ADC', 'thresholdAdc');
    if (new Set(card.regions).size < card.regions.length) fault('two regions share a name', 'regions');
  });

const byte = whole.min(0).max(255);
const count = whole.min(0).max(Number.MAX_SAFE_INTEGER);
export const modelFile = z.object({ file: z.string().min(1), sha256, inputWidth: size, outputWidth: size });
/** Gap buckets the packets know (`codec/tokens`). */
const gapCounts = z.array(count).min(1).max(32);

const model = z
  .object({
    name: id,
    version: whole.min(1),
    instruments: z.array(id).min(1),
    patch: z.array(size).min(1).max(8),
    inputTable: z.array(byte).min(2).max(65536),
    codeAdc: z.array(whole.min(0).max(65535)).length(256),
    levels: z.array(whole.min(2).max(256)).min(1).max(256),
    symbolDigits: whole.min(1),
    symbolsPerPatch: whole.min(1),
    alphabet: whole.min(2).max(256),
    encoder: modelFile,
    decoder: modelFile,
    symbolCounts: z.array(z.array(count)),
    gapCounts: z.object({ sparse: gapCounts, dense: gapCounts }),
    metrics: record,
    provenance: record,
    hash,
  })
  .check(({ value: card, issues }) => {
    const fault = (message: string, ...path: (string | number)[]): void => {
      issues.push({ code: 'custom', message, path, input: card });
    };
    const cells = product(card.patch);
    if (card.inputTable[0] !== 0) fault('ADC 0 must have code 0: no hit', 'inputTable', 0);
    if (card.levels.length !== card.symbolDigits * card.symbolsPerPatch)
      fault('levels must be symbolDigits × symbolsPerPatch long', 'levels');
    for (let i = 0; i < card.symbolsPerPatch; i++) {
      const digits = card.levels.slice(i * card.symbolDigits, (i + 1) * card.symbolDigits);
      if (product(digits) !== card.alphabet)
        fault(`levels of symbol ${i} do not multiply to alphabet`, 'levels');
    }
    if (card.encoder.inputWidth !== cells) fault('must be the cells of a patch', 'encoder', 'inputWidth');
    if (card.decoder.outputWidth !== cells) fault('must be the cells of a patch', 'decoder', 'outputWidth');
    if (card.encoder.outputWidth !== card.symbolsPerPatch)
      fault('must be symbolsPerPatch', 'encoder', 'outputWidth');
    if (card.decoder.inputWidth !== card.symbolsPerPatch)
      fault('must be symbolsPerPatch', 'decoder', 'inputWidth');
    if (card.symbolCounts.length !== card.symbolsPerPatch)
      fault('needs one row for each symbol position', 'symbolCounts');
    card.symbolCounts.forEach((row, i) => {
      if (row.length !== card.alphabet) fault('needs one count for each symbol', 'symbolCounts', i);
    });
  });

/** A card by its schema, with the hash that names it. Throws card-invalid with all faults. */
export const checkCard = <Card>(
  what: string,
  schema: z.ZodType<Card>,
  text: string,
): { card: Card; hash: CardHash } => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Fault('card-invalid', `the ${what} card is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { card: parsed.data, hash: hashOf(json) };
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'card'}: ${issue.message}`);
  throw new Fault('card-invalid', `the ${what} card has ${faults.length} fault(s): ${faults.join('; ')}`);
};

/** An instrument card from its JSON, with its hash. Throws card-invalid with all faults; unknown keys are kept out. */
export const parseInstrumentCard = (json: string): InstrumentCard => {
  const { card, hash: cardHash } = checkCard('instrument', instrument, json);
  const { tables, hash: _none, ...rest } = card;
  return {
    ...rest,
    ...(tables === undefined ? {} : { tables }),
    timeFrameNanos: durationNanos(BigInt(card.timeFrameNanos)),
    hash: cardHash,
  };
};

/** A model card from its JSON, with its hash. Throws card-invalid with all faults; unknown keys are kept out. */
export const parseModelCard = (json: string): ModelCard => {
  const { card, hash: cardHash } = checkCard('model', model, json);
  return { ...card, hash: cardHash };
};
