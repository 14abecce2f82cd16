/**
 * The watcher over the memory bus: rare frames become alerts in both forms and an alarm, people drill and retract, and a
 * successor goes on where the last one stopped. Time is virtual, order is proved by what is committed.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { Anomaly } from '../../../src/domain/packet.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run as runOf,
  timeFrameNumber,
} from '../../../src/domain/quantity.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import type { Bus, OutputRecord } from '../../../src/ports/bus.ts';
import { type AlertSettings, watchAlerts } from '../../../src/services/alerts/watcher.ts';
import { topicsOf } from '../../../src/services/topics.ts';
import { encodeCommand, readAnswer } from '../../../src/wire/alarms/command.ts';
import { readAlert } from '../../../src/wire/alerts/message.ts';
import { encodeAnomaly } from '../../../src/wire/anomaly.ts';
import { parseInstrumentCard } from '../../../src/wire/card.ts';
import { type AnnouncedWorld, openAnnouncedWorld } from '../announced_world.ts';
import { readAll } from '../read_all.ts';
import { settle } from '../settle.ts';

const root = join(import.meta.dirname, '../../..');
const card = parseInstrumentCard(readFileSync(join(root, 'instruments/sphenix-tpc-pp.json'), 'utf8'));
const topics = topicsOf(card.id);
const partitions = 2;
const settings: AlertSettings = {
  detectorName: card.id,
  mode: 'real',
  windowsMs: [1000, 10_000],
  falseAlarmsPerYear: 52,
  heartbeatMs: 60_000,
};

/** A frame of a region in the time frame that starts then. */
const anomalyAt = (atMs: number, region = 0, verdict: Anomaly['verdict'] = 'rare'): OutputRecord => {
  const timeFrame = Math.round(atMs) % 1_000_000_007;
  return {
    topic: topics.anomalies,
    partition: timeFrame % partitions,
    key: null,
    value: encodeAnomaly({
      identity: {
        sourceName: card.regions[region]!,
        messageId: messageId(1),
        timestampNanos: epochNanos(BigInt(Math.round(atMs)) * 1_000_000n),
        durationNanos: durationNanos(1000n),
        run: runOf(1),
        timeFrame: timeFrameNumber(timeFrame),
        instrumentId: card.id,
        instrumentHash: cardHash('00000000000000000000000000000001'),
      },
      scoreName: 'surprise',
      score: 9,
      pValue: 1e-4,
      pLow: 5e-5,
      pHigh: 2e-4,
      threshold: 1e-2,
      verdict,
      patches: [],
      policyVersion: policyVersion(1),
      findings: [],
      scores: [],
    }),
  };
};

const openWorld = (): Promise<AnnouncedWorld> => openAnnouncedWorld(card, partitions);

const startWatcher = async (
  { broker, clock }: AnnouncedWorld,
  change = (bus: Bus): Bus => bus,
  own = settings,
) => {
  const bus = change(broker.connect());
  const watcher = watchAlerts({ bus, log: quietLog, topics, clock }, own);
  await settle(5);
  return {
    watcher,
    async stop() {
      await watcher.stop();
      await bus.close();
    },
  };
};

const pass = async ({ clock }: AnnouncedWorld, seconds: number): Promise<void> => {
  for (let i = 0; i < seconds; i++) {
    await clock.advance(1000);
    await settle();
  }
};

/** Half a day of event time with a rare time frame in ten seconds; its end, ms since the epoch. */
const quietHours = (seed: number, fromMs: number, hours = 12): { records: OutputRecord[]; endMs: number } => {
  const prng = createPrng(seed, 3);
  const endMs = fromMs + hours * 3_600_000;
  const records: OutputRecord[] = [];
  for (let atMs = fromMs; ; ) {
    atMs += 10_000 * prng.exponential();
    if (atMs >= endMs) return { records, endMs };
    records.push(anomalyAt(atMs));
  }
};
/** Time frames with two rare regions each. */
const burstAt = (atMs: number, count: number): OutputRecord[] =>
  Array.from({ length: count }, (_, i) => [0, 1].map((region) => anomalyAt(atMs + 200 * i, region))).flat();

