/**
 * Many event-stream clients in one process of their own: each a connection that asks as a browser does, reads all and keeps
 * nothing, so that what is measured is the server's work and not theirs. Refuses to hide one that was dropped.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** What the process is told, and what it says of itself in return. */
type Order = { readonly follow: number } | { readonly port: number };
export interface Following {
  /** Clients that have had an answer and still stand. */
  readonly standing: number;
  readonly bytes: number;
  /** Least bytes of one client: 0 is one that hears nothing. */
  readonly bytesMin: number;
  /** Closed by the server since they were begun. */
  readonly dropped: number;
  readonly cpuSeconds: number;
}

export interface Followers {
  /** Resolves when so many follow, or fewer have gone. */
  follow(count: number): Promise<Following>;
  now(): Promise<Following>;
  stop(): void;
}

export const startFollowers = async (port: number): Promise<Followers> => {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [], { stdio: 'inherit' });
  const ask = async (order: Order): Promise<Following> => {
    const answer = once(child, 'message') as Promise<[Following]>;
    child.send(order);
    return (await answer)[0];
  };
  await ask({ port });
  return {
    follow: (count) => ask({ follow: count }),
    now: () => ask({ port }),
    stop: () => child.disconnect(),
  };
};

interface Client {
  readonly socket: Socket;
  bytes: number;
}

/** The child: obeys one order after another until its parent goes. */
const obey = (): void => {
  let port = 0;
  let dropped = 0;
  const clients = new Set<Client>();
  const open = async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1');
    const client: Client = { socket, bytes: 0 };
    clients.add(client);
    socket.on('error', () => {});
    socket.on('close', () => {
      if (clients.delete(client)) dropped++;
    });
    socket.write(
      'GET /events HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\naccept-encoding: gzip\r\n\r\n',
    );
    socket.on('data', (bytes) => {
      client.bytes += bytes.length;
    });
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  };
  const following = (): Following => {
    const bytes = [...clients].map((client) => client.bytes);
    const { user, system } = process.cpuUsage();
    return {
      standing: clients.size,
      bytes: bytes.reduce((sum, one) => sum + one, 0),
      bytesMin: bytes.length === 0 ? 0 : Math.min(...bytes),
      dropped,
      cpuSeconds: (user + system) / 1e6,
    };
  };
  process.on('message', async (order: Order) => {
    if ('port' in order) port = order.port;
    else {
      for (const client of [...clients].slice(order.follow)) {
        clients.delete(client);
        client.socket.destroy();
      }
      const missing = order.follow - clients.size;
      await Promise.all(Array.from({ length: Math.max(0, missing) }, open));
    }
    process.send!(following());
  });
  process.on('disconnect', () => process.exit(0));
};

if (process.send !== undefined && import.meta.main) obey();
