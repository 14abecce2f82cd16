/**
 * The keeper over the memory bus: heartbeats become alarms, commands are answered, and a successor goes on where the
 * last one stopped. The storm runs through the real processor. Time is virtual, order is proved by what is committed.
 */

import { describe, expect, it } from 'vitest';
import type { VirtualClock } from '../../../src/adapters/memory/clock.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { alarmsShown } from '../../../src/anomaly/alarms.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import type { AlarmBook } from '../../../src/domain/alarm.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { Bus } from '../../../src/ports/bus.ts';
import { followAlarms } from '../../../src/services/alarms/follower.ts';
import { keepAlarms } from '../../../src/services/alarms/keeper.ts';
import { followPolicy } from '../../../src/services/policy.ts';
import { startProcessor } from '../../../src/services/processor.ts';
import type { StatusBook } from '../../../src/services/status.ts';
import { topicsOf } from '../../../src/services/topics.ts';
import { decodeAlarm } from '../../../src/wire/alarms/alarm.ts';
import { encodeCommand, readAnswer } from '../../../src/wire/alarms/command.ts';
import { frameOf } from '../../frames.ts';
import { type AnnouncedWorld, openAnnouncedWorld } from '../announced_world.ts';
import { card, openRealLane, processorSettings } from '../processor_setup.ts';
import { readAll } from '../read_all.ts';
import { settle } from '../settle.ts';

const topics = topicsOf(card.id);

const alarmsOn = async (bus: Bus) =>
  (await readAll(bus, topics.alarms)).map(({ value }) => decodeAlarm(value));
const answersOn = async (bus: Bus) =>
  (await readAll(bus, topics.responses)).map(({ value }) => readAnswer(value));

const nowMs = (clock: VirtualClock): number => Number(clock.nowNanos() / 1_000_000n);

/** It owns all partitions. */
const openWorld = (): Promise<AnnouncedWorld> =>
  openAnnouncedWorld(card, 2, (book) => {
    const flow = { lagFrames: 0, queuedBytes: 0, laneDepth: 0, partitions: 2, pausedPartitions: 0 } as const;
    book.watchFlow(() => ({ ...flow, pressure: 'none' }));
  });

const startKeeper = async ({ broker, clock }: AnnouncedWorld, change = (bus: Bus): Bus => bus) => {
  const bus = change(broker.connect());
  const keeper = keepAlarms({ clock, bus, log: quietLog, topics, beginMs: nowMs(clock) - 1 });
  const follower = await followAlarms(bus, topics.alarmState, quietLog);
  return {
    get shown() {
      return alarmsShown(follower.current);
    },
    get past(): AlarmBook['past'] {
      return follower.current?.past ?? [];
    },
    async stop() {
      await keeper.stop();
      await follower.stop();
      await bus.close();
    },
  };
};

const batch = (refused: number, kept = 0): Parameters<StatusBook['batch']>[0] => ({
  kept,
  shed: 0,
  refused: new Array(refused).fill('frame-crc'),
  rawBytes: 0,
  packetBytes: 0,
  denseBytes: 0,
  reasons: [],
  spans: [],
  anomalies: [],
});

/** Frames that came, of which so many were refused. */
const frames = (book: StatusBook, count: number, refused: number): void => {
  book.received(count, 0);
  book.batch(batch(refused, count - refused));
};

/** Seconds of a stream, each with `count` frames of which `refused` are. */
const run = async (
  { clock, book }: AnnouncedWorld,
  seconds: number,
  count: number,
  refused: number,
): Promise<void> => {
  for (let i = 0; i < seconds; i++) {
    frames(book, count, refused);
    await clock.advance(1000);
    await settle();
  }
};

const ask = async ({ bus, clock }: AnnouncedWorld, value: Uint8Array | string): Promise<void> => {
  await bus.send([{ topic: topics.commands, key: null, value: Buffer.from(value) }]);
  await clock.advance(10);
  await settle();
};

