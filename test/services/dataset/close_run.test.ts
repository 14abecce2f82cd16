/** Closing: the run book tells what was lost from what was refused, and closing twice gives the same. */

import { describe, expect, it } from 'vitest';
import { createMemoryBroker } from '../../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import type { RunBook } from '../../../src/archive/proof/run_book.ts';
import { sealsOf } from '../../../src/services/archive/position.ts';
import { closeRun } from '../../../src/services/dataset/close_run.ts';
import { refusalsOf } from '../../../src/services/dataset/refusals.ts';
import { cards, format, makeArchive, makeFrames } from './an_archive.ts';

describe('a run that closes', () => {
  it('tells what was refused from what was lost, and says the same when it closes twice', async () => {
    const frames = await makeFrames(8);
    // Region 1 loses time frames 2 and 5; one of them was refused.
    const isGone = ({ region, timeFrame }: { region: number; timeFrame: number }): boolean =>
      region === 1 && (timeFrame === 2 || timeFrame === 5);
    const { store, run } = await makeArchive(frames.filter((one) => !isGone(one)));
    const clock = createVirtualClock();
    const bus = createMemoryBroker({ clock }).connect();
    const topic = 'refused';
    await bus.ensureTopics([{ name: topic, partitions: 2, messageBytesMax: 1e7 }]);
    const refused = frames.find((one) => isGone(one) && one.timeFrame === 5)!;
    await bus.send([{ topic, partition: 1, key: null, value: refused.frame }]);
    const close = async (isKnown: boolean): Promise<RunBook> => {
      const parts = { store, format, version: '0.0.0', signer: null, log: quietLog };
      const refusals = (one: number) => refusalsOf(bus, topic, cards.card, one);
      await closeRun(isKnown ? { ...parts, refusals } : parts, run, await sealsOf(store, 7));
      return JSON.parse(new TextDecoder().decode(await store.read('run=7/runbook.json')));
    };
    const book = await close(true);
    expect(book.answer).toBe('1 frame of run 7 was lost.');
    expect(book.regions[1]).toMatchObject({
      expected: 8,
      received: 7,
      kept: 6,
      shed: 0,
      refused: 1,
      lost: 1,
    });
    expect(book.regions[0]).toMatchObject({ expected: 8, received: 8, lost: 0, absent: 0 });
    expect(book.gaps).toEqual([{ region: 1, partition: 0, fromId: 1, count: 1 }]);
    const manifest = await store.read('run=7/manifest.json');
    await close(true);
    expect(Buffer.compare(await store.read('run=7/manifest.json'), manifest)).toBe(0);
    expect((await close(false)).answer).toContain('refusals were not recorded');
    await bus.send([{ topic, partition: 0, key: null, value: Uint8Array.of(1, 2) }]);
    expect((await close(true)).answer).toContain('1 refused message could not be told');
    await bus.close();
  });
});
