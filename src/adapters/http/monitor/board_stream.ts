/**
 * What happens at a monitor as server-sent events, for all who follow: what comes within a moment goes out together, each
 * event made once. Refuses to make anything while nobody follows.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '../../../domain/limits.ts';
import type { BoardEvents } from '../../../dqm/board.ts';
import type { MonitorView } from '../../../services/monitor/view.ts';
import { createFollowers, type Followers, type Piece, pieceOf } from '../followers.ts';

type Name = keyof BoardEvents;
/** In this order they are sent to one who joins: the first screen first. */
const names = ['board', 'alarms', 'feed', 'runs', 'services', 'trends'] as const satisfies readonly Name[];

export interface BoardStream extends Pick<Followers, 'count' | 'dropped' | 'close'> {
  /** Answers one GET; false when there are as many followers as there may be. */
  follow(request: IncomingMessage, response: ServerResponse): boolean;
}

const retry = pieceOf('retry: 1000\n\n');
const stillHere = pieceOf(': still here\n\n');

const joined = (pieces: readonly Piece[]): Piece => ({
  text: Buffer.concat(pieces.map(({ text }) => text)),
  packed: Buffer.concat(pieces.map(({ packed }) => packed)),
});

export const openBoardStream = (view: MonitorView): BoardStream => {
  /** The newest of each, made when somebody needed it. */
  const newest = new Map<Name, Piece>();
  /** What has changed since the last sending; of trends every point. */
  const changed = new Map<Name, readonly unknown[]>();
  let trends: BoardEvents['trends'] = { atMs: view.board.atMs, values: {} };
  let gathering: NodeJS.Timeout | undefined;

  const pieceFor = (name: Name, value: unknown): Piece =>
    pieceOf(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
  const newestOf = (name: Name): Piece => {
    const known = newest.get(name) ?? pieceFor(name, name === 'trends' ? trends : view[name]);
    newest.set(name, known);
    return known;
  };
  const sendChanged = (): void => {
    clearTimeout(gathering);
    gathering = undefined;
    if (changed.size === 0) return;
    const pieces: Piece[] = [];
    for (const [name, values] of changed)
      for (const value of values) {
        const piece = pieceFor(name, value);
        newest.set(name, piece);
        pieces.push(piece);
      }
    changed.clear();
    followers.send(joined(pieces));
  };
  const unwatch = view.watch((name, value) => {
    if (name === 'trends') trends = value as BoardEvents['trends'];
    newest.delete(name);
    if (followers.count === 0) return;
    const before =
      name === 'trends' ? (changed.get(name) ?? []).slice(1 - limits.monitorTrendPointsHeld) : [];
    changed.set(name, [...before, value]);
    gathering ??= setTimeout(sendChanged, limits.monitorGatherMs);
  });

  let beat: NodeJS.Timeout | undefined;
  const followers = createFollowers({
    most: limits.monitorFollowersMax,
    unreadBytesMax: limits.monitorUnreadBytesMax,
    onFirst() {
      beat = setInterval(() => followers.send(stillHere), limits.monitorBeatMs);
    },
    onLast() {
      clearInterval(beat);
      clearTimeout(gathering);
      gathering = undefined;
      changed.clear();
    },
  });

  return {
    follow(request, response) {
      // Whoever joins hears nothing twice.
      sendChanged();
      return followers.follow(request, response, [retry, ...names.map(newestOf)]);
    },
    get count() {
      return followers.count;
    },
    get dropped() {
      return followers.dropped;
    },
    close() {
      unwatch();
      followers.close();
      clearInterval(beat);
      clearTimeout(gathering);
    },
  };
};
