/** The archiver: each message once, whole segments or none, whatever the store and other owners do. */

import { describe, expect, it } from 'vitest';
import { contentOf } from '../../../loadtest/prove/archive_audit.ts';
import { createMemoryStore } from '../../../src/adapters/memory/store.ts';
import { prescaled } from '../../../src/anomaly/fidelity.ts';
import { dataFile, sealFile } from '../../../src/archive/names.ts';
import { decodeSeal, encodeSeal } from '../../../src/archive/seal.ts';
import { Fault } from '../../../src/domain/fault.ts';
import { run } from '../../../src/domain/quantity.ts';
import { readRun } from '../../../src/services/archive/position.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { decodeWritten } from '../../../src/wire/runs/written.ts';
import { digitsOf, identityOf, randomOf } from '../../frames.ts';
import { smallCard } from '../../wire/small_card.ts';
import { readAll } from '../read_all.ts';
import { eventOf, openArchiveWorld, topics } from './archive_world.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const keysOf = (from: number, to: number, runNumber = 7): string[] =>
  range(from, to).map((timeFrame) => `${runNumber}/${timeFrame}/0`);
const full = new Fault('store-full', 'no room', { retryable: true });

describe('the archiver', () => {
  it('keeps each partial event once, its packets byte for byte, in sealed segments that follow each other', async () => {
    const world = await openArchiveWorld(2);
    const { archiver, book } = await world.start({ segmentBytes: 30_000 });
    const sent = [range(0, 60).map((n) => eventOf(n)), range(60, 90).map((n) => eventOf(n))] as const;
    // Late ones: out of order, and an amendment.
    const late = [eventOf(61, { revision: 1, regions: [2] }), eventOf(3, { revision: 1, regions: [1] })];
    await world.send(sent[0], 0);
    await world.send([...sent[1], ...late], 1);
    await world.until(async () => (await contentOf(world.store)).events.length === 92);
    const { seals, events, packets, unsealed } = await contentOf(world.store);
    expect([...events].sort()).toEqual([...keysOf(0, 90), '7/61/1', '7/3/1'].sort());
    expect(seals.length).toBeGreaterThan(3);
    for (const event of [...sent[0], ...sent[1], ...late])
      for (const { region, packet } of event.packets)
        expect(packets.get(`7/${event.timeFrame}/${region}/${event.revision}`)).toEqual(packet);
    expect(packets.size).toBe(272);
    expect(unsealed).toEqual([]);
    const written = (await readAll(world.bus, topics.written)).map(
      ({ value }) => decodeWritten(value).fileName,
    );
    expect(written.sort()).toEqual(seals.map((seal) => sealFile(7, seal)).sort());
    expect(await readRun(world.store, 7)).toMatchObject({ state: 'open', openedBy: 'data' });
    await archiver.stop();
    expect(book.snapshot()).toMatchObject({ received: 92, kept: 92, inFlight: 0, balanced: true });
  });

  it('seals what it holds when it is told to stop, and another goes on where the seals end', async () => {
    const world = await openArchiveWorld();
    const first = await world.start({ rollMs: 3_600_000 });
    await world.send(range(0, 10).map((n) => eventOf(n)));
    await world.until(() => first.archiver.inFlight === 10);
    expect((await contentOf(world.store)).events).toEqual([]);
    await first.archiver.stop();
    expect((await contentOf(world.store)).events).toHaveLength(10);
    const second = await world.start();
    await world.send(range(10, 15).map((n) => eventOf(n)));
    await world.until(async () => (await contentOf(world.store)).events.length === 15);
    await second.archiver.stop();
    expect((await contentOf(world.store)).events.sort()).toEqual(keysOf(0, 15).sort());
  });

  it('believes the seals where the offset was not committed any more, and tells of the last', async () => {
    const world = await openArchiveWorld();
    await world.send(range(0, 30).map((n) => eventOf(n)));
    const first = await world.start({ segmentBytes: 15_000 });
    await world.until(async () => (await contentOf(world.store)).events.length === 30);
    await first.archiver.stop();
    const before = (await readAll(world.bus, topics.written)).length;
    // A group that has committed nothing is what a kill between seal and commit leaves, at its worst.
    const second = await world.start({ group: 'b' });
    await world.send(range(30, 32).map((n) => eventOf(n)));
    await world.until(async () => (await contentOf(world.store)).events.length === 32);
    await second.archiver.stop();
    expect((await contentOf(world.store)).events.sort()).toEqual(keysOf(0, 32).sort());
    expect((await readAll(world.bus, topics.written)).length).toBe(before + 2);
  });

  it('sweeps what an owner that woke late left of a segment long sealed, and nothing else', async () => {
    const world = await openArchiveWorld();
    const first = await world.start({ segmentBytes: 15_000 });
    await world.send(range(0, 30).map((n) => eventOf(n)));
    await world.until(async () => (await contentOf(world.store)).events.length === 30);
    const [seal] = (await contentOf(world.store)).seals;
    const filesNow = () => Array.fromAsync(world.store.list(''), ({ name }) => name);
    const before = await filesNow();
    const leftOf = (offset: bigint): string =>
      dataFile(7, { ...seal!, firstOffset: offset }, 'lossless', 'f'.repeat(64));
    const leave = (offset: bigint) => world.store.put(leftOf(offset), [Uint8Array.of(1)]);
    await leave(seal!.firstOffset);
    await first.archiver.stop();
    expect(await filesNow()).toEqual(before);
    await leave(seal!.firstOffset);
    // Nobody has sealed this one yet: it may be on its way.
    await leave(30n);
    const second = await world.start();
    await world.until(async () => !(await filesNow()).includes(leftOf(seal!.firstOffset)));
    expect(await filesNow()).toEqual([...before, leftOf(30n)].sort());
    await second.archiver.stop();
  });

  it.each([4n, 7n, 20n])(
    'goes on behind the seal another owner made of the same segment, up to %s',
    async (next) => {
      const other = await openArchiveWorld();
      await other.send(range(0, 20).map((n) => eventOf(n)));
      const elsewhere = await other.start({ rollMs: 3_600_000 });
      await other.until(() => elsewhere.archiver.inFlight === 20);
      await elsewhere.archiver.stop();
      const { seals } = await contentOf(other.store);
      const name = sealFile(7, seals[0]!);

      const world = await openArchiveWorld();
      await world.send(range(0, 12).map((n) => eventOf(n)));
      const { archiver } = await world.start({ rollMs: 5_000 });
      await world.until(() => archiver.inFlight === 12);
      // The other owner was frozen, and wakes up now: its seal has fewer offsets, or more than came here yet.
      const theirs = { ...decodeSeal(await other.store.read(name), name), nextOffset: next, files: [] };
      expect(await world.store.create(name, encodeSeal(theirs))).toBe(true);
      await world.until(
        async () => (await world.bus.committed('a-archive', topics.partials))[0]!.offset! >= 12n,
      );
      await world.send(range(12, 24).map((n) => eventOf(n)));
      await world.until(async () => (await contentOf(world.store)).events.length === 24 - Number(next));
      await archiver.stop();
      const { events, unsealed } = await contentOf(world.store);
      expect(events.sort()).toEqual(keysOf(Number(next), 24).sort());
      expect(unsealed).toEqual([]);
    },
  );

  it.each([
    ['full', full],
    ['away', new Fault('store-failed', 'no answer', { retryable: true })],
  ])(
    'takes no more while its store is %s, says so, and goes on by itself with nothing lost',
    async (_, fault) => {
      const world = await openArchiveWorld();
      const { archiver } = await world.start({ segmentBytes: 30_000 });
      const committed = async (): Promise<bigint> =>
        (await world.bus.committed('a-archive', topics.partials))[0]!.offset ?? 0n;
      await world.send(range(0, 10).map((n) => eventOf(n)));
      await world.until(async () => (await committed()) === 10n);
      world.store.fail(fault);
      await world.send(range(10, 120).map((n) => eventOf(n)));
      await world.until(() => archiver.conditions[0]!.severity === 'major');
      expect(world.waits.at(-1)![0]).toContain(fault.code);
      const { inFlight } = archiver;
      await world.clock.advance(60_000);
      expect([archiver.inFlight, await committed()]).toEqual([inFlight, 10n]);
      world.store.fail(null);
      await world.until(async () => (await committed()) === 120n);
      expect([archiver.conditions[0]!.severity, world.waits.at(-1)]).toEqual(['ok', []]);
      await archiver.stop();
      expect((await contentOf(world.store)).events.sort()).toEqual(keysOf(0, 120).sort());
    },
  );

  it('leaves what it could not seal to the next owner', async () => {
    const world = await openArchiveWorld();
    const first = await world.start();
    await world.send(range(0, 5).map((n) => eventOf(n)));
    world.store.fail(full);
    await world.until(() => first.archiver.conditions[0]!.severity === 'major');
    await first.archiver.stop();
    expect(first.book.snapshot()).toMatchObject({ kept: 0, returned: 5, inFlight: 0, balanced: true });
    world.store.fail(null);
    const second = await world.start();
    await world.until(async () => (await contentOf(world.store)).events.length === 5);
    await second.archiver.stop();
  });

  it('begins a segment with each run, and passes over what cannot be read', async () => {
    const world = await openArchiveWorld();
    await world.send([...range(0, 4).map((n) => eventOf(n)), eventOf(9, { run: 8 }), eventOf(5)]);
    await world.bus.send([
      { topic: topics.partials, partition: 0, key: null, value: Uint8Array.of(1, 2, 3) },
    ]);
    const { archiver } = await world.start();
    await world.until(async () => (await contentOf(world.store)).events.length === 6);
    await archiver.stop();
    const { seals } = await contentOf(world.store);
    const told = seals.map((seal) => [seal.run, seal.firstOffset, seal.nextOffset, seal.counts.unreadable]);
    expect(told.sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
      [7, 0n, 4n, 0],
      [8, 4n, 5n, 0],
      [7, 5n, 7n, 1],
    ]);
  });

  it('refuses a folder of another instrument, and one that is ahead of a topic that was made anew', async () => {
    const world = await openArchiveWorld();
    await world.store.put('archive.json', [Buffer.from('{"layout":1,"instrument":"another"}')]);
    await expect(world.start()).rejects.toThrow(/is an archive of another/);
    const store = createMemoryStore();
    const before = await openArchiveWorld(1, store);
    await before.send([eventOf(1)]);
    const { archiver } = await before.start();
    await before.until(async () => (await contentOf(store)).events.length === 1);
    await archiver.stop();
    const after = await openArchiveWorld(1, store);
    const again = await after.start();
    await expect(again.archiver.failed).rejects.toThrow(/the topic ends at 0: it was made anew/);
    await again.archiver.stop();
  });
});

