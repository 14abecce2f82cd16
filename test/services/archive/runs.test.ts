/** Runs: opened and closed by order, and closed only when all they are to have is archived, whoever is down meanwhile. */

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../../../loadtest/prove/archive_audit.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { run } from '../../../src/domain/quantity.ts';
import type { Bus } from '../../../src/ports/bus.ts';
import { readRun, sealsOf } from '../../../src/services/archive/position.ts';
import { startAssembler } from '../../../src/services/assembly/assembler.ts';
import { createServiceBook } from '../../../src/services/service_book.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { decodeRunAnswer } from '../../../src/wire/runs/answer.ts';
import { encodeRunStart } from '../../../src/wire/runs/start.ts';
import { encodeRunStop } from '../../../src/wire/runs/stop.ts';
import { digitsOf, identityOf, randomOf } from '../../frames.ts';
import { smallCard } from '../../wire/small_card.ts';
import { readAll } from '../read_all.ts';
import { eventOf, openArchiveWorld, packetOf, topics } from './archive_world.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const all = smallCard.regions.map((_, region) => region);

const openRunWorld = async (partitions = 1) => {
  const world = await openArchiveWorld(partitions);
  const send = (topic: string, values: readonly Uint8Array[]) =>
    world.bus.send(values.map((value) => ({ topic, partition: 0, key: null, value })));
  const answers = async () =>
    (await readAll(world.bus, topics.runAnswers)).map(({ value }) => decodeRunAnswer(value));
  return {
    ...world,
    answers,
    control: (value: Uint8Array) => send(topics.runs, [value]),
    frames: (timeFrames: readonly number[]) =>
      send(
        topics.frames,
        timeFrames.map((n) =>
          encodeFrame(
            { ...identityOf(smallCard, 0, n), run: run(7) },
            digitsOf(smallCard, 1, randomOf(n)),
            smallCard,
          ),
        ),
      ),
    packets: (timeFrames: readonly number[], regions: readonly number[] = all) =>
      send(
        topics.tokens,
        timeFrames.flatMap((n) => regions.map((region) => packetOf(smallCard, region, n))),
      ),
    /** Does all but tokens: who commits what it read, as a processor. */
    process: (group: string) =>
      world.broker.connect().consume({
        ...{ group, topic: topics.frames, delivery: 'exactly-once', fresh: 'beginning' },
        queueBytesMax: 1 << 20,
        async onFeed(feed) {
          for (;;) {
            const records = await feed.take({ recordsMax: 100, bytesMax: 1 << 20 });
            if (records.length === 0) return;
            await feed.commit([], records.at(-1)!.offset + 1n, '');
          }
        },
      }),
    assemble: () =>
      startAssembler(
        {
          ...{ card: smallCard, topics, clock: world.clock, bus: world.broker.connect() },
          log: quietLog,
          book: createServiceBook('assembler', world.clock),
          eventTokensOf: () => [],
          eventModel: null,
          sent: { add: () => {} },
        },
        {
          ...{ group: 'a-assembly', delivery: 'exactly-once', deadlineMs: 1000 },
          backstopMs: 5000,
          onAssigned: () => {},
        },
      ),
    isClosed: async () => (await readRun(world.store, 7))?.state === 'closed',
  };
};

