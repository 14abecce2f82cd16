/**
 * The gateway: what clients outside Kafka may ask, the committed packets and anomalies as a stream, and one frame
 * tokenized on demand. It refuses to buffer for a slow client, to write anything to the bus, and to serve more
 * clients than it has memory for.
 */

import { isOfRare } from '../anomaly/fidelity.ts';
import { Fault } from '../domain/fault.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import { frameBytesMax, limits } from '../domain/limits.ts';
import type { Anomaly, Packet } from '../domain/packet.ts';
import type { PolicySnapshot } from '../domain/policy.ts';
import type { Bus, BusRecord, ReadFrom } from '../ports/bus.ts';
import type { Lane, LanePacket } from '../ports/lane.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { decodeAnomaly } from '../wire/anomaly.ts';
import { decodePacket } from '../wire/packet.ts';
import type { Topics } from './topics.ts';

export type StreamName = 'packets' | 'anomalies';

export type SubscriptionStart =
  | { readonly at: 'now' }
  | { readonly at: 'beginning' }
  | { readonly at: 'offsets'; readonly offsets: ReadonlyMap<number, bigint> }
  | { readonly at: 'time'; readonly timestampMs: number };

export interface Subscription {
  /** Empty: the instrument served here. */
  readonly instrument: string;
  /** At least one. */
  readonly streams: readonly StreamName[];
  readonly start: SubscriptionStart;
  readonly untilEnd: boolean;
  /** Empty: all. */
  readonly partitions: readonly number[];
  /** Empty: all. */
  readonly regions: readonly string[];
  readonly rareOnly: boolean;
}

export interface StreamPosition {
  readonly stream: StreamName;
  readonly partition: number;
  readonly offset: bigint;
}

/** One committed message; `content` is null when it cannot be read as what its topic should hold. */
export type Delivery =
  | { readonly stream: 'packets'; readonly record: BusRecord; readonly content: Packet | null }
  | { readonly stream: 'anomalies'; readonly record: BusRecord; readonly content: Anomaly | null };

/**
 * Whoever receives a subscription. Each promise settles when there is room for more, or at once when `ended`
 * aborts: that is the flow control.
 */
export interface Subscriber {
  /** Called once, first. Everything committed after these offsets comes; no positions with a start by time. */
  positioned(positions: readonly StreamPosition[], ended: AbortSignal): Promise<void>;
  /** In order within a partition; calls of two streams may overlap. */
  deliver(delivery: Delivery, ended: AbortSignal): Promise<void>;
}

export interface Gateway {
  /**
   * Settles when `signal` aborts or, with `untilEnd`, the end is delivered. Throws request-invalid, gateway-full,
   * gateway-draining, or what the bus throws.
   */
  subscribe(subscription: Subscription, subscriber: Subscriber, signal: AbortSignal): Promise<void>;
  /** Throws the fault a refused frame has, gateway-full, gateway-draining, or what the lane throws. */
  tokenize(frame: Uint8Array): Promise<{ readonly result: LanePacket; readonly packet: Packet }>;
  readonly subscribers: number;
  readonly tokenizing: number;
  /** Ends all subscriptions, refuses new calls, waits for frames under way. Idempotent. */
  stop(): Promise<void>;
}

export interface GatewayParts {
  readonly card: InstrumentCard;
  readonly topics: Pick<Topics, 'tokens' | 'anomalies'>;
  readonly bus: Bus;
  readonly lane: Lane;
  readonly policies: { readonly current: PolicySnapshot };
  readonly telemetry: Telemetry;
}

interface Plan {
  readonly subscription: Subscription;
  readonly regions: ReadonlySet<string>;
  readonly bufferBytesMax: number;
}

