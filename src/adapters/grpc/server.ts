/**
 * The gateway on gRPC, with health and reflection, on the loopback. It refuses messages larger than the
 * instrument's frames, and to keep a connection whose peer no longer answers.
 */

import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  setLogger,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { frameBytesMax, limits } from '../../domain/limits.ts';
import type { Log } from '../../ports/telemetry.ts';
import type { Gateway } from '../../services/gateway.ts';
import { fileDescriptors } from '../../wire/proto/descriptors.ts';
import {
  TesseraService,
  type TokenizeRequest,
  type TokenizeResponse,
} from '../../wire/proto/generated/tessera/v1/tessera.ts';
import { bufferOf, packetSummary } from './messages.ts';
import { statusOfError } from './status.ts';
import { type FlowBook, type SubscribeCall, serveSubscribe } from './stream.ts';

export interface GrpcServerOptions {
  /** Loopback unless a container's network needs otherwise. */
  readonly host?: string;
  /** Wished port; when it is taken the next free one of the twenty after it, or any; 0 is any. */
  readonly port: number;
  readonly card: InstrumentCard;
  readonly gateway: Gateway;
  readonly log: Log;
  /** How long `close` lets clients take their last bytes; half of the drain limit, the rest is the processor's. */
  readonly closeMs?: number;
}

export interface GrpcServer {
  /** host:port for a client's channel. */
  readonly address: string;
  readonly port: number;
  /** True when the wished port was taken; the caller says so. */
  readonly moved: boolean;
  /** Bytes written to subscribers and not yet taken by the transport: all calls now, and the peak of one. */
  readonly flow: Readonly<FlowBook>;
  /** Not serving, ends subscriptions, finishes calls under way within `closeMs`, frees the port. Idempotent. */
  close(): Promise<void>;
}

const portsTried = 20;
const serviceName = 'tessera.v1.Tessera';
/** A protobuf field's tag and length before the frame. */
const requestEnvelopeBytes = 1024;

const bind = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });

/** The wished port, one of the next twenty, or any. */
const bindNear = async (server: Server, host: string, wished: number): Promise<number> => {
  const near = wished === 0 ? [] : Array.from({ length: portsTried + 1 }, (_, i) => wished + i);
  let last: unknown;
  for (const port of [...near.filter((one) => one < 65_536), 0]) {
    try {
      return await bind(server, host, port);
    } catch (error) {
      last = error;
    }
  }
  throw new Fault('port-taken', `no free port near ${wished} on ${host}; choose another with --grpc-port`, {
    cause: last,
  });
};

export const startGrpcServer = async (options: GrpcServerOptions): Promise<GrpcServer> => {
  const { card, gateway, log } = options;
  const host = options.host ?? '127.0.0.1';
  // grpc-js would write to stderr by itself; what it calls an error it also gives back as one.
  const note = (...words: unknown[]): void => log.warn({ from: 'grpc-js' }, words.map(String).join(' '));
  setLogger({ error: note, info: () => {}, debug: () => {} });
  const server = new Server({
    'grpc.max_receive_message_length': frameBytesMax(card) + requestEnvelopeBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': limits.grpcCallsPerConnectionMax,
    'grpc.keepalive_time_ms': limits.grpcKeepaliveMs,
    'grpc.keepalive_timeout_ms': limits.grpcKeepaliveTimeoutMs,
    // Two gateways on one port would share clients by chance: the second takes another port instead.
    'grpc.so_reuseport': 0,
  });
  const flow: FlowBook = { outstandingBytes: 0, outstandingBytesPeak: 0 };
  const onBug = (error: unknown): void => log.error({ error: String(error) }, 'a gRPC call met a bug');

  server.addService(TesseraService, {
    subscribe: (call: SubscribeCall) => void serveSubscribe(call, gateway, flow, onBug),
    tokenize: (
      call: ServerUnaryCall<TokenizeRequest, TokenizeResponse>,
      answer: sendUnaryData<TokenizeResponse>,
    ) => void tokenize(call.request, gateway, answer, onBug),
  });
  const health = new HealthImplementation({ '': 'SERVING', [serviceName]: 'SERVING' });
  health.addToServer(server);
  // Reflection reads only the descriptors of a package definition; proto-loader would parse the same files again.
  type Definition = ConstructorParameters<typeof ReflectionService>[0];
  const described = { contracts: { fileDescriptorProtos: fileDescriptors() } } as unknown as Definition;
  new ReflectionService(described).addToServer(server);

  const port = await bindNear(server, host, options.port);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    health.setStatus('', 'NOT_SERVING');
    health.setStatus(serviceName, 'NOT_SERVING');
    await gateway.stop();
    await new Promise<void>((resolve) => {
      // A client that does not take its last bytes must not hold up the drain.
      const timer = setTimeout(() => server.forceShutdown(), options.closeMs ?? limits.drainMs / 2);
      server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  };
  return {
    address: `${host}:${port}`,
    port,
    moved: options.port !== 0 && port !== options.port,
    flow,
    close() {
      closing ??= close();
      return closing;
    },
  };
};

const tokenize = async (
  request: TokenizeRequest,
  gateway: Gateway,
  answer: sendUnaryData<TokenizeResponse>,
  onBug: (error: unknown) => void,
): Promise<void> => {
  try {
    const { result, packet } = await gateway.tokenize(request.frame);
    answer(null, {
      packet: bufferOf(result.packet),
      summary: packetSummary(packet, result.packet.byteLength),
      anomaly: result.anomaly === null ? Buffer.alloc(0) : bufferOf(result.anomaly),
    });
  } catch (error) {
    const refusal = statusOfError(error);
    if (refusal.metadata === undefined) onBug(error);
    answer(refusal);
  }
};
