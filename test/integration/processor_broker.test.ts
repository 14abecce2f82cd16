/**
 * What processor and simulator do while the broker is away: a restart is survived without loss, an end that
 * cannot be acknowledged comes at its deadline with a sentence. Needs a real broker to lose.
 */

import { afterAll, describe, expect, it } from 'vitest';
import { sleep, startTessera, stopAll } from '../../loadtest/drive.ts';
import { audit } from '../../loadtest/prove/audit.ts';
import { openCrew } from '../../loadtest/prove/crew.ts';
import { followFlow } from '../../loadtest/prove/flow.ts';
import { startSource } from '../../loadtest/prove/source.ts';
import { drained, openWorld } from '../../loadtest/prove/world.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import { kafkaMissing } from './broker.ts';

const missing = await kafkaMissing();
const instrument = 'sphenix-tpc-pp';
const partitions = 2;
const downMs = 10_000;
const flowDeadlineMs = 60_000;

describe('a broker that goes away', () => {
  afterAll(() => stopAll());

  it('for ten seconds: processor and simulator live on, and no frame is lost', async (context) => {
    if (missing !== null) context.skip(`no Kafka: ${missing}`);
    const clock = createSystemClock();
    const world = await openWorld(instrument, partitions);
    const crew = openCrew([...world.flags, '--group', 'away']);
    const processor = await crew.start();
    await processor.ready();
    const flow = followFlow(world.bus, world.topics.tokens, partitions);
    const source = await startSource(world, { rate: 20, pool: 4, seed: 1 });
    await flow.since(0n, flowDeadlineMs);

    await world.broker.crash();
    // How long it is away is what is being tried.
    await sleep(downMs);
    const backNanos = clock.nowNanos();
    await world.broker.restart();
    await flow.since(backNanos, flowDeadlineMs);
    expect(crew.faults).toEqual([]);

    const { code: sourceCode, frames: sent } = await source.stop();
    await drained(world, 'away');
    const { books } = await processor.status();
    expect(books[0]).toMatchObject({ balanced: true, inFlight: 0 });
    expect([sourceCode, await processor.retire()]).toEqual([0, 0]);
    await flow.stop();
    const audited = await audit(world.bus, world.cards.card, world.topics, 'away');
    expect(audited.faults, crew.logs()).toEqual([]);
    expect([audited.frames, audited.packets]).toEqual([sent, sent]);
  }, 180_000);

  it('for good: who is asked to stop ends at the deadline, and says why', async (context) => {
    if (missing !== null) context.skip(`no Kafka: ${missing}`);
    const world = await openWorld(instrument, partitions);
    const flags = [...world.flags, '--rate', '20', '--pool', '4', '--quiet'];
    const processor = await startTessera('process', [...world.flags, '--group', 'gone']);
    await processor.ready();
    const flow = followFlow(world.bus, world.topics.tokens, partitions);
    const simulator = await startTessera('simulate', flags);
    const said = { processor: '', simulator: '' };
    processor.process.stderr!.on('data', (chunk: Buffer) => {
      said.processor += chunk.toString();
    });
    simulator.process.stderr!.on('data', (chunk: Buffer) => {
      said.simulator += chunk.toString();
    });
    await flow.since(0n, flowDeadlineMs);
    // Not awaited: it would wait for the broker, too.
    void flow.stop();
    await world.broker.crash();
    const goneMs = performance.now();
    processor.process.kill('SIGTERM');
    simulator.process.kill('SIGTERM');
    const codes = await Promise.all([processor.exited, simulator.exited]);
    expect((performance.now() - goneMs) / 1000).toBeLessThan(limits.drainMs / 1000 + 5);
    // Nothing may have been on its way when it left: then both end well, and silently.
    for (const code of codes) expect([0, 3]).toContain(code);
    if (codes[0] === 3) expect(said.processor).toContain('not finished within 10 s');
    if (codes[1] === 3) expect(said.simulator).toContain('not every frame was acknowledged');
    await world.broker.restart();
  }, 180_000);
});