describe('the keeper of alarms', () => {
  it('raises one alarm for frames refused, counts them, and clears it when it has been good', async () => {
    const world = await openWorld();
    const keeper = await startKeeper(world);
    await run(world, 5, 100, 0);
    expect(keeper.shown).toEqual([]);
    await run(world, 30, 100, 3);
    expect(keeper.shown).toMatchObject([
      { cause: 'frames-refused', severity: 'minor', unit: 'frames', open: true, acknowledged: null },
    ]);
    await run(world, 70, 100, 0);
    expect(keeper.shown).toEqual([]);
    expect(keeper.past).toMatchObject([{ cause: 'frames-refused', count: 90 }]);
    const told = await alarmsOn(world.bus);
    expect(told.map(({ sourceName, severity }) => `${sourceName} ${severity}`)).toEqual([
      'tessera.frames-refused minor',
      'tessera.frames-refused ok',
    ]);
    expect(told[0]!.message).toMatch(
      /^frames are refused, most as frame-crc: 3 of the last 100 \(3 frames since/,
    );
    expect(told[1]!.message).toMatch(/^good again; it was: .*\(90 frames since /);
    world.silence.abort();
    await keeper.stop();
  });

  it('knows silence, lag, latency and partitions that nobody reads', async () => {
    const world = await openWorld();
    const keeper = await startKeeper(world);
    await run(world, 3, 10, 0);
    await run(world, 62, 0, 0);
    expect(keeper.shown.map(({ cause, severity }) => [cause, severity])).toEqual([['input-silent', 'minor']]);
    world.book.watchFlow(() => ({
      lagFrames: 5000,
      queuedBytes: 0,
      laneDepth: 0,
      partitions: 1,
      pausedPartitions: 0,
      pressure: 'shed-frames',
    }));
    const late = { stage: 'total', nanos: 450e6, frames: 10 } as const;
    for (let i = 0; i < 45; i++) {
      world.book.received(10, 0);
      world.book.batch({ ...batch(0, 10), spans: [late] });
      await world.clock.advance(1000);
      await settle();
    }
    expect(keeper.shown.map(({ cause, severity }) => [cause, severity]).sort()).toEqual([
      ['lag', 'major'],
      ['latency-budget', 'minor'],
      ['partitions-unowned', 'major'],
    ]);
    world.silence.abort();
    await keeper.stop();
  });

  it('takes what other parts of a process judge from its heartbeat', async () => {
    const world = await openWorld();
    const keeper = await startKeeper(world);
    let total = 0;
    const burst = { cause: 'anomaly-burst', severity: 'major', message: '12 rare frames in 10 s' } as const;
    const band = {
      cause: 'rate-out-of-band',
      severity: 'minor',
      total: 0,
      message: '0.4 %, not 0.25 %',
    } as const;
    world.book.watchConditions(() => (total === 0 ? [] : [{ ...burst, total }, band]));
    world.book.watchConditions(() => [{ ...band, cause: 'unheard-of' }]);
    await run(world, 3, 100, 0);
    for (total = 1; total <= 5; total++) await run(world, 1, 100, 0);
    expect(keeper.shown).toMatchObject([{ cause: 'anomaly-burst', unit: 'bursts', message: burst.message }]);
    await run(world, 60, 100, 0);
    expect(keeper.shown).toMatchObject([{ cause: 'anomaly-burst', count: 6 }, { cause: 'rate-out-of-band' }]);
    world.silence.abort();
    await keeper.stop();
  });

  it('begins anew when the bus fails it, and has missed nothing', async () => {
    const world = await openWorld();
    let failures = 0;
    const keeper = await startKeeper(world, (bus) => ({
      ...bus,
      async *read(options) {
        for await (const record of bus.read(options)) {
          yield record;
          if (options.topic === topics.status && failures < 2 && record.offset >= 4n) {
            failures += 1;
            throw new Fault('bus-failed', 'a broker went away');
          }
        }
      },
    }));
    await run(world, 40, 100, 1);
    expect(failures).toBe(2);
    await run(world, 70, 100, 0);
    expect(keeper.past).toMatchObject([{ cause: 'frames-refused', count: 40 }]);
    world.silence.abort();
    await keeper.stop();
  });

  it('does as people ask, answers those who wait, and says what it cannot do', async () => {
    const world = await openWorld();
    const keeper = await startKeeper(world);
    await run(world, 3, 100, 1);
    const said = { cause: 'frames-refused', who: 'ana', why: 'known cable' };
    await ask(world, encodeCommand('a1', { command: 'acknowledge', ...said }));
    await ask(world, encodeCommand(null, { command: 'acknowledge', ...said }));
    await ask(world, '{"msg_id":"b2","command":"reboot"}');
    await ask(world, 'no json at all');
    await ask(world, '{"msg_id":"c3","command":"shelve","cause":"lag","who":"ana"}');
    // The calibrator answers these, and nobody else.
    await ask(world, encodeCommand('r', { command: 'release-rate', who: 'ana', why: '' }));
    await ask(world, encodeCommand('d4', { command: 'acknowledge', ...said, cause: 'lag' }));
    expect(await answersOn(world.bus)).toEqual([
      { messageId: 'a1', fault: null },
      {
        messageId: 'b2',
        fault:
          'no command "reboot"; there are acknowledge, unshelve, shelve, fire-drill, retract, hold-rate, release-rate',
      },
      { messageId: 'c3', fault: expect.stringMatching(/^shelve: why: .*; until: /) },
      { messageId: 'd4', fault: 'no alarm of lag is open' },
    ]);
    expect(keeper.shown).toMatchObject([{ cause: 'frames-refused', acknowledged: { who: 'ana' } }]);
    const untilMs = nowMs(world.clock) + 60_000;
    await ask(world, encodeCommand('e5', { command: 'shelve', ...said, untilMs }));
    const before = (await alarmsOn(world.bus)).length;
    await run(world, 50, 100, 60);
    expect(await alarmsOn(world.bus)).toHaveLength(before);
    expect(keeper.shown).toMatchObject([{ severity: 'major', shelved: { who: 'ana', untilMs } }]);
    await run(world, 15, 100, 60);
    expect((await alarmsOn(world.bus)).slice(before)).toMatchObject([{ severity: 'major' }]);
    world.silence.abort();
    await keeper.stop();
  });

  it('goes on after another: acknowledged, shelved and counted as if nothing had been', async () => {
    const world = await openWorld();
    let keeper = await startKeeper(world);
    await run(world, 10, 100, 1);
    const said = { who: 'ana', why: 'known' };
    await ask(world, encodeCommand(null, { command: 'acknowledge', cause: 'frames-refused', ...said }));
    const untilMs = nowMs(world.clock) + 3_600_000;
    await ask(world, encodeCommand(null, { command: 'shelve', cause: 'lag', ...said, untilMs }));
    for (let turn = 0; turn < 4; turn++) {
      // The next one joins before this one leaves: the partition changes hands under it, mid-second.
      await run(world, 7, 100, 1);
      const next = await startKeeper(world);
      await run(world, 1, 100, 1);
      await keeper.stop();
      keeper = next;
      await run(world, 4, 100, 1);
    }
    expect(keeper.shown).toMatchObject([
      { cause: 'frames-refused', acknowledged: { who: 'ana' }, shelved: null },
      { cause: 'lag', shelved: { who: 'ana', untilMs } },
    ]);
    await run(world, 70, 100, 0);
    expect(keeper.past).toMatchObject([{ cause: 'frames-refused', count: 58 }]);
    world.silence.abort();
    await keeper.stop();
  });

  it('makes one alarm that counts of 10,000 bad frames through the real processor', async () => {
    const world = await openWorld();
    const { clock, bus, book } = world;
    const lane = await openRealLane(clock);
    const keeper = await startKeeper(world);
    const policy = firstPolicy();
    const policies = await followPolicy(bus, topics.policy, policy, quietLog);
    const processor = await startProcessor(
      { card, topics, bus, lane, clock, log: quietLog, policies, book },
      processorSettings({
        policyIntervalMs: 5000,
        policy,
        onAssigned: () => book.state('running'),
      }),
    );
    const good = frameOf(card, 0, 0);
    const bad = good.slice();
    bad[bad.length - 1]! ^= 1;
    bad[bad.length >> 1]! ^= 1;
    for (let second = 0; second < 20; second++) {
      await bus.send(
        Array.from({ length: 500 }, (_, i) => ({
          topic: topics.frames,
          partition: i % 2,
          key: null,
          value: bad,
        })),
      );
      while (processor.books.refused < (second + 1) * 500) await settle();
      await clock.advance(1000);
    }
    await clock.advance(3000);
    await settle();
    expect(processor.books).toMatchObject({ received: 10_000, refused: 10_000 });
    expect(keeper.shown).toMatchObject([
      { cause: 'frames-refused', severity: 'major', count: 10_000, open: true },
    ]);
    expect(await alarmsOn(bus)).toHaveLength(1);
    await processor.stop();
    await policies.stop();
    world.silence.abort();
    await keeper.stop();
    await lane.close();
  });
});
