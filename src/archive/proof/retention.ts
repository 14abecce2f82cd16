/**
 * What may be deleted, and the record of what was: tiers by kind of file and age, whole files only, a chain of records
 * of which each names the hash of the one before. Refuses events, packets and tokens: they stay for ever.
 */

import { z } from 'zod';
import { Fault } from '../../domain/fault.ts';
import { canonicalJson } from '../../wire/cards/schema.ts';
import { sha256Of } from '../../wire/files/sha256.ts';
import type { FileKind } from '../names.ts';
import type { SealedFile } from '../seal.ts';

/** Kinds of files that may ever go, in the order of what is given up first. */
export const tierKinds = ['lossless', 'near', 'raw'] as const satisfies readonly FileKind[];
export type TierKind = (typeof tierKinds)[number];

/** How long each is kept from the end of the segment it belongs to, ms of event time; absent: for ever. */
export type Tiers = Partial<Readonly<Record<TierKind, number>>>;

const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const body = z.object({
  layout: z.literal(1),
  run: count,
  /** Counted from 1 within the run. */
  number: z.int().min(1),
  /** SHA-256 of the record before; of the manifest for the first one. */
  previous: sha256,
  /** ms since the epoch. */
  atMs: count,
  version: z.string(),
  why: z.string().min(1),
  /** Where each file was read again and found to be the same before it was deleted here. */
  copy: z.string().min(1),
  deleted: z
    .array(
      z.object({ name: z.string().min(1), kind: z.enum(tierKinds), sha256, byteCount: count, ageMs: count }),
    )
    .min(1),
});
const schema = body.extend({ digest: sha256 });

export type RetentionBody = z.infer<typeof body>;
export type RetentionRecord = z.infer<typeof schema>;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const digestOf = (value: RetentionBody): string => sha256Of([bytesOf(canonicalJson(value))]);
const encoded = (record: RetentionRecord): Uint8Array =>
  bytesOf(`${JSON.stringify(JSON.parse(canonicalJson(record)), null, 1)}\n`);

export const encodeRetention = (value: RetentionBody): Uint8Array =>
  encoded({ ...value, digest: digestOf(value) });

/** Throws file-invalid when it is no record, or when a byte of it was changed. */
export const decodeRetention = (bytes: Uint8Array, file: string): RetentionRecord => {
  const wrong = (what: string): Fault =>
    new Fault('file-invalid', `${file}: ${what}; the record was changed`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw wrong('it is not JSON');
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw wrong(`${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`);
  const { digest, ...rest } = parsed.data;
  if (digest !== digestOf(rest) || Buffer.compare(encoded(parsed.data), bytes) !== 0)
    throw wrong('it is not what its digest is of');
  return parsed.data;
};

export interface Ageing {
  readonly file: SealedFile;
  /** End of the segment's last time frame, ns since the epoch; null where nobody said. */
  readonly endNanos: bigint | null;
}

/** Files older than their tier allows, with their age. */
export const expired = (
  files: readonly Ageing[],
  tiers: Tiers,
  nowMs: number,
): { readonly file: SealedFile; readonly kind: TierKind; readonly ageMs: number }[] =>
  files.flatMap(({ file, endNanos }) => {
    const kind = tierKinds.find((one) => one === file.kind);
    const keptMs = kind === undefined ? undefined : tiers[kind];
    if (kind === undefined || keptMs === undefined || endNanos === null) return [];
    const ageMs = nowMs - Number(endNanos / 1_000_000n);
    return ageMs > keptMs ? [{ file, kind, ageMs }] : [];
  });
