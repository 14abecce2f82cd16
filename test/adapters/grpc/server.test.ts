/** The gateway through real gRPC clients over the loopback: flow control, cancellation, faults, health, reflection. */

import { join } from 'node:path';
import {
  type ClientReadableStream,
  credentials,
  type Metadata,
  makeClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as healthService } from 'grpc-health-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type GrpcServer, startGrpcServer } from '../../../src/adapters/grpc/server.ts';
import { faultCodeTrailer, faultDetailTrailer } from '../../../src/adapters/grpc/status.ts';
import { frameBytesMax, limits } from '../../../src/domain/limits.ts';
import type { Bus } from '../../../src/ports/bus.ts';
import type { Lane } from '../../../src/ports/lane.ts';
import { createGateway, type Gateway } from '../../../src/services/gateway.ts';
import { decodePacket } from '../../../src/wire/packet.ts';
import {
  type Delivery,
  Reason,
  StreamKind,
  type SubscribeRequest,
  type SubscribeResponse,
  TesseraClient,
  type TokenizeResponse,
} from '../../../src/wire/proto/generated/tessera/v1/tessera.ts';
import * as world from '../../services/gateway_world.ts';

const fromBeginning: SubscribeRequest = {
  instrument: '',
  streams: [],
  start: { $case: 'beginning', value: {} },
  untilEnd: true,
  partitions: [],
  regions: [],
  rareOnly: false,
  summaryOnly: false,
};
const live: SubscribeRequest = { ...fromBeginning, start: { $case: 'now', value: {} }, untilEnd: false };

const deliveryOf = (response: SubscribeResponse): Delivery => {
  if (response.event?.$case !== 'delivery') throw new Error('not a delivery');
  return response.event.value;
};
const readAll = async (stream: AsyncIterable<SubscribeResponse>): Promise<Delivery[]> => {
  const deliveries: Delivery[] = [];
  for await (const response of stream)
    if (response.event?.$case === 'delivery') deliveries.push(response.event.value);
  return deliveries;
};
/** The first message of a stream, taken without asking for more. */
const first = (stream: ClientReadableStream<SubscribeResponse>): Promise<SubscribeResponse> =>
  new Promise((resolve, reject) => {
    stream.once('error', reject);
    stream.once('data', (response: SubscribeResponse) => {
      stream.pause();
      resolve(response);
    });
    stream.resume();
  });
const endOf = (stream: ClientReadableStream<SubscribeResponse>): Promise<ServiceError> =>
  new Promise((resolve) => {
    stream.on('error', resolve);
    stream.resume();
  });
const trailersOf = (metadata: Metadata): [string, string] => [
  String(metadata.get(faultCodeTrailer)[0]),
  decodeURIComponent(String(metadata.get(faultDetailTrailer)[0])),
];

