/**
 * The byte budget through the whole processor: a simulated detector whose occupancy drifts, two partitions, the real
 * model. Every packet has the rungs its reason and the snapshot it names say, and a replay makes it again.
 */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMemoryBus } from '../../../src/adapters/memory/bus.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import type { ByteBudget } from '../../../src/anomaly/control/budget.ts';
import { decideFidelity, firstPolicy, rungsOf } from '../../../src/anomaly/fidelity.ts';
import { replayRecorded } from '../../../src/commands/replay.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import { FidelityReason } from '../../../src/domain/packet.ts';
import type { Bus } from '../../../src/ports/bus.ts';
import type { Lane } from '../../../src/ports/lane.ts';
import { followPolicy, recordedPolicies } from '../../../src/services/policy.ts';
import { startProcessor } from '../../../src/services/processor.ts';
import { createStatusBook } from '../../../src/services/status.ts';
import { topicSpecs, topicsOf } from '../../../src/services/topics.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { decodePacket } from '../../../src/wire/packet.ts';
import { digitsOf, identityOf, randomOf } from '../../frames.ts';
import { card, openRealLane, processorSettings } from '../processor_setup.ts';
import { readAll } from '../read_all.ts';
import { statusIdentity } from '../status_identity.ts';

const topics = topicsOf(card.id);
const clock = createSystemClock();
const partitions = 2;
/** As many of the card's as make a fair sample of frames. */
const regions = 16;
const policy = { ...firstPolicy(), rarePValue: 0.5, prescale: 8, warmupCount: 50 };

let lane: Lane;
beforeAll(async () => {
  lane = await openRealLane(clock);
});
afterAll(() => lane.close());

const timeFrames = 100;
/** The first half, with the fill at its height, says what frames take without a budget. */
const half = timeFrames / 2;
/** A fill that grows by half and decays again: one track or two a frame. */
const tracksOf = (timeFrame: number, random: () => number): number =>
  random() < 0.5 + 0.5 * Math.sin((2 * Math.PI * timeFrame) / timeFrames) ? 2 : 1;
const digits = (region: number, timeFrame: number): Digits => {
  const random = randomOf(timeFrame * regions + region);
  return digitsOf(card, tracksOf(timeFrame, random), random);
};

const send = async (bus: Bus, from: number, to: number): Promise<void> => {
  for (let timeFrame = from; timeFrame < to; timeFrame++)
    await bus.send(
      Array.from({ length: regions }, (_, region) => ({
        topic: topics.frames,
        partition: timeFrame % partitions,
        key: Buffer.from(String(timeFrame)),
        value: encodeFrame(identityOf(card, region, timeFrame), digits(region, timeFrame), card),
      })),
    );
};

/** Runs so many time frames under a policy; what its book showed last. */
const run = async (bus: Bus, budget: ByteBudget, end: number) => {
  const book = createStatusBook({ clock, identity: statusIdentity, latencyBudgetMs: 100 });
  const policies = await followPolicy(bus, topics.policy, policy, quietLog);
  const processor = await startProcessor(
    { card, topics, bus, lane, clock, log: quietLog, policies, book },
    processorSettings({ policyIntervalMs: 1, budget, policy }),
  );
  // A few time frames at a time, so that snapshots come between.
  for (let from = 0; from < end; from += 10) {
    await send(bus, from, from + 10);
    while (processor.books.kept < (from + 10) * regions)
      await new Promise<void>((resolve) => setImmediate(resolve));
    await policies.refresh();
  }
  await processor.stop();
  book.policy(policies.current);
  await policies.stop();
  return book.snapshot();
};

it('keeps within its bytes under drifting occupancy, and every packet is what its reason and snapshot say', async () => {
  const packetsOf = async (bus: Bus) =>
    (await readAll(bus, topics.tokens)).map(({ value }) => ({
      ...decodePacket(value),
      bytes: value.byteLength,
    }));
  const open = async (): Promise<Bus> => {
    const bus = createMemoryBus({ clock });
    await bus.ensureTopics(topicSpecs(card, partitions, 1 << 30));
    return bus;
  };
  const free = await open();
  await run(free, { bytesPerSecond: 0, sparePlanes: 0 }, half);
  const spentFree = (await packetsOf(free)).reduce((sum, { bytes }) => sum + bytes, 0);
  await free.close();

  const bus = await open();
  const spanSeconds =
    Number(identityOf(card, 0, timeFrames).timestampNanos - identityOf(card, 0, 0).timestampNanos) / 1e9;
  const bytesPerSecond = (0.85 * spentFree) / (spanSeconds / 2);
  const snapshot = await run(bus, { bytesPerSecond, sparePlanes: 0 }, timeFrames);
  const packets = await packetsOf(bus);
  const snapshots = await recordedPolicies(bus, topics.policy, policy, quietLog);
  const seen = new Map<number, number>();
  for (const { identity, reason, pValue, policyVersion, layers } of packets) {
    const under = snapshots.get(policyVersion)!;
    const { run: number, timeFrame } = identity;
    expect(reason).toBe(decideFidelity({ pValue, run: number, timeFrame }, under, 'none'));
    const rungs = rungsOf(reason, pValue, under);
    const planes = Math.min(4, rungs?.planes ?? 0);
    expect(layers).toHaveLength(rungs === null ? 1 : 2 + planes + Number(rungs.remainder));
    seen.set(reason, (seen.get(reason) ?? 0) + 1);
  }
  for (const reason of [FidelityReason.rare, FidelityReason.budget, FidelityReason.prescale])
    expect(seen.get(reason), `reason ${reason}`).toBeGreaterThan(10);
  // At the height of the fill, when it is known what frames take, and after it.
  for (const [from, to] of [
    [30, half],
    [half, timeFrames],
  ] as const) {
    const within = packets.filter(({ identity: { timeFrame } }) => timeFrame >= from && timeFrame < to);
    const asked = bytesPerSecond * ((to - from) / timeFrames) * spanSeconds;
    const share = within.reduce((sum, { bytes }) => sum + bytes, 0) / asked;
    expect(share).toBeLessThan(1.02);
  }
  expect(snapshot.policy.budget).toMatchObject({ bytesPerSecond });
  expect(snapshot.fidelity.budget).toBe(seen.get(FidelityReason.budget));
  const replayed = await replayRecorded({ bus, lane, card, topics, builtIn: firstPolicy(), log: quietLog });
  expect(replayed).toMatchObject({ frames: packets.length, identical: packets.length, different: 0 });
  await bus.close();
});
