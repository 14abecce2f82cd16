/**
 * Messages that are JSON in UTF-8. Decoding refuses bytes that are no JSON, and what its schema refuses with all faults
 * at once.
 */

import type { z } from 'zod';
import { Fault } from '../domain/fault.ts';

export const jsonBytes = (json: object | string): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(json));

/** Throws what the platform throws when the bytes are not JSON. */
const parse = (bytes: Uint8Array): unknown =>
  JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));

/** Of what this program wrote itself: not checked. Throws what the platform throws when the bytes are not JSON. */
export const readOwnJson = <T>(bytes: Uint8Array): T => parse(bytes) as T;

/** undefined when the bytes are not JSON. */
export const readJson = (bytes: Uint8Array): unknown => {
  try {
    return parse(bytes);
  } catch {
    return undefined;
  }
};

/** Each fault of a schema by where it is. */
export const faultsOf = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');

/**
 * @param article and name: what it is, for the sentence
 * Throws message-malformed when the bytes are not JSON, message-field with all faults otherwise.
 */
export const decodeJson = <T>(
  bytes: Uint8Array,
  schema: z.ZodType<T>,
  article: 'a' | 'an',
  name: string,
): T => {
  let json: unknown;
  try {
    json = parse(bytes);
  } catch (cause) {
    throw new Fault('message-malformed', `${article} ${name} is JSON in UTF-8; these bytes are not`, {
      cause,
    });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Fault('message-field', `${name}: ${faultsOf(parsed.error)}`);
};
