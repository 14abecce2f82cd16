/** `tessera alerts` over the memory bus: notices in words, everything as it was published, and each message inspected. */

import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { emptyAlertBook, obey } from '../../../src/anomaly/bursts/alerts.ts';
import { openBurstFinder } from '../../../src/anomaly/bursts/finder.ts';
import { alarmTellers, jsonKind } from '../../../src/commands/inspection/alarm_words.ts';
import { askAlarms } from '../../../src/commands/shift/alarms.ts';
import { listAlerts } from '../../../src/commands/shift/alerts.ts';
import { topicsOf } from '../../../src/services/topics.ts';
import { encodeAnswer, encodeCommand, readCommand } from '../../../src/wire/alarms/command.ts';
import { encodeAlertHeartbeat, encodeNotice } from '../../../src/wire/alerts/message.ts';
import { encodeAlertState } from '../../../src/wire/alerts/state.ts';
import { captureOutput } from '../captured_output.ts';

const topics = topicsOf('tpc');
const startMs = Date.UTC(2026, 4, 4, 3, 2, 1);
const sender = { detectorName: 'tpc', mode: 'real' } as const;
const drill = obey(emptyAlertBook, { command: 'fire-drill', who: 'ana', why: 'spring' }, startMs);
const messages = [
  ...drill.notices.flatMap((notice) => encodeNotice(sender, notice)),
  encodeAlertHeartbeat(sender, true, startMs),
].map(({ value }) => value);

const open = async () => {
  const clock = createVirtualClock();
  const bus = createMemoryBus({ clock });
  const names = [topics.alerts, topics.commands, topics.responses];
  await bus.ensureTopics(names.map((name) => ({ name, partitions: 1, messageBytesMax: 65_536 })));
  return { clock, bus, output: captureOutput() };
};

describe('tessera alerts', () => {
  it('lists notices once each, or every message as it was published', async () => {
    const { bus, output } = await open();
    const question = { bus, topic: topics.alerts, output, follow: null };
    expect(await listAlerts({ ...question, json: false })).toBe(1);
    await bus.send(messages.map((value) => ({ topic: topics.alerts, key: null, value })));
    expect(await listAlerts({ ...question, json: false })).toBe(0);
    expect(output.lines).toEqual([
      '2026-05-04T03:02:01.000000Z  initial  test  drill-20260504T030201000Z  1  fire drill by ana: spring',
    ]);
    expect(await listAlerts({ ...question, json: true })).toBe(0);
    expect(output.lines.slice(1)).toEqual(messages.map((value) => new TextDecoder().decode(value)));
  });

  it('sends commands and says what was done', async () => {
    const { bus, clock, output } = await open();
    const parts = { bus, topics, clock, log: quietLog, output };
    for (const asked of [
      { command: 'fire-drill', who: 'ana', why: '' },
      { command: 'retract', alert: 'latest', who: 'ana', why: 'a lamp' },
    ] as const) {
      expect(readCommand(encodeCommand('m', asked))).toEqual({ messageId: 'm', asked });
      const code = askAlarms(parts, asked, asked.command, false);
      await new Promise((resolve) => setImmediate(resolve));
      const answer = encodeAnswer({ messageId: asked.command, fault: null });
      await bus.send([{ topic: topics.responses, key: null, value: answer }]);
      expect(await code).toBe(0);
    }
    expect(output.lines).toEqual(['the drill is on', 'latest: retracted']);
  });

  it('is understood by inspect', () => {
    const told = messages.map((value) => {
      const kind = jsonKind(value) as 'alert';
      expect(kind).toBe('alert');
      return alarmTellers[kind](value).row.slice(1, 4);
    });
    expect(told).toEqual([
      ['gcn', 'initial', 'test'],
      ['snews', 'CoincidenceTier', 'fire drill'],
      ['snews', 'SignificanceTier', 'fire drill'],
      ['snews', 'TimingTier', 'fire drill'],
      ['snews', 'Heartbeat', 'real'],
    ]);
    const finder = openBurstFinder({ windowsMs: [1000], falseAlarmsPerYear: 1 }).state();
    const { book } = drill;
    const state = { windowsMs: [1000], finder, watchedMs: null, offsets: [], heartbeatMs: 0, book };
    const bytes = encodeAlertState(state);
    expect(jsonKind(bytes)).toBe('alert-state');
    expect(alarmTellers['alert-state'](bytes).row).toEqual(['0', '1', 'not known yet', '–']);
    const command = encodeCommand('m', { command: 'retract', alert: 'burst-1', who: 'ana', why: 'a lamp' });
    expect(alarmTellers.command(command).row).toEqual(['retract', 'burst-1', 'ana', 'a lamp', '–', 'm']);
  });
});
