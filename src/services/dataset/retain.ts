/**
 * Retention: whole files older than their tier are deleted once each was read again from a copy elsewhere and found to
 * be the same, and a record says what went and why before it goes. Refuses runs that are not closed, files it cannot
 * prove are copied, and a copy that is the archive itself.
 */

import { decodeManifest } from '../../archive/proof/manifest.ts';
import { manifestFile, retentionFile, retentionFolder } from '../../archive/proof/names.ts';
import {
  decodeRetention,
  encodeRetention,
  expired,
  type RetentionBody,
  type Tiers,
} from '../../archive/proof/retention.ts';
import type { SealedFile } from '../../archive/seal.ts';
import { Fault } from '../../domain/fault.ts';
import type { Store } from '../../ports/store.ts';
import type { Signer } from '../../wire/files/ed25519.ts';
import { sha256Of } from '../../wire/files/sha256.ts';
import { sealsOf } from '../archive/position.ts';

export interface RetainParts {
  readonly store: Store;
  readonly copy: Store;
  readonly signer: Signer | null;
  readonly nowMs: number;
  readonly version: string;
}

export interface RetainSettings {
  readonly tiers: Tiers;
  readonly why: string;
  /** Say what would go, and delete nothing. */
  readonly isTrial: boolean;
}

export interface Retained {
  readonly run: number;
  readonly deleted: readonly string[];
  readonly deletedBytes: number;
  /** Files that are old enough and stay, with the reason. */
  readonly held: readonly { readonly name: string; readonly why: string }[];
}

/** A copy that is the archive under another name proves nothing: what is written here must not appear there. */
const assertElsewhere = async ({ store, copy, nowMs }: RetainParts): Promise<void> => {
  const probe = `retention-probe-${nowMs}`;
  await store.put(probe, [new Uint8Array(1)]);
  try {
    if ((await copy.size(probe)) === null) return;
  } finally {
    await store.remove(probe);
  }
  throw new Fault(
    'config-invalid',
    `--copy ${copy.place} is the archive ${store.place} itself; name another place`,
  );
};

/** Why the copy proves nothing of this file; null when it does. */
const unproven = async (copy: Store, file: SealedFile): Promise<string | null> => {
  const size = await copy.size(file.name);
  if (size === null) return 'it is not in the copy';
  if (size !== file.byteCount) return `the copy has ${size} bytes of it, not ${file.byteCount}`;
  return sha256Of([await copy.read(file.name)]) === file.sha256 ? null : 'the copy’s bytes are others';
};

interface Chain {
  /** Hash of the last record; of the manifest where there is none. */
  readonly previous: string;
  readonly number: number;
  readonly deleted: ReadonlySet<string>;
}

const chainOf = async ({ store }: RetainParts, run: number, manifestHash: string): Promise<Chain> => {
  let previous = manifestHash;
  let number = 0;
  const deleted = new Set<string>();
  for (const file of await store.folder(retentionFolder(run))) {
    if (!file.endsWith('.json')) continue;
    const name = retentionFolder(run) + file;
    const bytes = await store.read(name);
    const record = decodeRetention(bytes, name);
    number += 1;
    if (record.number !== number || record.previous !== previous)
      throw new Fault('file-invalid', `${name} does not follow the record before it; run tessera verify`);
    previous = sha256Of([bytes]);
    for (const one of record.deleted) deleted.add(one.name);
  }
  return { previous, number, deleted };
};

const append = async ({ store, signer }: RetainParts, body: RetentionBody): Promise<void> => {
  const name = retentionFile(body.run, body.number);
  const bytes = encodeRetention(body);
  if (!(await store.create(name, bytes)))
    throw new Fault(
      'request-invalid',
      `${name} was written meanwhile: another retention job runs; nothing was deleted`,
    );
  if (signer !== null) await store.put(name.replace(/\.json$/, '.sig'), [signer.sign(bytes)]);
};

/**
 * One run. Throws file-invalid where manifest, seals or records are not what was written: then nothing is deleted.
 */
export const retainRun = async (
  parts: RetainParts,
  run: number,
  settings: RetainSettings,
): Promise<Retained> => {
  const { store, copy, nowMs, version } = parts;
  const { tiers, why, isTrial } = settings;
  const none: Retained = { run, deleted: [], deletedBytes: 0, held: [] };
  const seals = await sealsOf(store, run);
  const ages = seals.flatMap(({ files, instants }) =>
    files.map((file) => ({ file, endNanos: instants === null ? null : instants[1] })),
  );
  const old = expired(ages, tiers, nowMs);
  if (old.length === 0) return none;
  const holdAll = (reason: string): Retained => ({
    ...none,
    held: old.map(({ file }) => ({ name: file.name, why: reason })),
  });
  if ((await store.size(manifestFile(run))) === null)
    return holdAll('the run is not closed: it has no manifest');
  const bytes = await store.read(manifestFile(run));
  const listed = new Map(
    decodeManifest(bytes, manifestFile(run)).files.map((file) => [file.name, file.sha256]),
  );
  if (
    (await copy.size(manifestFile(run))) === null ||
    Buffer.compare(await copy.read(manifestFile(run)), bytes) !== 0
  )
    return holdAll('the copy has not got this run’s manifest');
  await assertElsewhere(parts);
  const chain = await chainOf(parts, run, sha256Of([bytes]));
  const held: { name: string; why: string }[] = [];
  const going: typeof old = [];
  for (const one of old) {
    const { file } = one;
    if (chain.deleted.has(file.name)) {
      // The job that wrote the record died before it was done.
      if (!isTrial) await store.remove(file.name);
      continue;
    }
    const reason =
      listed.get(file.name) === file.sha256
        ? await unproven(copy, file)
        : 'the manifest does not list it as it was sealed';
    if (reason === null) going.push(one);
    else held.push({ name: file.name, why: reason });
  }
  const deleted = going.map(({ file, kind, ageMs }) => {
    const { name, sha256, byteCount } = file;
    return { name, kind, sha256, byteCount, ageMs };
  });
  if (!isTrial && deleted.length > 0) {
    const { previous, number } = chain;
    const record = {
      layout: 1,
      run,
      number: number + 1,
      previous,
      atMs: nowMs,
      version,
      why,
      copy: copy.place,
    } as const;
    await append(parts, { ...record, deleted });
    for (const { name } of deleted) await store.remove(name);
  }
  return {
    run,
    deleted: deleted.map(({ name }) => name),
    deletedBytes: deleted.reduce((sum, { byteCount }) => sum + byteCount, 0),
    held,
  };
};
