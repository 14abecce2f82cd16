/** The gateway over the memory bus and the real lane inline: what a subscriber gets, and what it may hold up. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import type { Bus } from '../../src/ports/bus.ts';
import type { Lane } from '../../src/ports/lane.ts';
import {
  createGateway,
  type Delivery,
  type Gateway,
  type StreamPosition,
  type Subscriber,
  type Subscription,
} from '../../src/services/gateway.ts';
import { decodePacket } from '../../src/wire/packet.ts';
import * as world from './gateway_world.ts';

const everything: Subscription = {
  instrument: '',
  streams: ['packets'],
  start: { at: 'beginning' },
  untilEnd: true,
  partitions: [],
  regions: [],
  rareOnly: false,
};

/** Remembers what it is given and, when told, asks for no more after a number of deliveries. */
const openSubscriber = (holdAfter = Number.POSITIVE_INFINITY) => {
  const deliveries: Delivery[] = [];
  let positions: readonly StreamPosition[] | null = null;
  let release = (): void => {};
  let onPositioned = (): void => {};
  const positioned = new Promise<void>((resolve) => {
    onPositioned = resolve;
  });
  let onHeld = (): void => {};
  const held = new Promise<void>((resolve) => {
    onHeld = resolve;
  });
  const subscriber: Subscriber = {
    async positioned(all) {
      positions = all;
      onPositioned();
    },
    async deliver(delivery, ended) {
      deliveries.push(delivery);
      if (deliveries.length < holdAfter) return;
      onHeld();
      await new Promise<void>((resolve) => {
        release = resolve;
        ended.addEventListener('abort', () => resolve());
      });
    },
  };
  return {
    subscriber,
    deliveries,
    positioned,
    held,
    release: () => release(),
    get positions() {
      return positions;
    },
    get numbers() {
      return deliveries.map(({ content }) => content?.identity.timeFrame ?? -1);
    },
  };
};

