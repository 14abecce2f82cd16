/**
 * Small JSON files that prove themselves: the last key, `digest`, is the SHA-256 of all before it. Refuses a file in
 * which any byte was changed since it was written.
 */

import type { z } from 'zod';
import { Fault } from '../domain/fault.ts';
import { sha256Of } from '../wire/files/sha256.ts';

const utf8 = new TextEncoder();

/** Bigints as decimal text, in the order of the keys. */
const textOf = (value: object): string =>
  JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one), 2);

/** The file of a value, whose keys keep their order: equal values give equal bytes. */
export const sealedJson = (value: object): Uint8Array => {
  const digest = sha256Of([utf8.encode(`${textOf(value)}\n`)]);
  return utf8.encode(`${textOf({ ...value, digest })}\n`);
};

/**
 * The value of such a file. Throws file-invalid when it is no JSON, does not fit the schema, or its bytes are not those
 * that were written.
 */
export const openSealedJson = <Schema extends z.ZodType>(
  bytes: Uint8Array,
  file: string,
  schema: Schema,
): z.infer<Schema> => {
  const wrong = (what: string): Fault => new Fault('file-invalid', `${file}: ${what}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw wrong('it is not JSON');
  }
  if (typeof json !== 'object' || json === null) throw wrong('it is not a JSON object');
  const { digest: _, ...value } = json as Record<string, unknown>;
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw wrong(`${issue.path.join('.') || 'the file'}: ${issue.message}`);
  }
  if (Buffer.compare(sealedJson(value), bytes) !== 0)
    throw wrong('its digest is not that of its bytes: it was changed since it was written');
  return parsed.data;
};
