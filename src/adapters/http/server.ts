/**
 * The web face of a service on the loopback: the page, its live feed, health, readiness and metrics. It refuses
 * every method but GET and HEAD, every path it does not know, and to serve beyond this machine by default.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { StatusSnapshot } from '../../domain/status.ts';
import { json, plain, reply, secure } from './answers.ts';
import { createEventFeed } from './events.ts';
import { boundRequests, closeServer, type Listening, listenNear } from './listening.ts';
import { readPageFiles, sendFile } from './page_files.ts';

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

export interface HttpServer extends Listening {
  readonly followers: number;
  readonly dropped: number;
  /** Drops who follows, ends what is under way, frees the port. Idempotent. */
  close(): Promise<void>;
}

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
    secure(response);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return reply(request, response, 405, plain, 'only GET and HEAD\n', { allow: 'GET, HEAD' });
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (answer !== undefined) return answer(request, response);
    const file = files.get(path);
    if (file === undefined) return reply(request, response, 404, plain, 'not here\n');
    sendFile(request, response, file);
  });
  boundRequests(server, 256);
  const listening = await listenNear(server, host, options.port, '--http-port');
  let closing: Promise<void> | undefined;
  return {
    ...listening,
    get followers() {
      return feed.count;
    },
    get dropped() {
      return feed.dropped;
    },
    close() {
      feed.close();
      closing ??= closeServer(server);
      return closing;
    },
  };
}