describe('runs', () => {
  const order = {
    jobId: 'job 1',
    serviceId: 'control',
    runName: 'run_7',
    instrumentName: smallCard.id,
    startMs: 1,
    stopMs: 0,
    metadata: '{"type":"physics"}',
  };
  const stop = { jobId: 'job 1', serviceId: 'control', commandId: 'c', runName: 'run_7', stopMs: 0 };

  it('are opened and closed by order, answered, and closed only when all until their stop is archived', async () => {
    const world = await openRunWorld(2);
    const closings: string[] = [];
    const closing = async (_: unknown, one: { run: number }, seals: readonly unknown[]) => {
      closings.push(`${one.run}: ${seals.length}`);
    };
    const { archiver } = await world.start({ closing });
    const { control, answers } = world;
    await control(encodeRunStart(order));
    await world.until(async () => (await answers()).length === 1);
    expect(await readRun(world.store, 7)).toMatchObject({ state: 'open', openedBy: 'order', jobId: 'job 1' });
    await world.send(range(0, 20).map((n) => eventOf(n)));
    await world.until(async () => (await contentOf(world.store)).events.length === 20);
    await control(encodeRunStart(order));
    await control(encodeRunStart({ ...order, jobId: 'job 2' }));
    await control(encodeRunStop({ ...stop, runName: 'eight' }));
    await control(Uint8Array.of(1));
    await control(encodeRunStop(stop));
    await world.until(async () => (await answers()).length === 5);
    expect((await answers()).map(({ statusCode }) => statusCode)).toEqual([201, 200, 409, 400, 201]);
    expect(await readRun(world.store, 7)).toMatchObject({ state: 'stopping' });
    expect(closings).toEqual([]);
    await world.until(world.isClosed);
    expect(closings).toEqual(['7: 1']);
    const closed = await readRun(world.store, 7);
    expect(closed!.books!.streams).toMatchObject([
      { topic: topics.partials, partition: 0, events: 20, packets: 60 },
    ]);
    await control(encodeRunStop(stop));
    await world.until(async () => (await answers()).length === 6);
    expect((await answers()).at(-1)).toMatchObject({
      statusCode: 409,
      outcome: 'failure',
      message: 'run 7 is closed',
    });
    await archiver.stop();
  });

  it('close within seconds of their stop while event time crawls and data goes on, and again with what came late', async () => {
    const world = await openRunWorld();
    const { archiver } = await world.start({ rollMs: 60_000 });
    const assembler = await world.assemble();
    const archived = async () =>
      (await sealsOf(world.store, 7)).reduce((sum, { counts }) => sum + counts.events, 0);
    let next = 0;
    // Microseconds of event time a second, as of a simulator that takes its time.
    const goOn = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds && !(await world.isClosed()); i += 1) {
        await world.packets([next, next + 1]);
        next += 2;
        await world.until(() => true);
        await world.clock.advance(1000);
      }
    };
    await goOn(5);
    await world.control(encodeRunStop(stop));
    await goOn(15);
    expect(await readRun(world.store, 7)).toMatchObject({ state: 'closed', stopBy: 'sent' });
    const first = (await readRun(world.store, 7))!;
    // The event time of the stream, not of whoever stops it.
    const { timestampNanos } = identityOf(smallCard, 0, 10);
    expect(first.stopMs).toBe(Number(timestampNanos / 1_000_000n));
    expect(first.books!.streams[0]!.events).toBeGreaterThanOrEqual(10);
    const until = next + 4;
    await world.packets(range(next, until));
    await world.until(async () => (await archived()) === until, 120_000);
    expect(await world.isClosed()).toBe(true);
    await world.control(encodeRunStop(stop));
    await world.until(async () => (await world.answers()).length === 2);
    expect((await world.answers()).map(({ statusCode }) => statusCode)).toEqual([201, 201]);
    await world.until(world.isClosed);
    expect((await readRun(world.store, 7))!.books!.streams[0]!.events).toBe(until);
    await assembler.stop();
    await archiver.stop();
  });

  it('wait for a processor and an assembler that are down, however long, and say for whom', async () => {
    const world = await openRunWorld();
    const { archiver } = await world.start({ prescale: 4 });
    const said = () => archiver.conditions[1]!;
    await world.frames(range(0, 12));
    await world.control(encodeRunStart(order));
    await world.control(encodeRunStop(stop));
    await world.clock.advance(60_000);
    expect(said()).toMatchObject({ cause: 'run-unclosed', severity: 'minor', total: 1 });
    expect(said().message).toBe(
      `run 7 was stopped and is open: the processor is 12 behind on ${topics.frames}`,
    );
    const processing = await world.process('a');
    await world.packets(range(0, 11));
    // One region is missing: the assembler holds the others until its backstop.
    await world.packets([11], [0, 1]);
    await world.until(() => said().message.includes('the assembler'));
    await world.clock.advance(60_000);
    expect(said().message).toContain(`the assembler is 35 behind on ${topics.tokens}`);
    expect(await world.isClosed()).toBe(false);
    const assembler = await world.assemble();
    await world.until(() => said().message.includes('the assembler is 2 behind'));
    await world.until(world.isClosed);
    expect(said()).toMatchObject({ severity: 'ok', total: 0 });
    const { streams } = (await readRun(world.store, 7))!.books!;
    expect(streams.find(({ topic }) => topic === topics.partials)!.events).toBe(12);
    await processing.stop();
    await assembler.stop();
    await archiver.stop();
  });

  it('that wait are no longer told of by an archiver whose term of keeping them is over', async () => {
    const world = await openRunWorld();
    const bus = world.broker.connect();
    const lost = new AbortController();
    const over: Bus = {
      ...bus,
      consume: (options) =>
        bus.consume({
          ...options,
          onFeed: (feed) =>
            options.topic !== topics.runs
              ? options.onFeed(feed)
              : options.onFeed({
                  ...feed,
                  revoked: AbortSignal.any([feed.revoked, lost.signal]),
                  take: (most) => Promise.race([feed.take(most), once(lost.signal, 'abort').then(() => [])]),
                }),
        }),
    };
    const { archiver } = await world.start({}, over);
    await world.frames(range(0, 12));
    await world.control(encodeRunStart(order));
    await world.control(encodeRunStop(stop));
    await world.until(() => archiver.conditions[1]!.total === 1);
    lost.abort();
    await world.clock.advance(1000);
    expect(archiver.conditions[1]).toMatchObject({ severity: 'ok', total: 0, message: '' });
    await archiver.stop();
  });

  it('that are stopped at a time wait for the stream to come there, or to fall silent when it has passed', async () => {
    const world = await openRunWorld();
    const { archiver } = await world.start();
    const isClosed = async (one: number) => (await readRun(world.store, one))?.state === 'closed';
    await world.send([eventOf(0), eventOf(0, { run: 8 })]);
    await world.until(async () => (await sealsOf(world.store, 8)).length === 1);
    const stopMs = Number(world.clock.nowNanos() / 1_000_000n) + 40_000;
    await world.control(encodeRunStop({ ...stop, stopMs }));
    await world.until(async () => (await world.answers()).length === 1);
    // It is silent, and the time has not come.
    await world.clock.advance(40_000);
    expect(await readRun(world.store, 7)).toMatchObject({ state: 'stopping', stopBy: 'time', stopMs });
    expect(archiver.conditions[1]!.severity).toBe('ok');
    await world.until(() => isClosed(7), 15_000);

    // The stream comes there long before the clock does.
    const assembler = await world.assemble();
    const perSecond = Math.ceil(1e9 / Number(smallCard.timeFrameNanos));
    const beginMs = Number(identityOf(smallCard, 0, 0).timestampNanos / 1_000_000n);
    await world.control(encodeRunStop({ ...stop, runName: '8', stopMs: beginMs + 40_000 }));
    for (const second of range(0, 50)) await world.packets([second * perSecond]);
    await world.clock.advance(20_000);
    expect(await isClosed(8)).toBe(false);
    for (const second of range(50, 53)) await world.packets([second * perSecond]);
    await world.until(() => isClosed(8), 20_000);
    await assembler.stop();
    await archiver.stop();
  });
});
