/**
 * Commands about the rate through the real processor over the memory bus: obeyed once, answered once, and held by whoever
 * owns the calibrating partition next.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../../src/adapters/memory/bus.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { limits } from '../../../src/domain/limits.ts';
import type { RateCommand } from '../../../src/domain/policy.ts';
import type { Bus } from '../../../src/ports/bus.ts';
import type { Lane } from '../../../src/ports/lane.ts';
import { openCalibration } from '../../../src/services/calibrator.ts';
import { followPolicy } from '../../../src/services/policy.ts';
import { startProcessor } from '../../../src/services/processor.ts';
import { openRateDesk } from '../../../src/services/rate/desk.ts';
import { createStatusBook } from '../../../src/services/status.ts';
import { topicSpecs, topicsOf } from '../../../src/services/topics.ts';
import { encodeCommand, readAnswer } from '../../../src/wire/alarms/command.ts';
import { decodePolicy } from '../../../src/wire/policy.ts';
import { frameOf } from '../../frames.ts';
import { card, openRealLane, processorSettings } from '../processor_setup.ts';
import { readAll } from '../read_all.ts';
import { settle } from '../settle.ts';
import { statusIdentity } from '../status_identity.ts';

const topics = topicsOf(card.id);
const clock = createSystemClock();
const said = { who: 'ana', why: 'beam test' };

let lane: Lane;
beforeAll(async () => {
  lane = await openRealLane(clock);
});
afterAll(() => lane.close());

const openWorld = async (): Promise<Bus> => {
  const bus = createMemoryBus({ clock });
  await bus.ensureTopics(topicSpecs(card, 1, 1 << 28));
  return bus;
};
const ask = (bus: Bus, messageId: string, asked: RateCommand): Promise<void> =>
  bus.send([{ topic: topics.commands, key: null, value: encodeCommand(messageId, asked) }]);
const answers = async (bus: Bus) =>
  (await readAll(bus, topics.responses)).map(({ value }) => readAnswer(value));
const snapshots = async (bus: Bus) =>
  (await readAll(bus, topics.policy))
    .map(({ value }) => decodePolicy(value))
    // The first is the one that nobody has asked anything of yet.
    .filter(({ version }) => version > 0);

let timeFrame = 0;
/** Sends frames until the condition holds: a command is obeyed with a batch. */
const feedUntil = async (bus: Bus, isDone: () => Promise<boolean>): Promise<void> => {
  while (!(await isDone())) {
    timeFrame += 1;
    const value = frameOf(card, 0, timeFrame);
    await bus.send([{ topic: topics.frames, partition: 0, key: Buffer.from(String(timeFrame)), value }]);
    await settle();
  }
};

const start = async (bus: Bus, rareTarget: number) => {
  const policy = { ...firstPolicy(), warmupCount: 50 };
  const book = createStatusBook({ clock, identity: statusIdentity, latencyBudgetMs: 100 });
  const policies = await followPolicy(bus, topics.policy, policy, quietLog);
  const processor = await startProcessor(
    { card, topics, bus, lane, clock, log: quietLog, policies, book },
    processorSettings({
      policyIntervalMs: 3_600_000,
      rate: { rareTarget, rateChunkFrames: 1000 },
      policy,
    }),
  );
  return {
    async stop() {
      await processor.stop();
      await policies.stop();
    },
  };
};

describe('commands about the rate', () => {
  it('are obeyed and answered once, also when given while nobody runs, and a hold outlives its processor', async () => {
    const bus = await openWorld();
    const answered = (count: number) => async () => (await answers(bus)).length >= count;
    await ask(bus, 'early', { command: 'hold-rate', pValue: 0.004, ...said });
    const first = await start(bus, 0.01);
    await feedUntil(bus, answered(1));
    await ask(bus, 'again', { command: 'hold-rate', pValue: 0.003, ...said });
    await feedUntil(bus, answered(2));
    await first.stop();

    const second = await start(bus, 0.01);
    await ask(bus, 'last', { command: 'hold-rate', ...said });
    await feedUntil(bus, answered(3));
    await second.stop();
    expect(await answers(bus)).toEqual(
      ['early', 'again', 'last'].map((messageId) => ({ messageId, fault: null })),
    );
    const held = (await snapshots(bus)).map(({ rarePValue, obeyed, control }) => [
      rarePValue,
      obeyed,
      control?.held,
    ]);
    // The last hold is at the present threshold, which is the one that the first processor left.
    expect(held).toEqual([
      [0.004, 1, 0.004],
      [0.003, 2, 0.003],
      [0.003, 3, 0.003],
    ]);

    const third = await start(bus, 0.01);
    await ask(bus, 'free', { command: 'release-rate', who: 'ana', why: '' });
    await feedUntil(bus, answered(4));
    await third.stop();
    expect((await snapshots(bus)).at(-1)).toMatchObject({ obeyed: 4, control: { held: null } });
    await bus.close();
  });

  it('are refused where no rate is held', async () => {
    const bus = await openWorld();
    const service = await start(bus, 0);
    await ask(bus, 'mine', { command: 'hold-rate', ...said });
    await feedUntil(bus, async () => (await answers(bus)).length > 0);
    await service.stop();
    const [answer] = await answers(bus);
    expect(answer!.fault).toMatch(/^no rate is held here/);
    expect((await snapshots(bus)).at(-1)).toMatchObject({ obeyed: 1 });
    await bus.close();
  });

  it('wait at the desk in a bounded number, and what others ask is passed over', async () => {
    const bus = await openWorld();
    const rate = { rareTarget: 0.01, rateChunkFrames: 1000 };
    const calibration = openCalibration(firstPolicy(), lane.scoreNames, 0, 0, { rate });
    const other = { command: 'fire-drill', who: 'ana', why: '' } as const;
    await bus.send([{ topic: topics.commands, key: null, value: encodeCommand('other', other) }]);
    const count = limits.rateCommandsWaitingMax + 5;
    for (let i = 0; i < count; i++)
      await ask(bus, String(i), { command: 'release-rate', who: 'ana', why: '' });
    const desk = openRateDesk({ bus, topics, clock, log: quietLog }, calibration, 0);
    const taken: number[] = [];
    while (taken.reduce((sum, one) => sum + one, 0) < count) {
      await settle(limits.rateCommandsWaitingMax);
      taken.push(desk.obey().length);
    }
    expect(Math.max(...taken)).toBe(limits.rateCommandsWaitingMax);
    expect(calibration.due(1)!.obeyed).toBe(count + 1);
    await desk.stop();
    expect(desk.obey()).toEqual([]);
    await bus.close();
  });
});