describe('raw frames', () => {
  it('are kept of the time frames the prescale chooses, the same the policy does, as they came', async () => {
    const world = await openArchiveWorld();
    const random = randomOf(5);
    const frames = range(0, 120).flatMap((timeFrame) =>
      range(0, 3).map((region) => ({
        timeFrame,
        region,
        value: encodeFrame(
          { ...identityOf(smallCard, region, timeFrame), run: run(7) },
          digitsOf(smallCard, 1, random),
          smallCard,
        ),
      })),
    );
    await world.bus.send(
      frames.map(({ value }) => ({ topic: topics.frames, partition: 0, key: null, value })),
    );
    const chosen = frames.filter(({ timeFrame }) => prescaled(7, timeFrame, 8));
    const { archiver } = await world.start({ prescale: 8 });
    await world.until(async () => (await contentOf(world.store)).raw.length >= chosen.length);
    // What is not kept is not read again: the offset moves on without a seal.
    await world.until(
      async () => (await world.bus.committed('a-archive-raw', topics.frames))[0]!.offset === 360n,
    );
    await archiver.stop();
    const { raw } = await contentOf(world.store);
    expect(raw.map(({ timeFrame, region, frame }) => ({ timeFrame, region, value: frame }))).toEqual(chosen);
    expect(chosen.length).toBeGreaterThan(10);
  });
});