describe('the gRPC gateway', () => {
  let bus: Bus;
  let lane: Lane;
  let gateway: Gateway;
  let server: GrpcServer;
  let client: TesseraClient;
  let telemetry: ReturnType<typeof world.openTelemetry>;
  /** Records each reader took from the bus, by the order in which they began. */
  let taken: number[];

  beforeEach(async () => {
    const opened = await world.openBus();
    taken = [];
    bus = {
      ...opened.bus,
      async *read(options) {
        const reader = taken.push(0) - 1;
        for await (const record of opened.bus.read(options)) {
          taken[reader]! += 1;
          yield record;
        }
      },
    };
    lane = await world.openInlineLane();
    telemetry = world.openTelemetry();
    const parts = {
      card: world.card,
      topics: world.topics,
      bus,
      lane,
      policies: { current: world.plainPolicy },
    };
    gateway = createGateway({ ...parts, telemetry: telemetry.telemetry });
    const { log } = telemetry.telemetry;
    server = await startGrpcServer({ port: 0, card: world.card, gateway, log, closeMs: 300 });
    client = new TesseraClient(server.address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
  });
  afterEach(async () => {
    client.close();
    await server.close();
    await lane.close();
    await bus.close();
    telemetry.close();
    expect(telemetry.lines.filter((line) => line.includes('bug'))).toEqual([]);
  });

  const tokenize = (frame: Uint8Array): Promise<TokenizeResponse> =>
    new Promise((resolve, reject) => {
      client.tokenize({ frame: Buffer.from(frame) }, (error, response) =>
        error === null ? resolve(response) : reject(error),
      );
    });
  const refusal = (frame: Uint8Array): Promise<ServiceError> =>
    tokenize(frame).then(
      () => Promise.reject(new Error('the frame was taken')),
      (error: ServiceError) => error,
    );

  it('streams packets with their place, bytes and summary', async () => {
    const made = world.packet(5, { region: 2, rare: true });
    await bus.send([world.packetRecord(made, 1)]);
    const [delivery, ...rest] = await readAll(client.subscribe(fromBeginning));
    expect(rest).toEqual([]);
    expect(delivery).toMatchObject({ stream: StreamKind.STREAM_KIND_PACKETS, partition: 1, offset: 0n });
    expect(decodePacket(new Uint8Array(delivery!.message))).toEqual(made);
    expect(delivery!.summary).toMatchObject({
      sourceName: made.identity.sourceName,
      timeFrame: 5n,
      timestampNs: made.identity.timestampNanos,
      hitCount: made.hitCount,
      rawBytes: made.rawByteCount,
      messageBytes: delivery!.message.length,
      scores: [{ name: 'surprise', value: 5 / 8 }],
      reason: Reason.REASON_RARE,
    });
    const [summary] = await readAll(client.subscribe({ ...fromBeginning, summaryOnly: true }));
    expect([summary!.message.length, summary!.summary]).toEqual([0, delivery!.summary]);
  });

  it('says where it stands, then streams what comes, anomalies too', async () => {
    const streams = [StreamKind.STREAM_KIND_PACKETS, StreamKind.STREAM_KIND_ANOMALIES];
    const stream = client.subscribe({ ...live, streams });
    const { event } = await first(stream);
    expect(event?.$case === 'positioned' && event.value.positions).toHaveLength(2 * world.partitions);
    await bus.send([world.anomalyRecord(world.anomaly(9), 3)]);
    const delivery = deliveryOf(await first(stream));
    expect(delivery).toMatchObject({ stream: StreamKind.STREAM_KIND_ANOMALIES, partition: 3 });
    expect(delivery.summary).toMatchObject({ timeFrame: 9n, scores: [{ name: 'surprise', value: 4.5 }] });
    stream.on('error', () => {});
    stream.cancel();
  });

  it('holds no more than a subscriber’s budget for one that does not read, and loses nothing', async () => {
    const count = 96;
    const bytes = 500_000;
    for (let i = 0; i < count; i++) await bus.send([world.packetRecord(world.packet(i, { bytes }))]);
    // Its window is small: what a client's own transport reads ahead is the client's memory, not the server's.
    const narrow = new TesseraClient(server.address, credentials.createInsecure(), {
      'grpc-node.flow_control_window': 65_535,
    });
    const slow = narrow.subscribe(fromBeginning);
    await first(slow);
    // A second client takes all 48 MB through the same server: by then the first was offered all it could take.
    const other = new TesseraClient(server.address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    expect(await readAll(other.subscribe(fromBeginning))).toHaveLength(count);
    other.close();
    const budget = limits.subscriberBufferBytesMax / 2;
    expect(server.flow.outstandingBytesPeak).toBeGreaterThan(budget - 2 * bytes);
    expect(server.flow.outstandingBytesPeak).toBeLessThanOrEqual(budget);
    expect(server.flow.outstandingBytes).toBeLessThanOrEqual(budget);
    // Four fill the budget and one waits for room; the client reads 16 ahead, and part of one fills its window.
    expect(taken[0]).toBeLessThanOrEqual(4 + 1 + 16 + 1);
    expect(taken[1]).toBe(count);
    const deliveries = await readAll(slow);
    expect(deliveries.map(({ summary }) => Number(summary!.timeFrame))).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
    expect(server.flow.outstandingBytes).toBe(0);
    narrow.close();
  });

  it('frees everything when a client that does not read cancels or goes away', async () => {
    for (let i = 0; i < 20; i++) await bus.send([world.packetRecord(world.packet(i, { bytes: 500_000 }))]);
    for (const leave of ['cancel', 'close'] as const) {
      const other = new TesseraClient(server.address, credentials.createInsecure(), {
        'grpc.use_local_subchannel_pool': 1,
      });
      const stream = other.subscribe(fromBeginning);
      await first(stream);
      expect(gateway.subscribers).toBe(1);
      stream.on('error', () => {});
      if (leave === 'cancel') stream.cancel();
      other.close();
      stream.cancel();
      await vi.waitFor(() => expect([gateway.subscribers, server.flow.outstandingBytes]).toEqual([0, 0]));
    }
  });

  it('honours a deadline', async () => {
    const stream = client.subscribe(live, { deadline: Date.now() + 250 });
    await first(stream);
    expect((await endOf(stream)).code).toBe(status.DEADLINE_EXCEEDED);
    await vi.waitFor(() => expect(gateway.subscribers).toBe(0));
  });

  it('says which request is wrong, and why', async () => {
    const error = await endOf(client.subscribe({ ...live, regions: ['attic'] }));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(trailersOf(error.metadata)).toEqual([
      'request-invalid',
      expect.stringContaining("'attic' is not one of"),
    ]);
    const unknown = await endOf(client.subscribe({ ...live, streams: [7 as StreamKind] }));
    expect(trailersOf(unknown.metadata)[1]).toContain('stream 7 is not known');
    const before = await endOf(client.subscribe({ ...live, start: { $case: 'timeMs', value: -1n } }));
    expect(trailersOf(before.metadata)[1]).toContain('time_ms -1');
  });

  it('turns one frame into one packet', async () => {
    const response = await tokenize(world.frame(3, 2000));
    const packet = decodePacket(response.packet);
    expect(packet).toMatchObject({ hitCount: 2000, identity: world.identity(3, 3) });
    expect(response.summary).toMatchObject({
      hitCount: 2000,
      messageBytes: response.packet.length,
      pValue: packet.pValue,
    });
    expect(response.anomaly).toHaveLength(0);
  });

  it('refuses hostile frames with their code, each followed by a good one', async () => {
    const good = world.frame(1, 300);
    const flipped = good.slice();
    flipped[flipped.length - 1]! ^= 1;
    const foreign = good.slice();
    foreign.set(Buffer.from('ev44'), 4);
    const wild = good.slice();
    new DataView(wild.buffer).setUint32(0, 0x7fffffff, true);
    const hostile: [string, Uint8Array, string][] = [
      ['empty', new Uint8Array(0), 'frame-empty'],
      ['another schema', foreign, 'frame-schema'],
      ['a wild root offset', wild, 'frame-malformed'],
      ['a flipped bit', flipped, 'frame-crc'],
      ['cut short', good.subarray(0, 100), 'frame-malformed'],
      ['too large by one', new Uint8Array(frameBytesMax(world.card) + 1), 'frame-oversize'],
    ];
    const expected = (await tokenize(good)).packet;
    for (const [what, bytes, code] of hostile) {
      const error = await refusal(bytes);
      expect([what, error.code, trailersOf(error.metadata)[0]]).toEqual([
        what,
        status.INVALID_ARGUMENT,
        code,
      ]);
      expect((await tokenize(good)).packet).toEqual(expected);
    }
    expect((await refusal(new Uint8Array(frameBytesMax(world.card) + 5000))).code).toBe(
      status.RESOURCE_EXHAUSTED,
    );
    expect((await tokenize(good)).packet).toEqual(expected);
  });

  it('answers health checks, and drains with a word to its clients', async () => {
    const Health = makeClientConstructor(healthService, 'Health');
    const health = new Health(server.address, credentials.createInsecure());
    const check = (service: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        health.check!({ service }, (error: ServiceError | null, answer: { status: string }) =>
          error === null ? resolve(answer.status) : reject(error),
        );
      });
    expect(await check('')).toBe('SERVING');
    expect(await check('tessera.v1.Tessera')).toBe('SERVING');
    await expect(check('nobody')).rejects.toMatchObject({ code: status.NOT_FOUND });

    const idle = client.subscribe(live);
    await first(idle);
    for (let i = 0; i < 20; i++) await bus.send([world.packetRecord(world.packet(i, { bytes: 500_000 }))]);
    const stalled = client.subscribe(fromBeginning);
    await first(stalled);
    stalled.on('error', () => {});
    const ended = endOf(idle);
    await server.close();
    const error = await ended;
    expect([error.code, trailersOf(error.metadata)[0]]).toEqual([status.UNAVAILABLE, 'gateway-draining']);
    expect(gateway.subscribers).toBe(0);
    health.close();
  });

  it('describes itself by reflection', async () => {
    const proto = join(
      'node_modules',
      '@grpc',
      'reflection',
      'build',
      'proto',
      'grpc',
      'reflection',
      'v1',
      'reflection.proto',
    );
    const definition = loadSync(proto)['grpc.reflection.v1.ServerReflection'];
    const Reflection = makeClientConstructor(definition as typeof healthService, 'ServerReflection');
    const reflection = new Reflection(server.address, credentials.createInsecure());
    const call = reflection.serverReflectionInfo!();
    const ask = (question: object): Promise<{ [answer: string]: { [list: string]: never[] } }> =>
      new Promise((resolve) => {
        call.once('data', resolve);
        call.write(question);
      });
    const { listServicesResponse } = await ask({ listServices: '' });
    const names = (listServicesResponse!.service as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['tessera.v1.Tessera', 'grpc.health.v1.Health']));
    const { fileDescriptorResponse } = await ask({ fileContainingSymbol: 'tessera.v1.Tessera.Subscribe' });
    const [file] = fileDescriptorResponse!.fileDescriptorProto as Uint8Array[];
    expect(Buffer.from(file!).includes('tessera/v1/tessera.proto')).toBe(true);
    call.end();
    reflection.close();
  });

  it('takes another port when its own is busy, and says so', async () => {
    const { log } = telemetry.telemetry;
    const second = await startGrpcServer({ port: server.port, card: world.card, gateway, log });
    expect([second.moved, second.port]).not.toContain(server.port);
    expect(second.moved).toBe(true);
    await second.close();
  });
});