describe('the gateway', () => {
  let bus: Bus;
  let clock: Awaited<ReturnType<typeof world.openBus>>['clock'];
  let lane: Lane;
  let gateway: Gateway;
  let telemetry: ReturnType<typeof world.openTelemetry>;
  const never = new AbortController().signal;

  beforeEach(async () => {
    ({ bus, clock } = await world.openBus());
    lane = await world.openInlineLane();
    telemetry = world.openTelemetry();
    gateway = createGateway({
      card: world.card,
      topics: world.topics,
      bus,
      lane,
      policies: { current: world.plainPolicy },
      telemetry: telemetry.telemetry,
    });
  });
  afterEach(async () => {
    await gateway.stop();
    await lane.close();
    await bus.close();
    telemetry.close();
  });

  const send = (numbers: readonly number[], partition = 0, options = {}) =>
    bus.send(numbers.map((number) => world.packetRecord(world.packet(number, options), partition)));
  const collect = async (subscription: Partial<Subscription>) => {
    const reader = openSubscriber();
    await gateway.subscribe({ ...everything, ...subscription }, reader.subscriber, never);
    return reader;
  };

  it('streams from the beginning, an offset, a time and now', async () => {
    await send([0, 1, 2]);
    await clock.advance(1000);
    const timestampMs = Number(clock.nowNanos() / 1_000_000n);
    await send([3, 4]);
    expect((await collect({})).numbers).toEqual([0, 1, 2, 3, 4]);
    expect((await collect({ start: { at: 'offsets', offsets: new Map([[0, 2n]]) } })).numbers).toEqual([
      2, 3, 4,
    ]);
    expect((await collect({ start: { at: 'time', timestampMs } })).numbers).toEqual([3, 4]);
    expect((await collect({ start: { at: 'now' } })).numbers).toEqual([]);
  });

  it('misses nothing after it said where it stands', async () => {
    await send([0, 1]);
    const stop = new AbortController();
    const reader = openSubscriber(2);
    const streaming = gateway.subscribe(
      { ...everything, start: { at: 'now' }, untilEnd: false },
      reader.subscriber,
      stop.signal,
    );
    await reader.positioned;
    expect(reader.positions).toEqual([
      { stream: 'packets', partition: 0, offset: 2n },
      { stream: 'packets', partition: 1, offset: 0n },
      { stream: 'packets', partition: 2, offset: 0n },
      { stream: 'packets', partition: 3, offset: 0n },
    ]);
    await send([2], 0);
    await send([3], 1);
    await reader.held;
    expect(new Set(reader.numbers)).toEqual(new Set([2, 3]));
    stop.abort();
    await streaming;
    expect(gateway.subscribers).toBe(0);
  });

  it('filters by partition, region and rarity, and joins anomalies on request', async () => {
    await send([0], 0, { region: 0 });
    await send([1], 1, { region: 1 });
    await send([2], 1, { region: 1, rare: true });
    await bus.send([world.anomalyRecord(world.anomaly(2, 1), 1)]);
    expect((await collect({ partitions: [1] })).numbers).toEqual([1, 2]);
    expect((await collect({ regions: [world.card.regions[0]!] })).numbers).toEqual([0]);
    expect((await collect({ rareOnly: true })).numbers).toEqual([2]);
    const both = await collect({ streams: ['packets', 'anomalies'], rareOnly: true });
    expect(both.deliveries.map(({ stream }) => stream).sort()).toEqual(['anomalies', 'packets']);
  });

  it('passes on a foreign message unread, says so once, and hides it from filters', async () => {
    await bus.send([
      { topic: world.topics.tokens, partition: 0, key: null, value: Buffer.from('not a packet') },
    ]);
    await send([1]);
    const reader = await collect({});
    expect(reader.deliveries.map(({ content }) => content === null)).toEqual([true, false]);
    expect((await collect({ regions: [world.card.regions[0]!] })).numbers).toEqual([1]);
    expect(telemetry.lines.filter((line) => line.includes('packet-schema'))).toHaveLength(2);
  });

  it.each([
    ['another instrument', { instrument: 'alice-tpc' }, /not served here/],
    ['an unknown region', { regions: ['attic'] }, /not one of the 24 regions/],
    ['an absent partition', { partitions: [9] }, /partition 9 does not exist/],
    [
      'offsets for two streams',
      { streams: ['packets', 'anomalies'], start: { at: 'offsets', offsets: new Map([[0, 1n]]) } },
      /one stream/,
    ],
    ['no offset at all', { start: { at: 'offsets', offsets: new Map() } }, /names no partition/],
  ] as const)('refuses %s', async (_, wrong, words) => {
    const asked = gateway.subscribe({ ...everything, ...wrong }, openSubscriber().subscriber, never);
    await expect(asked).rejects.toMatchObject({
      code: 'request-invalid',
      detail: expect.stringMatching(words),
    });
    expect(gateway.subscribers).toBe(0);
  });

  it('takes no more from the bus than a held subscriber lets it', async () => {
    await send(Array.from({ length: 20 }, (_, i) => i));
    const reader = openSubscriber(3);
    const stop = new AbortController();
    const streaming = gateway.subscribe(everything, reader.subscriber, stop.signal);
    await reader.held;
    expect(reader.numbers).toEqual([0, 1, 2]);
    stop.abort();
    await streaming;
    expect(reader.numbers).toEqual([0, 1, 2]);
  });

  it('serves as many subscribers as its limit, then says it is full', async () => {
    const stop = new AbortController();
    const live = { ...everything, start: { at: 'now' }, untilEnd: false } as const;
    const readers = Array.from({ length: limits.subscribersMax }, () => openSubscriber());
    const streams = readers.map((one) => gateway.subscribe(live, one.subscriber, stop.signal));
    await Promise.all(readers.map((one) => one.positioned));
    await expect(gateway.subscribe(live, openSubscriber().subscriber, never)).rejects.toMatchObject({
      code: 'gateway-full',
    });
    stop.abort();
    await Promise.all(streams);
    expect(gateway.subscribers).toBe(0);
    expect((await collect({})).numbers).toEqual([]);
  });

  it('tokenizes a frame like the stream does, and goes on after one that is refused', async () => {
    const { packet, result } = await gateway.tokenize(world.frame(3, 500));
    expect(decodePacket(result.packet)).toEqual(packet);
    expect(packet).toMatchObject({
      hitCount: 500,
      identity: world.identity(3, 3),
      modelHash: world.model.hash,
    });
    await expect(gateway.tokenize(new Uint8Array(0))).rejects.toMatchObject({ code: 'frame-empty' });
    expect((await gateway.tokenize(world.frame(3, 500))).result.packet).toEqual(result.packet);
  });

  it('bounds the frames it tokenizes at once', async () => {
    const frame = world.frame(1, 10);
    const accepted = Array.from({ length: limits.tokenizeInFlightMax }, () => gateway.tokenize(frame));
    await expect(gateway.tokenize(frame)).rejects.toMatchObject({ code: 'gateway-full' });
    await Promise.all(accepted);
    expect(gateway.tokenizing).toBe(0);
  });

  it('ends streams when it stops and refuses what comes after', async () => {
    const reader = openSubscriber();
    const streaming = gateway.subscribe({ ...everything, untilEnd: false }, reader.subscriber, never);
    const ending = expect(streaming).rejects.toMatchObject({ code: 'gateway-draining' });
    await reader.positioned;
    await gateway.stop();
    await ending;
    await expect(gateway.subscribe(everything, reader.subscriber, never)).rejects.toMatchObject({
      code: 'gateway-draining',
    });
    await expect(gateway.tokenize(world.frame(1, 1))).rejects.toMatchObject({ code: 'gateway-draining' });
  });
});
