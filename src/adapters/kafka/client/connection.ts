/**
 * How kafkajs 2.2.4 receives and idles, mended where it is made: responses land once in a buffer of their size, a
 * new socket begins clean, and no timer runs without work. Refuses any other version of kafkajs.
 */

import { createRequire } from 'node:module';
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { BufferPool } from './buffer_pool.ts';

const require = createRequire(import.meta.url);
const { version } = require('kafkajs/package.json') as { version: string };
if (version !== '2.2.4') throw new Error(`this adapter is written for kafkajs 2.2.4, not ${version}`);

interface IdleTimer {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

interface Receiver {
  readonly socket: Socket;
  readonly authHandlers: object | null;
  readonly requestQueue: {
    fulfillRequest(response: { size: number; correlationId: number; payload: Buffer }): void;
  };
  processData(chunk: Buffer): void;
}

const RequestQueue: { prototype: IdleTimer } = require('kafkajs/src/network/requestQueue/index.js');
const Connection: { prototype: Receiver } = require('kafkajs/src/network/connection.js');

// kafkajs arms this timer after every response, also when nothing is pending: with a delay of minus the epoch,
// which Node 24 warns of and runs as one millisecond, for ever, on every connection. Armed only when something
// waits, it does what it was meant to.
RequestQueue.prototype.scheduleCheckPendingRequests = function (this: IdleTimer): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttledMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledMs > 0 ? throttledMs : 10,
  );
};

/** Larger than any response asked for; a peer that announces more does not speak Kafka. */
const responseBytesMax = 128 * 1024 * 1024;

interface Receiving {
  readonly socket: Socket;
  /** The length field, which may come in pieces. */
  readonly head: Buffer;
  headBytes: number;
  frame: Buffer | null;
  frameBytes: number;
}

const receivings = new WeakMap<Receiver, Receiving>();
/** Where responses of a socket land, if whoever reads them gives the buffers back. */
const pools = new WeakMap<Socket, BufferPool>();
const processAuthentication = Connection.prototype.processData;

// kafkajs keeps each 64 kB piece and joins them when all are there, and after a reconnect goes on with what the
// last socket left. Here each piece is copied to its place when it comes, and may be overwritten afterwards.
Connection.prototype.processData = function (this: Receiver, chunk: Buffer): void {
  if (this.authHandlers !== null) {
    processAuthentication.call(this, Buffer.from(chunk));
    return;
  }
  let state = receivings.get(this);
  if (state === undefined || state.socket !== this.socket) {
    state = { socket: this.socket, head: Buffer.alloc(4), headBytes: 0, frame: null, frameBytes: 0 };
    receivings.set(this, state);
  }
  for (let at = 0; at < chunk.length; ) {
    if (state.frame === null) {
      const copied = chunk.copy(state.head, state.headBytes, at);
      at += copied;
      state.headBytes += copied;
      if (state.headBytes < 4) return;
      const size = state.head.readInt32BE(0);
      if (size < 4 || size > responseBytesMax) {
        this.socket.destroy(new Error(`a response of ${size} bytes is not Kafka`));
        return;
      }
      state.frame = pools.get(this.socket)?.take(size) ?? Buffer.allocUnsafe(size);
      state.frameBytes = 0;
    }
    const copied = chunk.copy(state.frame, state.frameBytes, at);
    at += copied;
    state.frameBytes += copied;
    if (state.frameBytes < state.frame.length) return;
    const { frame } = state;
    state.frame = null;
    state.headBytes = 0;
    this.requestQueue.fulfillRequest({
      size: frame.length,
      correlationId: frame.readInt32BE(0),
      payload: frame.subarray(4),
    });
  }
};

const keepAliveMs = 60_000;
/** What one read takes at most: fewer, larger pieces than Node's 64 kB, in one buffer a connection. */
const readBytes = 256 * 1024;

/** kafkajs's socket factory, reading plain connections into one reused buffer; responses land in `pool`'s buffers. */
export function openSocket(
  options: {
    readonly host: string;
    readonly port: number;
    readonly ssl?: boolean | ConnectionOptions;
    readonly onConnect: () => void;
  },
  pool?: BufferPool,
): Socket {
  const { host, port, ssl, onConnect } = options;
  const socket = ssl ? openTls(host, port, ssl, onConnect) : openPlain(host, port, onConnect);
  if (pool !== undefined) pools.set(socket, pool);
  return socket.setKeepAlive(true, keepAliveMs).setNoDelay(true);
}

function openTls(
  host: string,
  port: number,
  ssl: boolean | ConnectionOptions,
  onConnect: () => void,
): Socket {
  const servername = isIP(host) ? {} : { servername: host };
  return connectTls({ host, port, ...servername, ...(ssl === true ? {} : ssl) }, onConnect);
}

function openPlain(host: string, port: number, onConnect: () => void): Socket {
  const socket: Socket = connect(
    {
      host,
      port,
      onread: {
        buffer: Buffer.allocUnsafeSlow(readBytes),
        callback(bytes, buffer) {
          socket.emit('data', Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
          return true;
        },
      },
    },
    onConnect,
  );
  return socket;
}
