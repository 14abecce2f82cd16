/**
 * What the schemas of all cards share: names, sizes and hashes, canonical JSON, and the check that lists all faults
 * at once. It refuses to know any one kind of card; node:crypto is used as a pure function of the bytes.
 */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import { type CardHash, cardHash } from '../../domain/quantity.ts';

/** JSON text that two writers of the same value agree on to the byte. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
};

const hashOf = (json: unknown): CardHash =>
  cardHash(createHash('sha256').update(canonicalJson(json)).digest('hex').slice(0, 16));

export const whole = z.number().int();
export const size = whole.min(1).max(1 << 24);
/** Ids become topic names and folder names. */
export const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes only')
  .max(limits.nameBytesMax);
export const name = z
  .string()
  .min(1)
  .refine((text) => new TextEncoder().encode(text).length <= limits.nameBytesMax, {
    message: `at most ${limits.nameBytesMax} bytes of UTF-8`,
  });
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
export const modelFile = z.object({ file: z.string().min(1), sha256, inputWidth: size, outputWidth: size });
export const record = z.record(z.string(), z.unknown());
/** A card's hash covers the rest of it, so it cannot stand inside it. */
export const hash = z.undefined('leave it out: the hash is computed from the card').optional();
export const product = (sizes: readonly number[]): number => sizes.reduce((n, one) => n * one, 1);

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
