/**
 * Those who follow a stream of server-sent events: each text is made and packed once for all of them. Refuses to wait for a
 * slow reader: who leaves too much unread is dropped, and its browser comes back by itself.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, deflateRawSync } from 'node:zlib';
import { accepts } from './answers.ts';

/** One text of a stream, as it is and compressed. */
export interface Piece {
  readonly text: Buffer;
  readonly packed: Buffer;
}

/**
 * A piece of a stream for all. Its compressed form is deflate blocks that look back at nothing before them and end on a
 * byte: any sequence of them, after one gzip header, is a gzip stream. So a piece is compressed once, whoever joined when.
 */
export const pieceOf = (words: string): Piece => {
  const text = Buffer.from(words);
  // Level 1 packs JSON to a sixth in half the time that level 6 takes to make it a seventh.
  return { text, packed: deflateRawSync(text, { level: 1, finishFlush: constants.Z_FULL_FLUSH }) };
};

/** RFC 1952: deflate, no flags, no time, fastest, unknown system. */
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);

export interface Followers {
  /** Answers one GET with what it begins with; false when there are as many as there may be. */
  follow(request: IncomingMessage, response: ServerResponse, beginning: readonly Piece[]): boolean;
  send(piece: Piece): void;
  readonly count: number;
  /** Followers dropped because they did not read. */
  readonly dropped: number;
  close(): void;
}

export const createFollowers = (bounds: {
  readonly most: number;
  /** Unread bytes at which one is dropped. */
  readonly unreadBytesMax: number;
  readonly onFirst?: () => void;
  readonly onLast?: () => void;
}): Followers => {
  /** Whether each takes compressed pieces. */
  const followers = new Map<ServerResponse, boolean>();
  let dropped = 0;

  const write = (response: ServerResponse, bytes: Buffer): void => {
    if (response.writableLength + bytes.length > bounds.unreadBytesMax) {
      dropped++;
      response.destroy();
    } else response.write(bytes);
  };
  const leave = (response: ServerResponse): void => {
    if (followers.delete(response) && followers.size === 0) bounds.onLast?.();
  };

  return {
    follow(request, response, beginning) {
      if (followers.size >= bounds.most) return false;
      const packs = accepts(request, 'gzip');
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        vary: 'accept-encoding',
        ...(packs ? { 'content-encoding': 'gzip' } : {}),
      });
      response.on('close', () => leave(response));
      response.on('error', () => leave(response));
      if (request.method === 'HEAD') {
        response.end();
        return true;
      }
      // One write of the whole beginning, whatever its size: it is what a page needs to show anything.
      const pieces = beginning.map(({ text, packed }) => (packs ? packed : text));
      response.write(Buffer.concat(packs ? [gzipHeader, ...pieces] : pieces));
      followers.set(response, packs);
      if (followers.size === 1) bounds.onFirst?.();
      return true;
    },
    send({ text, packed }) {
      for (const [response, packs] of followers) write(response, packs ? packed : text);
    },
    get count() {
      return followers.size;
    },
    get dropped() {
      return dropped;
    },
    close() {
      for (const response of [...followers.keys()]) response.destroy();
    },
  };
};