export const createGateway = (parts: GatewayParts): Gateway => {
  const { card, topics, bus, lane, policies, telemetry } = parts;
  const stopping = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  let subscribers = 0;
  let tokenizing = 0;
  const subscriberGauge = telemetry.gauge('tessera_gateway_subscribers', 'clients following a stream');
  const delivered = telemetry.counter('tessera_gateway_deliveries_total', 'messages sent to subscribers', [
    'stream',
  ]);
  const tokenized = telemetry.counter('tessera_gateway_tokenize_total', 'frames tokenized on demand', [
    'end',
  ]);

  const draining = (): Fault =>
    new Fault('gateway-draining', 'the gateway is shutting down; connect again in a few seconds', {
      retryable: true,
    });
  const topicOf = (stream: StreamName): string => (stream === 'packets' ? topics.tokens : topics.anomalies);

  const follow = async (
    stream: StreamName,
    from: ReadFrom,
    plan: Plan,
    subscriber: Subscriber,
    signal: AbortSignal,
  ): Promise<void> => {
    const { partitions, untilEnd } = plan.subscription;
    const records = bus.read({
      topic: topicOf(stream),
      ...(partitions.length === 0 ? {} : { partitions }),
      from,
      untilEnd,
      bufferBytesMax: plan.bufferBytesMax,
      signal,
    });
    for await (const record of records) {
      if (signal.aborted) return;
      const delivery = read(stream, record, telemetry);
      if (!wanted(delivery, plan, policies.current)) continue;
      await subscriber.deliver(delivery, signal);
      delivered.add(1, { stream });
    }
  };

  const startOf = async (
    stream: StreamName,
    plan: Plan,
  ): Promise<{ from: ReadFrom; positions: StreamPosition[] }> => {
    const { start, partitions } = plan.subscription;
    if (start.at === 'time') return { from: start, positions: [] };
    const known = await bus.offsets(topicOf(stream));
    const absent = [...partitions, ...(start.at === 'offsets' ? start.offsets.keys() : [])].find(
      (partition) => !known.some((one) => one.partition === partition),
    );
    if (absent !== undefined)
      throw new Fault(
        'request-invalid',
        `partition ${absent} does not exist: ${topicOf(stream)} has ${known.length}, counted from 0`,
      );
    const offsets = new Map<number, bigint>();
    for (const { partition, low, high } of known) {
      if (partitions.length > 0 && !partitions.includes(partition)) continue;
      if (start.at !== 'offsets') offsets.set(partition, start.at === 'now' ? high : low);
      else if (start.offsets.has(partition)) {
        // What retention has taken cannot be sent; what does not exist yet would be a gap that looks like a loss.
        offsets.set(partition, within(start.offsets.get(partition)!, low, high));
      }
    }
    const positions = [...offsets].map(([partition, offset]) => ({ stream, partition, offset }));
    return { from: { at: 'offsets', offsets }, positions };
  };

  const run = async (plan: Plan, subscriber: Subscriber, signal: AbortSignal): Promise<void> => {
    const { streams } = plan.subscription;
    const starts = await Promise.all(streams.map((stream) => startOf(stream, plan)));
    if (signal.aborted) return;
    await subscriber.positioned(
      starts.flatMap(({ positions }) => positions),
      signal,
    );
    // One stream that fails ends the other: a client never sees half of what it asked for.
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    await Promise.all(
      streams.map((stream, i) =>
        follow(stream, starts[i]!.from, plan, subscriber, either).catch((error: unknown) => {
          failed.abort();
          throw error;
        }),
      ),
    );
  };

  /** Counts a call as under way, so that `stop` can wait for it. */
  const track = async <T>(call: Promise<T>): Promise<T> => {
    underWay.add(call);
    try {
      return await call;
    } finally {
      underWay.delete(call);
    }
  };

  return {
    async subscribe(subscription, subscriber, signal) {
      if (stopping.signal.aborted) throw draining();
      const plan = planOf(subscription, card);
      if (subscribers >= limits.subscribersMax)
        throw new Fault(
          'gateway-full',
          `${subscribers} clients are following already; end one, or read ${topics.tokens} from Kafka`,
          { retryable: true },
        );
      subscribers += 1;
      subscriberGauge.set(subscribers);
      try {
        await track(run(plan, subscriber, AbortSignal.any([signal, stopping.signal])));
      } finally {
        subscribers -= 1;
        subscriberGauge.set(subscribers);
      }
      if (stopping.signal.aborted && !signal.aborted) throw draining();
    },
    async tokenize(frame) {
      if (stopping.signal.aborted) throw draining();
      if (frame.byteLength > frameBytesMax(card))
        throw new Fault(
          'frame-oversize',
          `the message has ${frame.byteLength} bytes, ${card.id} allows ${frameBytesMax(card)}; send one region a frame`,
        );
      if (tokenizing >= limits.tokenizeInFlightMax)
        throw new Fault(
          'gateway-full',
          `${tokenizing} frames are being tokenized already; send them in turn`,
          {
            retryable: true,
          },
        );
      tokenizing += 1;
      try {
        const job = { frames: [frame], policy: policies.current, pressure: 'none' } as const;
        const [result] = (await track(lane.process(job))).results;
        tokenized.add(1, { end: result!.end });
        if (result!.end === 'refused') throw new Fault(result!.code, result!.detail);
        return { result: result!, packet: decodePacket(result!.packet) };
      } finally {
        tokenizing -= 1;
      }
    },
    get subscribers() {
      return subscribers;
    },
    get tokenizing() {
      return tokenizing;
    },
    async stop() {
      stopping.abort();
      await Promise.allSettled(underWay);
    },
  };
};

