/** Verifying: silent on what was written, and a changed bit anywhere is found, with the file and the time frames. */

import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MemoryStore } from '../../../src/adapters/memory/store.ts';
import { packetBytesOf } from '../../../src/archive/packet_rows.ts';
import { decodeManifest } from '../../../src/archive/proof/manifest.ts';
import { encodeRun } from '../../../src/archive/run.ts';
import { sealsOf } from '../../../src/services/archive/position.ts';
import { openArchive } from '../../../src/services/dataset/archive.ts';
import { verifyArchive } from '../../../src/services/dataset/verify.ts';
import { openSigner } from '../../../src/wire/files/ed25519.ts';
import { closeArchive, format, type MadeFrame, makeArchive, makeFrames } from './an_archive.ts';

const pem = () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
};

const verify = (store: MemoryStore) => verifyArchive({ store, format, trusted: null });
const namesOf = async (store: MemoryStore): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of store.list('')) names.push(name);
  return names;
};

let frames: MadeFrame[];
let store: MemoryStore;
beforeAll(async () => {
  frames = await makeFrames(16);
  const made = await makeArchive(frames);
  store = made.store;
  await closeArchive(made, openSigner(pem()));
});

describe('an archive', () => {
  it('gives every packet back byte for byte, in order, with its late ones', async () => {
    const run = await (await openArchive({ store, format })).run(7);
    const found: Uint8Array[] = [];
    let last = -1;
    for await (const one of run.timeFrames({ kinds: ['tokens', 'near', 'lossless', 'raw'] })) {
      expect(one.timeFrame).toBeGreaterThan(last);
      last = one.timeFrame;
      expect(one.events.map(({ revision }) => revision)).toEqual(one.timeFrame === 2 ? [0, 1] : [0]);
      expect(one.raw).toHaveLength(one.timeFrame % 3 === 0 ? 3 : 0);
      for (const { row, payloads } of one.packets) found.push(packetBytesOf(row, payloads, run.identity));
    }
    expect(found).toHaveLength(frames.length);
    expect(found.every((bytes, i) => Buffer.compare(bytes, frames[i]!.packet) === 0)).toBe(true);
  });

  it('opens a segment no sooner than its time frames come', async () => {
    const opened = new Set<string>();
    const watched = {
      ...store,
      size: (name: string) => {
        if (name.endsWith('.parquet')) opened.add(name);
        return store.size(name);
      },
    };
    const run = await (await openArchive({ store: watched, format })).run(7);
    for await (const { timeFrame } of run.timeFrames()) if (timeFrame === 0) break;
    const early = run.seals.filter(({ timeFrames }) => timeFrames![0] === 0).flatMap(({ files }) => files);
    expect(opened.size).toBeGreaterThan(0);
    expect([...opened].filter((name) => !early.some((file) => file.name === name))).toEqual([]);
  });

  it('gives a few time frames without the others', async () => {
    const run = await (await openArchive({ store, format })).run(7);
    const found: number[] = [];
    for await (const { timeFrame } of run.timeFrames({ from: 5, to: 8 })) found.push(timeFrame);
    expect(found).toEqual([5, 6, 7, 8]);
  });
});

