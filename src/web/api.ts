/**
 * What the page asks of the monitor's HTTP server: typed answers, and faults with the server's own words. Refuses to ask
 * again by itself; who asked decides.
 */

import type {
  AnomalyShown,
  FeedItem,
  FrameShown,
  ObjectShown,
  ReferencesShown,
  ShiftAct,
  Span,
  TrendShown,
} from '../dqm/board.ts';

type Query = Readonly<Record<string, string | number | null | undefined>>;

const addressOf = (path: string, query: Query = {}): string => {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, String(value));
  return url.href;
};

/** The server's sentence on what is wrong, or one of our own where it said none. */
const faultOf = async (response: Response): Promise<Error> => {
  const text = await response.text();
  try {
    const { fault } = JSON.parse(text) as { fault?: { message?: string } };
    if (fault?.message !== undefined) return new Error(fault.message);
  } catch {
    // Not JSON: a proxy between, say.
  }
  return new Error(`the monitor answered ${response.status} ${response.statusText}`.trim());
};

const ask = async (path: string, query?: Query, init: RequestInit = {}): Promise<Response> => {
  let response: Response;
  try {
    response = await fetch(addressOf(path, query), init);
  } catch {
    throw new Error('the monitor does not answer');
  }
  if (!response.ok && response.status !== 404) throw await faultOf(response);
  return response;
};

/** null where there is no such thing. */
const get = async <Answer>(path: string, query?: Query): Promise<Answer | null> => {
  const response = await ask(path, query, { headers: { accept: 'application/json' } });
  return response.status === 404 ? null : ((await response.json()) as Answer);
};

const write = async (method: 'POST' | 'PUT' | 'DELETE', path: string, body?: string): Promise<void> => {
  const response = await ask(path, undefined, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  if (!response.ok) throw await faultOf(response);
};

const part = encodeURIComponent;

export const api = {
  object: (region: string, name: string, span: Span, version?: string) =>
    get<ObjectShown>(`api/v1/objects/${part(region)}/${part(name)}`, { span, version }),
  objectTree: async () =>
    (await get<readonly { region: string; objects: readonly string[] }[]>('api/v1/objects')) ?? [],
  trendNames: async () => (await get<readonly { name: string; unit: string }[]>('api/v1/trend-names')) ?? [],
  trends: async (names: readonly string[], from: number, until: number) =>
    (await get<readonly TrendShown[]>('api/v1/trends', { names: names.join(','), from, until })) ?? [],
  anomalies: async (query: Query) => (await get<readonly FeedItem[]>('api/v1/anomalies', query)) ?? [],
  anomaly: (id: string) => get<AnomalyShown>(`api/v1/anomalies/${part(id)}`),
  frame: (id: string) => get<FrameShown>(`api/v1/frames/${part(id)}`),
  references: () => get<ReferencesShown>('api/v1/references'),
  layouts: async () => (await get<Readonly<Record<string, string>>>('api/v1/layouts')) ?? {},
  saveLayout: (name: string, text: string) => write('PUT', `api/v1/layouts/${part(name)}`, text),
  deleteLayout: (name: string) => write('DELETE', `api/v1/layouts/${part(name)}`),
  act: (act: ShiftAct) => write('POST', 'api/v1/acts', JSON.stringify(act)),
  /** For ROOT and for other JSROOT pages. */
  rootJson: (region: string, name: string, span: Span) =>
    addressOf(`${part(region)}/${part(name)}/root.json`, { span }),
};
