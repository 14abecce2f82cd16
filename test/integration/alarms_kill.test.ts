/**
 * Alarms over a real broker and the command line: a processor that refuses frames raises one, a person acknowledges
 * it, the processor is killed with -9, and its successor still knows. What memory can show is in services/alarms.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { stopAll } from '../../loadtest/drive.ts';
import { openCrew } from '../../loadtest/prove/crew.ts';
import { openWorld, runTessera } from '../../loadtest/prove/world.ts';
import { alarmsShown } from '../../src/anomaly/alarms.ts';
import type { AlarmSnapshot } from '../../src/domain/status.ts';
import { latestAlarmState } from '../../src/services/alarms/follower.ts';
import { kafkaMissing, keptLog } from './broker.ts';

const missing = await kafkaMissing();

describe('alarms', () => {
  afterAll(() => stopAll());

  it('are acknowledged from the command line, and stay so when their keeper is killed', async (context) => {
    if (missing !== null) context.skip(`no Kafka: ${missing}`);
    const world = await openWorld('sphenix-tpc-pp', 1);
    const { bus, topics, flags } = world;
    const crew = openCrew([...flags, '--group', 'alarms-kill']);
    const first = await crew.start();
    await first.ready();
    const sendBad = (count: number): Promise<void> =>
      bus.send(
        Array.from({ length: count }, () => ({
          topic: topics.frames,
          partition: 0,
          key: null,
          value: Buffer.from('no frame at all'),
        })),
      );
    const alarms = (...args: string[]) => runTessera(['alarms', ...args, ...flags]);
    /** The state once the alarm counts so many; the deadline is the test's. */
    const counted = async (count: number): Promise<readonly AlarmSnapshot[]> => {
      for (;;) {
        const shown = alarmsShown((await latestAlarmState(bus, topics.alarmState, keptLog()))?.book ?? null);
        if (shown.some((one) => one.cause === 'frames-refused' && one.count === count)) return shown;
        await delay(50);
      }
    };
    await sendBad(500);
    expect(await counted(500)).toMatchObject([{ severity: 'major', acknowledged: null }]);
    const taken = await alarms('ack', 'frames-refused', '--who', 'ana', '--why', 'cable');
    expect(taken).toMatchObject({ code: 0, stdout: 'frames-refused: acknowledged\n' });
    expect(await alarms('shelve', 'lag', '--for', '2h', '--why', 'known')).toMatchObject({ code: 0 });
    await first.murder();
    const second = await crew.start();
    await second.ready();
    await sendBad(250);
    await counted(750);
    const { code, stdout } = await alarms('list', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).alarms).toMatchObject([
      { cause: 'frames-refused', acknowledged: { who: 'ana', why: 'cable' } },
      { cause: 'lag', shelved: {} },
    ]);
  }, 120_000);
});