const within = (offset: bigint, low: bigint, high: bigint): bigint => {
  if (offset < low) return low;
  return offset > high ? high : offset;
};

const planOf = (subscription: Subscription, card: InstrumentCard): Plan => {
  const { instrument, streams, start, regions } = subscription;
  const wrong = (detail: string): never => {
    throw new Fault('request-invalid', detail);
  };
  if (instrument !== '' && instrument !== card.id)
    wrong(`instrument '${instrument.slice(0, limits.nameBytesMax)}' is not served here, ${card.id} is`);
  if (start.at === 'offsets' && streams.length > 1)
    wrong('offsets belong to one stream; subscribe to packets and anomalies separately, or start by time');
  if (start.at === 'offsets' && start.offsets.size === 0)
    wrong('a start by offsets names no partition; give an offset for each partition to be read');
  if (regions.length > card.regions.length) wrong(`more regions named than ${card.id} has`);
  for (const region of regions)
    if (!card.regions.includes(region))
      wrong(
        `'${region.slice(0, limits.nameBytesMax)}' is not one of the ${card.regions.length} regions of ${card.id}`,
      );
  // Half of a subscriber's budget is fetched and waiting here, the other half is under way to it.
  const bufferBytesMax = Math.floor(limits.subscriberBufferBytesMax / 2 / streams.length);
  return { subscription, regions: new Set(regions), bufferBytesMax };
};

/** A foreign message on our topic is passed on unread rather than hidden, and said once for each. */
const read = (stream: StreamName, record: BusRecord, telemetry: Telemetry): Delivery => {
  try {
    return stream === 'packets'
      ? { stream, record, content: decodePacket(record.value) }
      : { stream, record, content: decodeAnomaly(record.value) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { topic, partition, offset } = record;
    telemetry.log.warn({ topic, partition, offset: String(offset), fault: error.code }, error.detail);
    return { stream, record, content: null };
  }
};

const wanted = (
  { stream, content }: Delivery,
  { subscription, regions }: Plan,
  policy: PolicySnapshot,
): boolean => {
  if (regions.size === 0 && !subscription.rareOnly) return true;
  if (content === null) return false;
  if (regions.size > 0 && !regions.has(content.identity.sourceName)) return false;
  if (!subscription.rareOnly) return true;
  return stream === 'packets' ? isOfRare(content, policy) : content.verdict === 'rare';
};
