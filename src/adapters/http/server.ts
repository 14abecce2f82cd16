/**
 * Health, readiness, metrics and figures of a service on the loopback. It refuses every method but GET and HEAD, every path it
 * does not know, and to serve beyond this machine by default. The page is the monitor's.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { limits } from '../../domain/limits.ts';
import type { StatusSnapshot } from '../../domain/status.ts';
import { json, plain, reply, secure } from './answers.ts';
import { boundRequests, closeServer, type Listening, listenNear } from './listening.ts';

export interface HttpServerOptions {
  /** Loopback unless a container's network needs otherwise. */
  readonly host?: string;
  /** Wished port; when it is taken the next free one of the twenty after it, or any; 0 is any. */
  readonly port: number;
  readonly snapshot: () => StatusSnapshot;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

export interface HttpServer extends Listening {
  /** Ends what is under way, frees the port. Idempotent. */
  close(): Promise<void>;
}

const greeting =
  'health and figures of one service: /livez /readyz /metrics /status.json\n' +
  'the page is served by the monitor: part of tessera up, or tessera dqm on a cluster\n';

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const host = options.host ?? '127.0.0.1';
  const answers: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
    '/': (request, response) => reply(request, response, 200, plain, greeting),
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
    if (answer === undefined) return reply(request, response, 404, plain, 'not here\n');
    answer(request, response);
  });
  boundRequests(server, limits.statusConnectionsMax);
  const listening = await listenNear(server, host, options.port, '--status-port');
  let closing: Promise<void> | undefined;
  return {
    ...listening,
    close() {
      closing ??= closeServer(server);
      return closing;
    },
  };
}