describe('verify', () => {
  it('is silent on what was written, and gives the one answer', async () => {
    const { findings, runs } = await verify(store);
    expect(findings).toEqual([]);
    const { signedBy, closed, timeFrames, packets, answer } = runs[0]!;
    expect(signedBy).toMatch(/^[0-9a-f]{16}$/);
    expect({ closed, timeFrames, packets }).toEqual({ closed: true, timeFrames: 16, packets: 48 });
    expect(answer).toContain('Nothing was lost in run 7');
  });

  it('is silent on a run that is not closed, and says it is not signed', async () => {
    const open = await makeArchive(frames.slice(0, 24));
    // Somebody was about to close it, died, and more came.
    await open.store.put('run=7/runbook.json', [Buffer.from('{"total":{"kept":1,"shed":0}}')]);
    const { findings, runs } = await verify(open.store);
    expect(findings).toEqual([]);
    expect(runs[0]).toMatchObject({ closed: false, signedBy: null });
  });

  it('tells how many segments came after a run closed, and judges them as those of an open run', async () => {
    const made = await makeArchive(frames);
    const seals = await sealsOf(made.store, 7);
    const early = seals.filter(({ partition, topic }) => partition === 0 && topic.endsWith('_partials'));
    await closeArchive(made, null, early);
    const { findings, runs } = await verify(made.store);
    expect(findings).toEqual([]);
    expect(runs[0]).toMatchObject({ closed: true, lateSegments: 3, timeFrames: 16, packets: 48 });
    const late = seals.find((seal) => !early.includes(seal))!.files[0]!.name;
    const bytes = await made.store.read(late);
    await made.store.put(late, [bytes.toReversed()]);
    expect((await verify(made.store)).findings[0]!.file).toBe(late);
    await made.store.put(late, [bytes]);
    // It is stopped again: until it has closed its manifest is that of before.
    await made.store.put('run=7/run.json', [encodeRun({ ...made.run, state: 'stopping', stopBy: 'sent' })]);
    expect((await verify(made.store)).findings).toEqual([]);
    await closeArchive(made);
    expect((await verify(made.store)).runs[0]).toMatchObject({ lateSegments: 0, findings: [] });
  });

  it('finds a flipped bit anywhere, and names the file and what it touches', async () => {
    const names = await namesOf(store);
    const manifest = decodeManifest(await store.read('run=7/manifest.json'), 'm');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.nat(), fc.nat(7), async (name, where, bit) => {
        const bytes = await store.read(name);
        const at = where % bytes.length;
        const changed = bytes.slice();
        changed[at]! ^= 1 << bit;
        await store.put(name, [changed]);
        try {
          const { findings } = await verify(store);
          const own = findings.filter(({ file }) => file === name);
          expect(own.length, `${name} byte ${at} bit ${bit}: ${JSON.stringify(findings)}`).toBeGreaterThan(0);
          const groups = manifest.files.find((file) => file.name === name)?.groups;
          if (groups === undefined) return;
          const touched = groups.findIndex(({ fromByte, toByte }) => at >= fromByte && at < toByte);
          if (touched < 0) expect(own[0]!.groups).toEqual(groups.map((_, index) => index));
          else expect(own[0]).toMatchObject({ groups: [touched], timeFrames: groups[touched]!.timeFrames });
        } finally {
          await store.put(name, [bytes]);
        }
      }),
      { numRuns: 24 },
    );
  });

  it('finds what is missing, and what is there that nobody wrote', async () => {
    for (const name of (await namesOf(store)).filter(
      (one) => one.startsWith('run=7/') && !one.endsWith('.sig'),
    )) {
      if (name.endsWith('manifest.json')) continue;
      const bytes = await store.read(name);
      await store.remove(name);
      expect((await verify(store)).findings.length, name).toBeGreaterThan(0);
      await store.put(name, [bytes]);
    }
    await store.put('run=7/data/stray.parquet', [Uint8Array.of(1)]);
    expect((await verify(store)).findings).toMatchObject([{ file: 'run=7/data/stray.parquet' }]);
    await store.remove('run=7/data/stray.parquet');
    expect((await verify(store)).findings).toEqual([]);
  });

  it('says what its answer is of where segments are damaged', async () => {
    const name = (await namesOf(store)).find((one) => one.includes('.packets.'))!;
    const bytes = await store.read(name);
    await store.put(name, [bytes.with(7, bytes[7]! ^ 1)]);
    expect((await verify(store)).runs[0]!.answer).toContain('Nothing was lost');
    const book = await store.read('run=7/runbook.json');
    await store.put('run=7/runbook.json', [book.with(3, 32)]);
    expect((await verify(store)).runs[0]!.answer).toContain('Of the segments that are whole');
    await store.put('run=7/runbook.json', [book]);
    await store.put(name, [bytes]);
  });

  it('asks for the key that is trusted', async () => {
    const made = await makeArchive(frames);
    await closeArchive(made);
    const verdict = await verifyArchive({ store: made.store, format, trusted: 'AAAA' });
    expect(verdict.findings).toMatchObject([{ file: 'run=7/manifest.json' }]);
    expect((await verify(made.store)).runs[0]!.signedBy).toBeNull();
  });
});