const beginMs = 1.7e12;
const alertsOn = async (bus: Bus) =>
  (await readAll(bus, topics.alerts)).map(({ value, headers }) => {
    const alert = readAlert(value)!;
    expect(Buffer.from(headers.form!).toString()).toBe(alert.form);
    return alert;
  });
const noticesOn = async (bus: Bus) =>
  (await alertsOn(bus)).flatMap(({ form, message }) => (form === 'gcn' ? [message] : []));
const tiersOn = async (bus: Bus) =>
  (await alertsOn(bus)).flatMap(({ form, message }) => (form === 'snews' ? [message] : []));
const ask = async ({ bus, clock }: AnnouncedWorld, value: Uint8Array): Promise<void> => {
  await bus.send([{ topic: topics.commands, key: null, value }]);
  await clock.advance(10);
  await settle();
};

describe('the watcher of bursts', () => {
  it('tells of a burst when it begins, as it grows and when it is over, in both forms', async () => {
    const world = await openWorld();
    const { bus } = world;
    const { watcher, stop } = await startWatcher(world);
    const { records, endMs } = quietHours(1, beginMs);
    await bus.send(records);
    await pass(world, 4);
    expect(watcher.conditions).toMatchObject([{ cause: 'anomaly-burst', severity: 'ok', total: 0 }]);
    expect(await noticesOn(bus)).toEqual([]);

    await bus.send([...burstAt(endMs, 20), anomalyAt(endMs + 5000, 0, 'ordinary')]);
    await pass(world, 4);
    expect(watcher.conditions).toMatchObject([{ severity: 'major', total: 1 }]);
    expect(watcher.conditions[0]!.message).toMatch(/^\d+ rare time frames in 1?0? ?s?/);
    await pass(world, 20);
    expect(watcher.conditions).toMatchObject([{ severity: 'ok', total: 1 }]);

    const notices = await noticesOn(bus);
    const kinds = notices.map(({ alert_type }) => alert_type);
    expect(kinds[0]).toBe('initial');
    expect(new Set(kinds.slice(1))).toEqual(new Set(['update']));
    expect(notices.map(({ record_number }) => record_number)).toEqual(notices.map((_, i) => i + 1));
    const last = notices.at(-1)!;
    expect(last).toMatchObject({ alert_tense: 'current', instrument: card.id, mission: 'tessera' });
    expect(last.n_events).toBeGreaterThanOrEqual(20);
    expect(last.n_events).toBeLessThan(25);
    expect(last.far).toBeLessThan(1e-9);
    const tiers = await tiersOn(bus);
    const bursts = tiers.filter(({ tier }) => tier !== 'Heartbeat');
    expect(bursts).toHaveLength(3 * notices.length);
    expect(new Set(tiers.map(({ uuid }) => uuid)).size).toBe(tiers.length);
    for (const one of tiers) expect(one).toMatchObject({ is_test: false, is_firedrill: false });
    world.silence.abort();
    await stop();
  });

  it('says once a minute that the detector is on', async () => {
    const world = await openWorld();
    const { stop } = await startWatcher(world, undefined, { ...settings, mode: 'test' });
    await pass(world, 150);
    const tiers = await tiersOn(world.bus);
    expect(tiers.map(({ tier }) => tier)).toEqual(['Heartbeat', 'Heartbeat', 'Heartbeat']);
    expect(tiers[0]).toMatchObject({ detector_status: 'ON', is_test: true });
    world.silence.abort();
    await stop();
  });

  it('drills, retracts and answers; the alarm ends with the retraction', async () => {
    const world = await openWorld();
    const { bus } = world;
    const { watcher, stop } = await startWatcher(world);
    await ask(world, encodeCommand('a', { command: 'fire-drill', who: 'ana', why: 'spring' }));
    expect(watcher.conditions).toMatchObject([{ severity: 'ok', total: 0 }]);
    const { records, endMs } = quietHours(2, beginMs);
    await bus.send(records);
    await pass(world, 4);
    await bus.send(burstAt(endMs, 20));
    await pass(world, 4);
    expect(watcher.conditions).toMatchObject([{ severity: 'major' }]);
    await ask(world, encodeCommand('b', { command: 'retract', alert: 'latest', who: 'ana', why: 'a lamp' }));
    expect(watcher.conditions).toMatchObject([{ severity: 'ok', total: 1 }]);
    await ask(world, encodeCommand('c', { command: 'retract', alert: 'latest', who: 'ana', why: 'again' }));
    await ask(world, encodeCommand('d', { command: 'retract', alert: 'burst-0', who: 'ana', why: 'x' }));
    const answers = (await readAll(bus, topics.responses)).map(({ value }) => readAnswer(value));
    expect(answers).toEqual([
      { messageId: 'a', fault: null },
      { messageId: 'b', fault: null },
      { messageId: 'c', fault: expect.stringMatching(/^burst-.* is retracted already$/) },
      { messageId: 'd', fault: 'there is no alert burst-0' },
    ]);
    const [drill, begun, ...rest] = await noticesOn(bus);
    expect(drill).toMatchObject({ alert_type: 'initial', alert_tense: 'test' });
    expect(rest.at(-1)).toMatchObject({
      id: begun!.id,
      alert_type: 'retraction',
      additional_info: 'retracted by ana: a lamp',
    });
    const tiers = await tiersOn(bus);
    expect(tiers[0]).toMatchObject({ tier: 'CoincidenceTier', is_firedrill: true, is_test: false });
    const first = tiers.filter(({ meta }) => meta?.alert === begun!.id).slice(0, 3);
    const retractions = tiers.flatMap((one) => (one.tier === 'Retraction' ? [one.retract_message_uuid] : []));
    expect(retractions).toEqual(first.map(({ uuid }) => uuid));
    const before = (await noticesOn(bus)).length;
    await pass(world, 20);
    expect(await noticesOn(bus)).toHaveLength(before);
    world.silence.abort();
    await stop();
  });

  it('goes on after another, in the midst of a burst, as if nothing had been', async () => {
    const told: unknown[] = [];
    for (const interrupted of [false, true]) {
      const world = await openWorld();
      const { bus } = world;
      let { stop } = await startWatcher(world);
      const { records, endMs } = quietHours(4, beginMs);
      await bus.send(records);
      await pass(world, 4);
      await bus.send(burstAt(endMs, 8));
      await pass(world, 1);
      if (interrupted) {
        await stop();
        await pass(world, 1);
        ({ stop } = await startWatcher(world));
      } else await pass(world, 1);
      await bus.send(burstAt(endMs + 1600, 12));
      await pass(world, 30);
      const notices = await noticesOn(bus);
      told.push(notices.map(({ alert_datetime: _, ...rest }) => rest));
      world.silence.abort();
      await stop();
    }
    expect(told[1]).toEqual(told[0]);
    expect(told[0]).not.toEqual([]);
  });

  it('begins anew when the bus fails it, and tells nothing twice', async () => {
    const world = await openWorld();
    const { bus } = world;
    let failures = 0;
    const { stop } = await startWatcher(world, (inner) => ({
      ...inner,
      async *read(options) {
        let seen = 0;
        for await (const record of inner.read(options)) {
          yield record;
          seen += 1;
          if (options.topic === topics.anomalies && failures < 2 && seen > 4200) {
            failures += 1;
            throw new Fault('bus-failed', 'a broker went away');
          }
        }
      },
    }));
    const { records, endMs } = quietHours(5, beginMs);
    await bus.send(records);
    await pass(world, 4);
    await bus.send(burstAt(endMs, 20));
    await pass(world, 60);
    expect(failures).toBeGreaterThan(0);
    const notices = await noticesOn(bus);
    expect(notices.map(({ record_number }) => record_number)).toEqual(notices.map((_, i) => i + 1));
    expect(notices.at(-1)!.additional_info).toMatch(/^over: /);
    world.silence.abort();
    await stop();
  });
});
