/**
 * Alarms over a real broker and the command line: a processor that refuses frames raises one, a person acknowledges
 * it, the processor is killed with -9, and its successor still knows. What memory can show is in services/alarms.
 */

import { afterAll, describe, expect, it } from 'vitest';
import { stopAll } from '../../loadtest/drive.ts';
import { openCrew } from '../../loadtest/prove/crew.ts';
import { openWorld, runTessera } from '../../loadtest/prove/world.ts';
import { kafkaMissing } from './broker.ts';

const missing = await kafkaMissing();

interface Listed {
  readonly alarms: readonly {
    readonly cause: string;
    readonly severity: string;
    readonly count: number;
    readonly acknowledged: { readonly who: string; readonly why: string } | null;
    readonly shelved: { readonly who: string } | null;
  }[];
}

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
    /** Lists until the alarm counts so many; the deadline is the test's. */
    const counted = async (count: number): Promise<Listed['alarms']> => {
      for (;;) {
        const { code, stdout } = await alarms('list', '--json');
        const listed = code === 0 ? (JSON.parse(stdout) as Listed).alarms : [];
        if (listed.some((one) => one.cause === 'frames-refused' && one.count === count)) return listed;
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
    expect(await counted(750)).toMatchObject([
      { cause: 'frames-refused', acknowledged: { who: 'ana', why: 'cable' } },
      { cause: 'lag', shelved: {} },
    ]);
  }, 120_000);
});
