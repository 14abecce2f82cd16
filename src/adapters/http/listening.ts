/**
 * Listens near a wished port, and closes for good. Refuses to listen beyond this machine unless it is asked to by name.
 */

import type { Server } from 'node:http';
import { Fault } from '../../domain/fault.ts';

export interface Listening {
  /** Where a browser finds it. */
  readonly address: string;
  readonly port: number;
  /** True when the wished port was taken; the caller says so. */
  readonly moved: boolean;
}

const portsTried = 20;

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      server.off('listening', listening);
      reject(error);
    };
    const listening = (): void => {
      server.off('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen(port, host);
  });

/**
 * The wished port, one of the next twenty, or any.
 * @param flag with which a person chooses another
 * @throws Fault `port-taken`
 */
export const listenNear = async (
  server: Server,
  host: string,
  wished: number,
  flag: string,
): Promise<Listening> => {
  const near = Array.from({ length: portsTried + 1 }, (_, i) => wished + i).filter((one) => one < 65_536);
  for (const candidate of wished === 0 ? [0] : [...near, 0]) {
    try {
      const port = await listen(server, host, candidate);
      const address = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
      return { address, port, moved: wished !== 0 && port !== wished };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && code !== 'EACCES')
        throw new Fault('port-taken', `cannot listen on ${host}: ${(error as Error).message}`, {
          cause: error,
        });
    }
  }
  throw new Fault('port-taken', `no free port near ${wished} on ${host}; choose another with ${flag}`);
};

/** Ends what is under way and frees the port. */
export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** A request that trickles in must not hold a socket for long; followers of a stream are bounded by that instead. */
export const boundRequests = (server: Server, connections: number): void => {
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.keepAliveTimeout = 5_000;
  server.maxConnections = connections;
};
