/**
 * An archive that lies in an S3-compatible object store, used as one in a folder: written and closed there, verified,
 * decoded, exported, sent again and thinned by the commands; skipped, and said, where there is no object store.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileStore } from '../../src/adapters/files/store.ts';
import { createMemoryBroker } from '../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../src/adapters/memory/clock.ts';
import { createS3Store } from '../../src/adapters/s3/store.ts';
import { exportArchive } from '../../src/commands/archive/export.ts';
import { replayArchive } from '../../src/commands/archive/replay.ts';
import { openArchive } from '../../src/index.ts';
import { describeRun } from '../../src/services/dataset/description/describe.ts';
import { verifyArchive } from '../../src/services/dataset/verify.ts';
import { captureOutput } from '../commands/captured_output.ts';
import {
  closeArchive,
  format,
  type MadeFrame,
  makeArchive,
  makeFrames,
} from '../services/dataset/an_archive.ts';
import { access, type ObjectStore, objectStoreMissing, startObjectStore } from './object_store.ts';

const absent = objectStoreMissing();
if (absent !== '') console.warn(`SKIPPED: no object store to keep an archive in: ${absent}`);

/** Each command is a process of its own that asks a slow server some hundred times. */
const timeout = 180_000;
const title = `an archive in an object store${absent && ` (skipped: ${absent})`}`;

describe.skipIf(absent !== '')(title, { timeout }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-s3-'));
  let objects: ObjectStore;
  let frames: MadeFrame[];
  const at = (prefix: string) => createS3Store({ ...access, endpoint: objects.endpoint, prefix });
  const place = `s3://${access.bucket}/day 1/archive`;

  /** A command as a person types it; its exit code and what it printed. */
  const tessera = (...args: readonly string[]): Promise<{ code: number | null; said: string }> =>
    new Promise((resolve) => {
      const env = { ...process.env, TESSERA_S3_KEY_ID: access.keyId, TESSERA_S3_SECRET: access.secret };
      const given = [...args, '--s3-endpoint', objects.endpoint, '--instrument', 'sphenix-tpc-pp'];
      const child = spawn(process.execPath, ['src/main.ts', ...given], { env });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          said += chunk.toString();
        });
      child.once('close', (code) => resolve({ code, said }));
    });

  beforeAll(async () => {
    objects = await startObjectStore();
    frames = await makeFrames(12);
    const made = await makeArchive(frames, at('day 1/archive/'));
    const parts = { store: made.store, format, version: '0.0.0' };
    const view = { shares: [60, 20, 20], guardFrames: 0 } as const;
    await closeArchive(made, null, undefined, [(run) => describeRun({ ...parts, view }, run)]);
  });
  afterAll(() => {
    objects?.stop();
    rmSync(folder, { recursive: true });
  });

  const verify = (prefix: string) => verifyArchive({ store: at(prefix), format, trusted: null });

  it('verifies, its tokens against raw frames too, and a changed object is found', async () => {
    const good = await tessera('verify', place, '--against-raw');
    expect(good.said).toContain(`${place}/: all is what was written`);
    expect(good.code).toBe(0);
    expect(good.said).toMatch(/tokens +\d+ +0\./);
    const store = at('day 1/archive/');
    const [file] = (await store.folder('run=7/data/')).filter((one) => one.includes('.tokens.'));
    const name = `run=7/data/${file}`;
    const bytes = await store.read(name);
    const changed = bytes.slice();
    changed[100]! ^= 1;
    await store.put(name, [changed]);
    const { findings } = await verify('day 1/archive/').finally(() => store.put(name, [bytes]));
    expect(findings.map((one) => one.file)).toEqual([name]);
  });

  it('is decoded and exported into files of this machine', async () => {
    const hits = join(folder, 'hits.npz');
    const decoded = await tessera('decode', place, '--layer', 'tokens', '--out', hits);
    expect(decoded.code, decoded.said).toBe(0);
    expect(decoded.said).toContain(`of ${frames.length} packets of run 7`);
    expect(readFileSync(hits).subarray(0, 2).toString()).toBe('PK');
    const out = createFileStore(join(folder, 'view'));
    const parts = { store: at('day 1/archive/'), format, version: '0', output: captureOutput(), out };
    const asked = { run: null, split: '60,20,20', guardFrames: 0, labels: null, json: false };
    expect(await exportArchive({ ...parts, ...asked })).toBe(0);
    expect(readFileSync(join(folder, 'view/README.md'), 'utf8')).toContain('## Training view');
  });

  it('is read by the package’s reader and sent again byte for byte', async () => {
    const archive = await openArchive(at('day 1/archive/'));
    const clock = createVirtualClock();
    const bus = createMemoryBroker({ clock }).connect();
    await bus.ensureTopics([{ name: 'again', partitions: 2, messageBytesMax: 1e7 }]);
    const { signal } = new AbortController();
    const parts = { bus, clock, topic: 'again', signal, progress: () => {} };
    const sent = await replayArchive(parts, [await archive.run(7)], 'max');
    expect(sent).toMatchObject({ timeFrames: 12, packets: frames.length, incomplete: 0 });
    await bus.close();
  });

  it('is thinned once a copy elsewhere is proven, and verifies still', async () => {
    const [store, copied] = [at('day 1/archive/'), at('copy/')];
    const copy = `s3://${access.bucket}/copy`;
    for await (const { name } of store.list('run=7/'))
      if (/manifest|lossless/.test(name)) await copied.put(name, [await store.read(name)]);
    const retained = await tessera('retain', place, '--copy', copy, '--lossless', '1h', '--why', 'tiers');
    expect(retained.code, retained.said).toBe(0);
    expect(retained.said).toMatch(/run 7: [1-9]\d* files deleted/);
    const verdict = await verify('day 1/archive/');
    expect(verdict.findings).toEqual([]);
    expect(verdict.runs[0]!.deleted).toBeGreaterThan(0);
  });

  it('that is not there, or may not be read, is a sentence', async () => {
    await expect(verify('nowhere/')).rejects.toThrow(
      `s3://${access.bucket}/nowhere/ has no archive.json: it is no archive`,
    );
    const bucket = createS3Store({ ...access, endpoint: objects.endpoint, bucket: 'none', prefix: '' });
    await expect(openArchive(bucket)).rejects.toMatchObject({ code: 'file-invalid' });
    await expect(bucket.folder('')).rejects.toThrow('404 NoSuchBucket');
  });
});
