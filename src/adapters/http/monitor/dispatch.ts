/**
 * Finds the route of a question and reads it by that route's schemas. Refuses writes that a browser sends for another
 * page, and every question with all that is wrong with it.
 */

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { z } from 'zod';
import { faultsOf } from '../../../wire/json.ts';
import { isLoopback } from '../answers.ts';
import { Refusal } from './refusal.ts';
import type { Route } from './routes.ts';

interface Found {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(400, `${part} is no UTF-8 in percent signs`);
  }
};

const matched = (template: string, parts: readonly string[]): Record<string, string> | null => {
  const wanted = template.split('/');
  if (wanted.length !== parts.length) return null;
  const parameters: Record<string, string> = {};
  for (const [i, want] of wanted.entries())
    if (want.startsWith('{')) parameters[want.slice(1, -1)] = decoded(parts[i]!);
    else if (want !== parts[i]) return null;
  return parameters;
};

/** @returns null where no route has this path @throws Refusal 405 where one has it by another method */
export const findRoute = (routes: readonly Route[], method: string, path: string): Found | null => {
  const parts = path.split('/');
  const found = routes.flatMap((route): Found[] => {
    const parameters = matched(route.path, parts);
    return parameters === null ? [] : [{ route, parameters }];
  });
  if (found.length === 0) return null;
  const one = found.find(({ route }) => route.method === (method === 'HEAD' ? 'GET' : method));
  if (one !== undefined) return one;
  const allow = found.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
  throw new Refusal(405, `${path} takes ${allow.join(', ')}`, { allow: allow.join(', ') });
};

const hostNameOf = (host: string): string =>
  new URL(`http://${host}`).hostname.replaceAll(/^\[|\]$/g, '').toLowerCase();

/**
 * Writes come from this server's own page, or from no page at all. A browser says where a page is from (`Origin`,
 * `Sec-Fetch-Site`), and cannot be made to leave it out. On the loopback the name must be the machine's own, too: a name
 * that anybody may own can be made to point here.
 */
const refuseForeign = ({ headers, socket }: IncomingMessage): void => {
  const site = headers['sec-fetch-site'];
  const { host = '', origin } = headers;
  const foreign = (why: string) => new Refusal(403, `${why}; write from the monitor's own page`);
  if (site !== undefined && site !== 'same-origin') throw foreign(`the page is of another site (${site})`);
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host))
    throw foreign(`the page is of ${origin}, this is ${host}`);
  if (!URL.canParse(`http://${host}`)) throw foreign('the host is not named');
  const name = hostNameOf(host);
  if (
    isLoopback(socket.localAddress) &&
    isIP(name) === 0 &&
    name !== 'localhost' &&
    !name.endsWith('.localhost')
  )
    throw foreign(`this machine is not ${name}`);
};

const readBody = async (request: IncomingMessage, bytesMax: number): Promise<string> => {
  const large = () => new Refusal(413, `a body here is at most ${bytesMax} bytes`, { connection: 'close' });
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw large();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw large();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const readJson = async (request: IncomingMessage, route: Route): Promise<unknown> => {
  const type = String(request.headers['content-type'] ?? '')
    .split(';', 1)[0]!
    .trim();
  if (type !== 'application/json')
    throw new Refusal(415, `the body is ${type || 'of no type'}; send application/json`);
  const text = await readBody(request, route.bodyBytesMax);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, `the body is no JSON: ${(error as Error).message}`);
  }
};

const checked = <T>(schema: z.ZodType<T>, value: unknown, what: string): T => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Refusal(400, `${what}: ${faultsOf(parsed.error)}`);
};

/** The question as the route's schemas read it. @throws Refusal */
export const readQuestion = async (
  request: IncomingMessage,
  { route, parameters }: Found,
  search: string,
) => {
  if (route.method !== 'GET') refuseForeign(request);
  const query: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(search)) {
    if (Object.hasOwn(query, key)) throw new Refusal(400, `${key} is given twice; give it once`);
    query[key] = value;
  }
  return {
    parameters: checked(route.reads.parameters, parameters, 'path'),
    query: checked(route.reads.query, query, 'query'),
    body: route.body === null ? undefined : checked(route.body, await readJson(request, route), 'body'),
  };
};
