/** `tessera run start|stop`: what run control says, said by a person, and answered by the archiver. */

import { describe, expect, it } from 'vitest';
import { orderRun, type RunOrder } from '../../../src/commands/shift/runs.ts';
import { readRun } from '../../../src/services/archive/position.ts';
import { openArchiveWorld, topics } from '../../services/archive/archive_world.ts';

const order: RunOrder = {
  action: 'start',
  runName: '42',
  serviceId: 'ana',
  jobId: 'j1',
  instrumentId: 'test-small',
  stopMs: 0,
};

describe('an order about a run', () => {
  it('is answered by the archiver; without one it waits for it', async () => {
    const world = await openArchiveWorld();
    const said: string[] = [];
    const output = {
      print: (line: string) => void said.push(line),
      note: (line: string) => void said.push(line),
    };
    const parts = { bus: world.broker.connect(), topics, clock: world.clock, output };
    const told = async (one: RunOrder): Promise<number> => {
      let code: number | null = null;
      void orderRun(parts, one, false).then((ended) => {
        code = ended;
      });
      await world.until(() => code !== null);
      return code!;
    };
    expect(await told(order)).toBe(3);
    const { archiver } = await world.start();
    // The order that waited is done by now, under its own name.
    expect(await told({ ...order, jobId: 'j2' })).toBe(1);
    expect(await told({ ...order, action: 'stop', jobId: 'j3' })).toBe(0);
    expect(said.slice(1)).toEqual([
      'run 42 was opened by job j1',
      expect.stringMatching(/^run 42 closes once all that was sent \(event time .*\) is archived$/),
    ]);
    expect(await readRun(world.store, 42)).toMatchObject({ state: 'stopping', jobId: 'j1' });
    await archiver.stop();
  });
});
