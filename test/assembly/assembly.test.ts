/** The assembler's core against a simple model, under kills, and within bounds that are too small for it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemblyBounds, openAssembly } from '../../src/assembly/assembly.ts';
import { hasRegion } from '../../src/assembly/regions.ts';
import { type PartialEvent, PartialEventReason } from '../../src/domain/archive/partial_event.ts';
import { expected, type ModelEvent } from './model.slow.ts';
import { identityOf, play, scenarios } from './world.ts';

const regionsIn = (mask: Uint8Array, count: number): number[] =>
  Array.from({ length: count }, (_, region) => region).filter((region) => hasRegion(mask, region));

const inModelWords = (event: PartialEvent): ModelEvent => ({
  timeFrame: event.timeFrame,
  revision: event.revision,
  reason: event.reason,
  regions: event.packets.map(({ region }) => region),
  present: regionsIn(event.present, event.regionCount),
  missing: event.gaps
    .flatMap(({ region, fromId, count }) =>
      Array.from({ length: count }, (_, i) => `${region}:${fromId + i}`),
    )
    .sort(),
});

const roomy = fc.constantFrom(1, 2, 3, 64).map((changesMax) => ({ ...assemblyBounds, changesMax }));
const tight = fc.record({
  framesOpenMax: fc.integer({ min: 0, max: 3 }),
  packetsOpenMax: fc.integer({ min: 1, max: 6 }),
  bytesOpenMax: fc.integer({ min: 1, max: 40 }),
  framesKept: fc.integer({ min: 0, max: 4 }),
  changesMax: fc.integer({ min: 1, max: 4 }),
});

describe('an assembly', () => {
  it('does what the model does: out of order, missing, twice, late, killed at any commit', () => {
    fc.assert(
      fc.property(scenarios(roomy), fc.boolean(), (scenario, kills) => {
        const { events, refused } = play(scenario, kills);
        const model = expected(scenario, kills);
        expect(events.map(inModelWords)).toEqual(model.events);
        expect(refused).toEqual(model.refused);
        events.forEach((event, i) => {
          expect(event.messageId).toBe(i);
          for (const { region, packet } of event.packets)
            expect(packet).toBe(`${event.timeFrame}/${region}/${7 + event.timeFrame}`);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('keeps its bounds, sends each time frame and revision once and each packet once or refuses it', () => {
    fc.assert(
      fc.property(scenarios(tight), (scenario) => {
        const { settings, batches } = scenario;
        const { events, refused, openMax } = play(scenario, true);
        const revisions = new Map<number, number>();
        for (const { timeFrame, revision } of events) {
          expect(revision).toBe((revisions.get(timeFrame) ?? -1) + 1);
          revisions.set(timeFrame, revision);
        }
        const carried = events.flatMap((event) =>
          event.packets.map(({ region }) => `${event.timeFrame}/${region}`),
        );
        expect(new Set(carried).size).toBe(carried.length);
        const received = batches.reduce((sum, { packets }) => sum + packets.length, 0);
        const open = received - carried.length - refused.length;
        expect(open).toBeGreaterThanOrEqual(0);
        expect(open).toBeLessThanOrEqual(openMax.packets);
        expect(openMax.packets).toBeLessThanOrEqual(settings.bounds.packetsOpenMax);
        expect(openMax.bytes).toBeLessThanOrEqual(settings.bounds.bytesOpenMax);
      }),
      { numRuns: 150 },
    );
  });

  it('within bounds too small for it is restored to what it was, forgetting included', () => {
    const unhurried = scenarios(tight).map((one) => ({
      ...one,
      settings: { ...one.settings, backstopMs: 1_000_000 },
    }));
    fc.assert(
      fc.property(unhurried, (scenario) => {
        expect(play(scenario, true)).toEqual(play(scenario, false));
      }),
      { numRuns: 150 },
    );
  });

  it('counts packets as never come whose bytes are kept no more', () => {
    const settings = { regionCount: 2, deadlineNanos: 0n, backstopMs: 100, bounds: assemblyBounds };
    const first = openAssembly(settings, [], 0);
    const none = new Uint8Array(0);
    const packet = { region: 0, offset: 5n, packet: Uint8Array.of(1), instants: none };
    expect(first.take({ identity: identityOf(4), messageId: 1, packet }, 0)).toBe(null);
    const change = first.change();
    const next = openAssembly(settings, [change], 0);
    expect([...next.lacking]).toEqual([5n]);
    expect(next.giveUp()).toBe(1);
    expect(next.openPackets).toBe(0);
    expect(next.waitMs(0)).toBe(null);
    const again = { ...packet, offset: 9n };
    expect(next.take({ identity: identityOf(4), messageId: 2, packet: again }, 0)).toBe(null);
    expect(next.close(100)).toMatchObject([
      { revision: 0, reason: PartialEventReason.deadline, packets: [{ region: 0 }] },
    ]);
  });

  it('follows a wild event time by a step only', () => {
    const settings = { regionCount: 2, deadlineNanos: 1n, backstopMs: 1e9, bounds: assemblyBounds };
    const assembly = openAssembly(settings, [], 0);
    const one = (timeFrame: number, offset: bigint) => ({
      identity: identityOf(timeFrame),
      messageId: timeFrame,
      packet: { region: 0, offset, packet: Uint8Array.of(1), instants: new Uint8Array(0) },
    });
    assembly.take(one(0, 0n), 0);
    assembly.take(one(9_000_000_000, 1n), 0);
    const { watermarkNanos } = assembly.change().head;
    expect(watermarkNanos).toBe(identityOf(0).timestampNanos + 10_000_000_000n);
  });
});
