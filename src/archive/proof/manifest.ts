/**
 * The manifest of a closed run: every file with its hash, where its groups of rows lie and which time frames they
 * hold, the books, and one root over all of it. Refuses a manifest of which any byte differs from what was written.
 */

import { z } from 'zod';
import { Fault } from '../../domain/fault.ts';
import { canonicalJson } from '../../wire/cards/schema.ts';
import { merkleRoot } from './merkle.ts';

const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A group of rows: bytes [fromByte, toByte) of its file. */
const part = z.object({
  fromByte: count,
  toByte: count,
  crc32c: z.int().min(0).max(0xffffffff),
  rowCount: count,
  /** Least and greatest time frame of its rows; null where the rows have none. */
  timeFrames: z.tuple([count, count]).nullable(),
});

const entry = z.object({
  /** From the archive's root. */
  name: z.string().min(1),
  byteCount: count,
  sha256,
  groups: z.array(part).optional(),
});

const head = z.object({
  layout: z.literal(1),
  tree: z.literal('rfc6962-sha256'),
  run: z.int().min(0).max(4_294_967_295),
  instrument: z.string(),
  instrumentHash: z.string(),
  version: z.string(),
  /** ms since the epoch. */
  closedMs: count,
  counts: z.object({
    segments: count,
    events: count,
    packets: count,
    kept: count,
    shed: count,
    packetBytes: count,
    unreadable: count,
    fileBytes: count,
  }),
  /** Of each stream, offsets [first, next) without a gap between segments. */
  streams: z.array(z.object({ topic: z.string(), partition: count, first: z.string(), next: z.string() })),
});

const manifest = head.extend({ files: z.array(entry), root: sha256 });

export type Manifest = z.infer<typeof manifest>;
export type ManifestEntry = z.infer<typeof entry>;
export type ManifestGroup = z.infer<typeof part>;
export type ManifestHead = z.infer<typeof head>;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The first leaf is the manifest without files and root, each other one a file's entry; all as canonical JSON. */
const rootOf = ({ files, ...rest }: ManifestHead & { readonly files: readonly ManifestEntry[] }): string =>
  merkleRoot([bytesOf(canonicalJson(rest)), ...files.map((file) => bytesOf(canonicalJson(file)))]);

const byName = (a: ManifestEntry, b: ManifestEntry): number => (a.name < b.name ? -1 : 1);

export const manifestOf = (described: ManifestHead, files: readonly ManifestEntry[]): Manifest => {
  const sorted = { ...described, files: [...files].sort(byName) };
  return { ...sorted, root: rootOf(sorted) };
};

export const encodeManifest = (value: Manifest): Uint8Array =>
  bytesOf(`${JSON.stringify(JSON.parse(canonicalJson(value)), null, 1)}\n`);

const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Throws file-invalid when it is no manifest, when its root is another's, or when a byte of it was changed. */
export const decodeManifest = (bytes: Uint8Array, file: string): Manifest => {
  const wrong = (what: string): Fault =>
    new Fault('file-invalid', `${file}: ${what}; the manifest was changed`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw wrong('it is not JSON');
  }
  const parsed = manifest.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw wrong(`${issue.path.join('.')}: ${issue.message}`);
  }
  const { root, ...rest } = parsed.data;
  const found = rootOf(rest);
  if (found !== root) throw wrong(`its entries have the root ${found}, it says ${root}`);
  if (!same(encodeManifest(parsed.data), bytes)) throw wrong('it is not written as it would be');
  return parsed.data;
};
