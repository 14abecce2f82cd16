/**
 * The web face of a service on the loopback: the page, its live feed, health, readiness and metrics. It refuses
 * every method but GET and HEAD, every path it does not know, and to serve beyond this machine by default.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Fault } from '../../domain/fault.ts';
import type { StatusSnapshot } from '../../domain/status.ts';
import { createEventFeed } from './events.ts';
import { readPageFiles } from './page_files.ts';

export interface HttpServerOptions {
  /** Loopback unless a container's network needs otherwise. */
  readonly host?: string;
  /** Wished port; when it is taken the next free one of the twenty after it, or any; 0 is any. */
  readonly port: number;
  readonly snapshot: () => StatusSnapshot;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  /** Folder with index.html and what it loads. */
  readonly pageFolder: string;
  readonly eventIntervalMs?: number;
}

export interface HttpServer {
  /** Where a browser finds the page. */
  readonly address: string;
  readonly port: number;
  /** True when the wished port was taken; the caller says so. */
  readonly moved: boolean;
  readonly followers: number;
  readonly dropped: number;
  /** Drops who follows, ends what is under way, frees the port. Idempotent. */
  close(): Promise<void>;
}

const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

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

/** The wished port, one of the next twenty, or any. */
const listenNear = async (server: Server, host: string, wished: number): Promise<number> => {
  const candidates = wished === 0 ? [0] : Array.from({ length: portsTried + 1 }, (_, i) => wished + i);
  for (const port of [...candidates.filter((one) => one < 65_536), 0]) {
    try {
      return await listen(server, host, port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && code !== 'EACCES')
        throw new Fault('port-taken', `cannot listen on ${host}: ${(error as Error).message}`, {
          cause: error,
        });
    }
  }
  throw new Fault('port-taken', `no free port near ${wished} on ${host}; choose another with --http-port`);
};

const reply = (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
};

const json = 'application/json; charset=utf-8';
const plain = 'text/plain; charset=utf-8';

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const host = options.host ?? '127.0.0.1';
  const files = readPageFiles(options.pageFolder);
  const feed = createEventFeed({
    intervalMs: options.eventIntervalMs ?? 500,
    text: () => JSON.stringify(options.snapshot()),
  });

  const answers: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
    '/events'(request, response) {
      if (!feed.follow(request, response)) reply(request, response, 503, plain, 'too many followers\n');
    },
    '/livez': (request, response) => reply(request, response, 200, plain, 'alive\n'),
    '/readyz'(request, response) {
      const { state, waitingFor } = options.snapshot();
      const ready = state === 'running' && waitingFor.length === 0;
      const body = `${JSON.stringify({ ready, state, waitingFor })}\n`;
      reply(request, response, ready ? 200 : 503, json, body);
    },
    '/status.json': (request, response) =>
      reply(request, response, 200, json, `${JSON.stringify(options.snapshot())}\n`),
    '/metrics'(request, response) {
      options.metrics.text().then(
        (text) => reply(request, response, 200, options.metrics.contentType, text),
        (error: Error) => reply(request, response, 500, plain, `${error.message}\n`),
      );
    },
  };

  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return reply(request, response, 405, plain, 'only GET and HEAD\n', { allow: 'GET, HEAD' });
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (answer !== undefined) return answer(request, response);
    const file = files.get(path);
    if (file === undefined) return reply(request, response, 404, plain, 'not here\n');
    const caching = { etag: file.etag, 'cache-control': 'no-cache' };
    if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304, caching);
      response.end();
    } else reply(request, response, 200, file.contentType, file.body, caching);
  });
  // A request that trickles in must not hold a socket for long; followers are bounded by the feed instead.
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.keepAliveTimeout = 5_000;
  server.maxConnections = 256;

  const port = await listenNear(server, host, options.port);
  let closing: Promise<void> | undefined;
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    port,
    moved: options.port !== 0 && port !== options.port,
    get followers() {
      return feed.followers;
    },
    get dropped() {
      return feed.dropped;
    },
    close() {
      closing ??= new Promise((resolve) => {
        feed.close();
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}
