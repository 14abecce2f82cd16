/** Retention: old rungs go once they are proven to be copied, with a record; nothing else goes, whatever happens. */

import { beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore, type MemoryStore } from '../../../src/adapters/memory/store.ts';
import { retentionFile } from '../../../src/archive/proof/names.ts';
import { Fault } from '../../../src/domain/fault.ts';
import { openArchive } from '../../../src/services/dataset/archive.ts';
import { type RetainSettings, retainRun } from '../../../src/services/dataset/retain.ts';
import { verifyArchive } from '../../../src/services/dataset/verify.ts';
import { startNanos } from '../../frames.ts';
import { closeArchive, format, type MadeFrame, makeArchive, makeFrames } from './an_archive.ts';

const hour = 3_600_000;
const nowMs = Number(startNanos / 1_000_000n) + 10 * hour;
const settings = (change: Partial<RetainSettings> = {}): RetainSettings => ({
  tiers: { lossless: hour },
  why: 'hours of lossless rungs are enough',
  isTrial: false,
  ...change,
});

let frames: MadeFrame[];
beforeAll(async () => {
  frames = await makeFrames(8);
});

const namesOf = async (store: MemoryStore): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of store.list('')) names.push(name);
  return names;
};

const closed = async () => {
  const made = await makeArchive(frames);
  await closeArchive(made);
  const { store } = made;
  const copy = createMemoryStore();
  for (const name of await namesOf(store)) await copy.put(name, [await store.read(name)]);
  const parts = { store, copy, signer: null, nowMs, version: '0.0.0' };
  return {
    store,
    copy,
    parts,
    retain: (change?: Partial<RetainSettings>) => retainRun(parts, 7, settings(change)),
  };
};

describe('retention', () => {
  it('deletes what is old and copied, records it, and leaves an archive that verifies and reads', async () => {
    const { store, retain } = await closed();
    const before = await namesOf(store);
    const { deleted, held } = await retain();
    expect(held).toEqual([]);
    expect(deleted.length).toBeGreaterThan(0);
    expect(deleted.every((name) => name.includes('.lossless.'))).toBe(true);
    const record = retentionFile(7, 1);
    expect(await namesOf(store)).toEqual(
      [...before.filter((name) => !deleted.includes(name)), record].sort(),
    );
    const { findings, runs } = await verifyArchive({ store, format, trusted: null });
    expect(findings).toEqual([]);
    expect(runs[0]!.deleted).toBe(deleted.length);
    const run = await (await openArchive({ store, format })).run(7);
    let [whole, without] = [0, 0];
    for await (const { packets } of run.timeFrames({ kinds: ['tokens', 'near', 'lossless'] }))
      for (const { payloads } of packets) payloads.includes(undefined) ? without++ : whole++;
    expect(whole + without).toBe(frames.length);
    expect(without).toBeGreaterThan(0);
    expect((await retain()).deleted).toEqual([]);
    await retain({ tiers: { near: hour } });
    expect((await verifyArchive({ store, format, trusted: null })).findings).toEqual([]);
    await store.remove(record);
    expect((await verifyArchive({ store, format, trusted: null })).findings.length).toBeGreaterThan(0);
  });

  it('keeps what is young, and on trial everything', async () => {
    const { store, retain } = await closed();
    const before = await namesOf(store);
    expect(await retain({ tiers: { lossless: 20 * hour } })).toMatchObject({ deleted: [], held: [] });
    expect((await retain({ isTrial: true })).deleted.length).toBeGreaterThan(0);
    expect(await namesOf(store)).toEqual(before);
  });

  it('keeps what it cannot prove is copied', async () => {
    const { store, copy, retain } = await closed();
    const [absent, other, ...rest] = (await namesOf(copy)).filter((name) => name.includes('.lossless.'));
    await copy.remove(absent!);
    const bytes = await copy.read(other!);
    bytes[5]! ^= 1;
    await copy.put(other!, [bytes]);
    const { deleted, held } = await retain();
    expect(deleted).toEqual(rest);
    expect(held).toMatchObject([
      { name: absent, why: 'it is not in the copy' },
      { name: other, why: 'the copy’s bytes are others' },
    ]);
    expect(await store.size(absent!)).not.toBeNull();
    expect((await verifyArchive({ store, format, trusted: null })).findings).toEqual([]);
  });

  it('keeps all of a run that is not closed, or whose manifest the copy has not got', async () => {
    const made = await makeArchive(frames);
    const { store } = made;
    const parts = { store, copy: createMemoryStore(), signer: null, nowMs, version: '0.0.0' };
    expect((await retainRun(parts, 7, settings())).held[0]!.why).toContain('not closed');
    await closeArchive(made);
    expect((await retainRun(parts, 7, settings())).held[0]!.why).toContain('has not got');
  });

  it('refuses a copy that is the archive itself', async () => {
    const { store, parts } = await closed();
    await expect(retainRun({ ...parts, copy: store }, 7, settings())).rejects.toThrow(/is the archive/);
  });

  it('finishes what a job that died had recorded', async () => {
    const { store, retain } = await closed();
    const lossless = (await namesOf(store)).filter((name) => name.includes('.lossless.'));
    const remove = store.remove;
    store.remove = async (name) => {
      if (name === lossless[1]) throw new Fault('store-failed', 'the power went');
      await remove(name);
    };
    await expect(retain()).rejects.toThrow(/power/);
    store.remove = remove;
    expect((await verifyArchive({ store, format, trusted: null })).findings).toEqual([]);
    await retain();
    for (const name of lossless) expect(await store.size(name)).toBeNull();
    expect((await verifyArchive({ store, format, trusted: null })).findings).toEqual([]);
  });
});
