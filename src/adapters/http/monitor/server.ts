/**
 * The monitor's web face: the page, its stream of events, the questions of other tools, the handbook, health and metrics.
 * It refuses writes that are not of its own page, every path it does not know, and to serve beyond this machine by default.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { limits } from '../../../domain/limits.ts';
import type { Telemetry } from '../../../ports/telemetry.ts';
import type { MonitorView } from '../../../services/monitor/view.ts';
import { accepts, isLoopback, json, plain, reply, secure } from '../answers.ts';
import { boundRequests, closeServer, type Listening, listenNear } from '../listening.ts';
import { readPageFiles, sendFile } from '../page_files.ts';
import { type BoardStream, openBoardStream } from './board_stream.ts';
import { findRoute, readQuestion } from './dispatch.ts';
import { openHandbook } from './handbook.ts';
import { openApiOf } from './openapi.ts';
import { Refusal, refuse } from './refusal.ts';
import { type Contents, routes } from './routes.ts';

export interface MonitorServerOptions {
  /** Loopback unless a container's network needs otherwise. */
  readonly host?: string;
  /** Wished port; when it is taken the next free one of the twenty after it, or any; 0 is any. */
  readonly port: number;
  readonly view: MonitorView;
  /** Of tessera, for the API's description. */
  readonly version: string;
  /** What readiness still waits for, in words; empty when ready. */
  readonly waitingFor: () => readonly string[];
  readonly metrics: Pick<Telemetry, 'counter' | 'gauge'> & {
    readonly contentType: string;
    text(): Promise<string>;
    /** Runs before each text. */
    beforeText(read: () => void): void;
  };
  /** Folder with index.html and what it loads, as Vite built it. */
  readonly pageFolder: string;
  /** Folder of the handbook's Markdown. */
  readonly handbookFolder: string;
}

export interface MonitorServer extends Listening {
  readonly followers: number;
  readonly dropped: number;
  /** Drops who follows, ends what is under way, frees the port. Idempotent. */
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const packed = promisify(gzip);
const level = constants.Z_BEST_SPEED;

const say = async (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> => {
  // On this machine bytes cost less than compressing them.
  const near = isLoopback(request.socket.remoteAddress);
  if (text.length <= limits.monitorPlainBytesMax || near || !accepts(request, 'gzip'))
    return reply(request, response, status, contentType, text, headers);
  const body = await packed(text, { level });
  reply(request, response, status, contentType, body, {
    ...headers,
    'content-encoding': 'gzip',
    vary: 'accept-encoding',
  });
};

const countFollowers = (metrics: MonitorServerOptions['metrics'], stream: BoardStream): void => {
  const following = metrics.gauge('tessera_followers', 'Browsers that follow the event stream.');
  const dropped = metrics.counter(
    'tessera_followers_dropped_total',
    'Followers dropped because they did not read.',
  );
  let told = 0;
  metrics.beforeText(() => {
    following.set(stream.count);
    dropped.add(stream.dropped - told);
    told = stream.dropped;
  });
};

/** Paths that are no questions to the view. */
const fixedAnswers = (
  { version, waitingFor, metrics }: MonitorServerOptions,
  stream: BoardStream,
): ReadonlyMap<string, Answer> => {
  const description = `${JSON.stringify(openApiOf(version))}\n`;
  const full = `${limits.monitorFollowersMax} browsers follow already; close one`;
  return new Map<string, Answer>([
    [
      '/events',
      (request, response) => {
        if (!stream.follow(request, response))
          refuse(request, response, new Refusal(503, full, { 'retry-after': '10' }));
      },
    ],
    ['/openapi.json', (request, response) => reply(request, response, 200, json, description)],
    ['/livez', (request, response) => reply(request, response, 200, plain, 'alive\n')],
    [
      '/readyz',
      (request, response) => {
        const waiting = waitingFor();
        const ready = waiting.length === 0;
        const body = `${JSON.stringify({ ready, waitingFor: waiting })}\n`;
        reply(request, response, ready ? 200 : 503, json, body);
      },
    ],
    [
      '/metrics',
      (request, response) => {
        metrics.text().then(
          (text) => say(request, response, 200, metrics.contentType, text),
          (error: Error) => refuse(request, response, error),
        );
      },
    ],
  ]);
};

/** Histograms are read by JSROOT pages of other servers, too; a page elsewhere can do no more with them than look. */
const openHeaders = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };

/** Answers by the list of routes. @throws Refusal, and what the view throws */
const answerRoute = async (
  view: MonitorView,
  contents: Contents,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const [path = '/', search = ''] = (request.url ?? '/').split('?', 2);
  const found = findRoute(routes, request.method ?? 'GET', path);
  if (found === null) throw new Refusal(404, `${path} is not here; /openapi.json lists what is`);
  const { route } = found;
  const answer = await route.respond(view, await readQuestion(request, found, search), contents);
  if (answer === null) throw new Refusal(404, `${decodeURI(path)}: nothing of that name is known or kept`);
  const text = typeof answer === 'string' ? answer : `${JSON.stringify(answer)}\n`;
  await say(request, response, 200, route.contentType, text, route.open ? openHeaders : {});
};

export const startMonitorServer = async (options: MonitorServerOptions): Promise<MonitorServer> => {
  const { view } = options;
  const handbook = openHandbook(options.handbookFolder);
  const contents = handbook.pages.map(({ code, title }) => ({ code, title }));
  const files = new Map([...readPageFiles(options.pageFolder), ...handbook.files]);
  const stream = openBoardStream(view);
  countFollowers(options.metrics, stream);
  const fixed = fixedAnswers(options, stream);

  const server = createServer((request, response) => {
    secure(response);
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const reads = request.method === 'GET' || request.method === 'HEAD';
    const answer = fixed.get(path);
    const file = files.get(path);
    if (!reads && (answer !== undefined || file !== undefined)) {
      const only = new Refusal(405, `${path} takes GET, HEAD`, { allow: 'GET, HEAD' });
      return refuse(request, response, only);
    }
    if (answer !== undefined) return answer(request, response);
    if (file !== undefined) return sendFile(request, response, file);
    if (reads && path === '/')
      return reply(request, response, 503, plain, 'the page is not built: npm run page, then start again\n');
    answerRoute(view, contents, request, response).catch((error: unknown) =>
      refuse(request, response, error),
    );
  });
  boundRequests(server, limits.monitorConnectionsMax);
  const listening = await listenNear(server, options.host ?? '127.0.0.1', options.port, '--http-port');
  let closing: Promise<void> | undefined;
  return {
    ...listening,
    get followers() {
      return stream.count;
    },
    get dropped() {
      return stream.dropped;
    },
    close() {
      stream.close();
      closing ??= closeServer(server);
      return closing;
    },
  };
};
