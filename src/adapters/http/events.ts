/**
 * The feed of snapshots as server-sent events: one JSON text a tick, made once for all who follow. It refuses
 * to wait for a slow reader: who leaves too much unread is dropped, and its browser comes back by itself.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '../../domain/limits.ts';

export interface EventFeed {
  /** Answers one GET; false when there are as many followers as there may be. */
  follow(request: IncomingMessage, response: ServerResponse): boolean;
  readonly followers: number;
  /** Followers dropped because they did not read. */
  readonly dropped: number;
  close(): void;
}

export function createEventFeed(options: {
  readonly intervalMs: number;
  /** A snapshot as one line of JSON. */
  readonly text: () => string;
}): EventFeed {
  const followers = new Set<ServerResponse>();
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let ticks = 0;

  const send = (response: ServerResponse, text: string): void => {
    if (response.writableLength + text.length > limits.statusClientBytesMax) {
      dropped++;
      response.destroy();
      return;
    }
    response.write(text);
  };
  const tick = (): void => {
    // A comment now and then keeps proxies and dead-peer detection honest even if snapshots were all alike.
    const beat = ++ticks % 30 === 0 ? ': still here\n\n' : '';
    const text = `${beat}data: ${options.text()}\n\n`;
    for (const response of followers) send(response, text);
  };
  const leave = (response: ServerResponse): void => {
    followers.delete(response);
    if (followers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  return {
    follow(request, response) {
      if (followers.size >= limits.statusClientsMax) return false;
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      response.on('close', () => leave(response));
      response.on('error', () => leave(response));
      if (request.method === 'HEAD') {
        response.end();
        return true;
      }
      followers.add(response);
      send(response, `retry: 1000\n\ndata: ${options.text()}\n\n`);
      timer ??= setInterval(tick, options.intervalMs);
      return true;
    },
    get followers() {
      return followers.size;
    },
    get dropped() {
      return dropped;
    },
    close() {
      for (const response of [...followers]) response.destroy();
      clearInterval(timer);
      timer = undefined;
    },
  };
}
