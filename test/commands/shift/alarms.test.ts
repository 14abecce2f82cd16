/** `tessera alarms` over the memory bus: what is listed, and that a command waits for its own answer. */

import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { command, observe, openAlarmBook } from '../../../src/anomaly/alarms.ts';
import { durationMs } from '../../../src/commands/duration.ts';
import { askAlarms, listAlarms } from '../../../src/commands/shift/alarms.ts';
import { topicsOf } from '../../../src/services/topics.ts';
import { encodeAnswer, readCommand } from '../../../src/wire/alarms/command.ts';
import { encodeAlarmState } from '../../../src/wire/alarms/state.ts';
import { settle } from '../../services/settle.ts';
import { captureOutput } from '../captured_output.ts';

const topics = topicsOf('tpc');
const startMs = Date.UTC(2026, 4, 4, 3, 2, 1);

const open = async () => {
  const clock = createVirtualClock();
  const bus = createMemoryBus({ clock });
  const names = [topics.alarmState, topics.commands, topics.responses];
  await bus.ensureTopics(names.map((name) => ({ name, partitions: 1, messageBytesMax: 65_536 })));
  const output = captureOutput();
  return { clock, bus, output, parts: { bus, topics, clock, log: quietLog, output } };
};

/** frames-refused is open and acknowledged, lag is shelved, books has passed. */
const exampleState = (): Uint8Array => {
  const rule = { raiseAfterMs: 0, clearAfterMs: 1000, unit: 'frames' } as const;
  const rules = { 'frames-refused': rule, lag: rule, books: rule };
  const seen = (cause: string, severity: 'ok' | 'minor') => ({
    cause,
    severity,
    count: 1234,
    message: `${cause} is bad`,
  });
  const said = { who: 'ana', why: 'known' };
  let book = openAlarmBook(rules, null);
  ({ book } = observe(book, rules, [seen('frames-refused', 'minor'), seen('books', 'minor')], startMs));
  for (const atMs of [startMs + 1000, startMs + 3000])
    ({ book } = observe(book, rules, [seen('books', 'ok')], atMs));
  ({ book } = command(book, { command: 'acknowledge', cause: 'frames-refused', ...said }, startMs));
  const untilMs = startMs + 3_600_000;
  ({ book } = command(book, { command: 'shelve', cause: 'lag', ...said, untilMs }, startMs));
  return encodeAlarmState({ judgedMs: startMs, book });
};

describe('tessera alarms', () => {
  it('lists what is open, shelved and past, each in words', async () => {
    const { bus, output, parts } = await open();
    expect(await listAlarms(parts, false)).toBe(1);
    expect(output.notes.join()).toContain('no alarms are kept on tpc_alarm_state yet');
    await bus.send([{ topic: topics.alarmState, key: Buffer.from('alarms'), value: exampleState() }]);
    expect(await listAlarms(parts, false)).toBe(0);
    expect(output.lines).toEqual([
      'alarms:',
      '  MINOR     frames-refused  1,234 frames  since 2026-05-04T03:02:01Z  frames-refused is bad; acknowledged by ana: known',
      '  no alarm  lag                                                       shelved until 2026-05-04T04:02:01Z by ana: known',
      'passed:',
      '  books  1,234 frames  2026-05-04T03:02:01Z to 2026-05-04T03:02:04Z  books is bad',
    ]);
    expect(await listAlarms(parts, true)).toBe(0);
    expect(JSON.parse(output.lines.at(-1)!)).toMatchObject({ alarms: [{ open: true }, { open: false }] });
  });

  it('sends what is asked and waits for its own answer, not another’s', async () => {
    for (const fault of [null, 'no alarm of lag is open']) {
      const { bus, output, parts } = await open();
      const asked = { command: 'acknowledge', cause: 'lag', who: 'ana', why: 'known' } as const;
      const code = askAlarms(parts, asked, 'mine', false);
      await settle();
      const answer = async (messageId: string, fault: string | null): Promise<void> =>
        bus.send([{ topic: topics.responses, key: null, value: encodeAnswer({ messageId, fault }) }]);
      await answer('another', 'not yours');
      await answer('mine', fault);
      expect(await code).toBe(fault === null ? 0 : 1);
      expect(output.lines).toEqual([fault === null ? 'lag: acknowledged' : `refused: ${fault}`]);
      for await (const { value } of bus.read({
        topic: topics.commands,
        from: { at: 'beginning' },
        untilEnd: true,
        bufferBytesMax: 1024,
      }))
        expect(readCommand(value)).toEqual({ messageId: 'mine', asked });
    }
  });

  it('says so when nobody answers', async () => {
    const { clock, output, parts } = await open();
    const asked = { command: 'unshelve', cause: 'lag', who: 'ana', why: '' } as const;
    const code = askAlarms(parts, asked, 'mine', false);
    await settle();
    await clock.advance(60_000);
    expect(await code).toBe(3);
    expect(output.notes.join()).toContain('not answered within 20 s');
  });

  it('takes durations as people type them', () => {
    expect(['90', '1.5m', '2h', '3d', '20ms'].map(durationMs)).toEqual([
      90_000, 90_000, 7_200_000, 259_200_000, 20,
    ]);
    expect(() => durationMs('soon')).toThrow("'soon' is not a duration");
  });
});
