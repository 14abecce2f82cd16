/**
 * The feed of snapshots as server-sent events: one JSON text a tick, made once for all who follow, while anybody does.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '../../domain/limits.ts';
import { createFollowers, type Followers, pieceOf } from './followers.ts';

export interface EventFeed extends Pick<Followers, 'count' | 'dropped' | 'close'> {
  /** Answers one GET; false when there are as many followers as there may be. */
  follow(request: IncomingMessage, response: ServerResponse): boolean;
}

export function createEventFeed(options: {
  readonly intervalMs: number;
  /** A snapshot as one line of JSON. */
  readonly text: () => string;
}): EventFeed {
  let timer: NodeJS.Timeout | undefined;
  let ticks = 0;
  const tick = (): void => {
    // A comment now and then keeps proxies and dead-peer detection honest even if snapshots were all alike.
    const beat = ++ticks % 30 === 0 ? ': still here\n\n' : '';
    followers.send(pieceOf(`${beat}data: ${options.text()}\n\n`));
  };
  const followers = createFollowers({
    most: limits.statusClientsMax,
    unreadBytesMax: limits.statusClientBytesMax,
    onFirst() {
      timer = setInterval(tick, options.intervalMs);
    },
    onLast: () => clearInterval(timer),
  });
  return {
    follow: (request, response) =>
      followers.follow(request, response, [pieceOf(`retry: 1000\n\ndata: ${options.text()}\n\n`)]),
    get count() {
      return followers.count;
    },
    get dropped() {
      return followers.dropped;
    },
    close() {
      followers.close();
      clearInterval(timer);
    },
  };
}
