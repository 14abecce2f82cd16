/**
 * The monitor's web face over real sockets: every path answers as its schema says, wrong questions hear what is wrong, and
 * nobody writes from elsewhere. Refuses to test the page itself; a browser does that.
 */

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../../../src/adapters/http/monitor/routes.ts';
import { Fault } from '../../../../src/domain/fault.ts';
import { limits } from '../../../../src/domain/limits.ts';
import type { FeedItem } from '../../../../src/dqm/board.ts';
import { worldRegions } from '../../../browser/monitor_world.ts';
import { faultOf, type Served, serveWorld } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await serveWorld();
  served.world.killCard({ region: worldRegions[2]!, card: 4 });
  served.world.advance(10_000);
});
afterAll(() => served.server.close());

const anyId = async (): Promise<string> =>
  ((await (await served.ask('/api/v1/anomalies?limit=1')).json()) as FeedItem[])[0]!.id;

/** A question each path understands. */
const questionOf = async (path: string): Promise<string> =>
  path
    .replace('{region}', worldRegions[2]!)
    .replace('{object}', 'bits')
    .replace('{id}', await anyId())
    .concat(path === '/api/v1/trends' ? '?names=service/ratio,region/tpc_outer_n02/hits' : '');

describe('questions', () => {
  it('are answered on every path as its schema says', async () => {
    for (const route of routes.filter(({ method }) => method === 'GET')) {
      const answer = await served.ask(await questionOf(route.path));
      expect([route.path, answer.status]).toEqual([route.path, 200]);
      expect(answer.headers.get('content-type')).toBe(route.contentType);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const body = route.contentType.includes('json') ? await answer.json() : await answer.text();
      const parsed = route.answer.safeParse(body);
      expect([route.path, parsed.error?.issues ?? []]).toEqual([route.path, []]);
    }
  });

  it('that are wrong hear what, where and the mend', async () => {
    const wrong: readonly (readonly [string, number, RegExp])[] = [
      ['/api/v1/anomalies?limt=3', 400, /query.*limt/],
      ['/api/v1/anomalies?limit=0', 400, /query: limit/],
      ['/api/v1/anomalies?limit=1&limit=2', 400, /limit is given twice/],
      ['/api/v1/anomalies?p=2', 400, /query: p/],
      ['/api/v1/trends', 400, /query: names/],
      ['/api/v1/trends?names=,', 400, /1 to 64 names.*trend-names/],
      ['/api/v1/trends?names=service/none', 400, /no trend service\/none/],
      ['/api/v1/trends?names=service/ratio&from=5&until=4', 400, /exchange them/],
      ['/api/v1/objects/all/bits?span=week', 400, /span.*cycle/],
      ['/api/v1/objects/all/%ff', 400, /percent/],
      ['/api/v1/objects/all/nothing', 404, /nothing of that name/],
      ['/api/v1/anomalies/1-2-three', 404, /nothing of that name/],
      ['/all/bits/root.json?bin=10', 400, /10 bins of bit/],
      ['/all/adc/root.json?bin=1', 400, /1 axes/],
      ['/all/nothing/root.json', 404, /nothing of that name/],
      ['/api/v1/nothing', 404, /openapi\.json/],
      ['/handbook/nothing', 404, /not here/],
    ];
    for (const [path, status, words] of wrong) {
      const answer = await served.ask(path);
      expect([path, answer.status]).toEqual([path, status]);
      expect(await faultOf(answer)).toMatch(words);
    }
  });

  it('hear of the world and of our bugs as what they are', async () => {
    const broken = await serveWorld({
      view: {
        labels: () => Promise.reject(new Fault('store-failed', 'the disk is gone')),
        layouts: () => Promise.reject(new Error('a bug')),
      },
    });
    expect((await broken.ask('/api/v1/labels')).status).toBe(503);
    expect((await broken.ask('/api/v1/layouts')).status).toBe(500);
    expect((await broken.ask('/livez')).status).toBe(200);
    await broken.server.close();
  });

  it('may come from pages of others only for histograms', async () => {
    const open = routes.filter((route) => route.open).map(({ path }) => path);
    expect(open).toEqual(['/h.json', '/{region}/{object}/root.json', '/{region}/{object}/root.json.gz']);
    expect((await served.ask('/h.json')).headers.get('access-control-allow-origin')).toBe('*');
    const board = await served.ask('/api/v1/board');
    expect(board.headers.get('access-control-allow-origin')).toBeNull();
    expect(board.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(board.headers.get('content-security-policy')).toContain("script-src 'self';");
  });

  it('take only their method', async () => {
    for (const [method, path, allow] of [
      ['POST', '/api/v1/board', 'GET, HEAD'],
      ['GET', '/api/v1/acts', 'POST'],
      ['POST', '/api/v1/layouts/mine', 'PUT, DELETE'],
      ['DELETE', '/events', 'GET, HEAD'],
      ['OPTIONS', '/', 'GET, HEAD'],
    ] as const) {
      const answer = await served.ask(path, { method });
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, allow]);
    }
    const head = await served.ask('/api/v1/board', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});

describe('acts', () => {
  const comment = { act: 'comment', cause: 'detector-quality', who: 'ana', why: 'card 4 is off' };

  it('are done and kept', async () => {
    expect(await (await served.write('POST', '/api/v1/acts', comment)).json()).toEqual({});
    const { alarms } = served.world.view.alarms;
    expect(alarms[0]!.comments[0]).toMatchObject({ who: 'ana', text: 'card 4 is off' });
    const id = await anyId();
    const label = { act: 'label', id, label: 'noise', comment: 'a "hot", chip', who: 'ana' };
    expect((await served.write('POST', '/api/v1/acts', label)).status).toBe(200);
    const csv = await (await served.ask('/api/v1/labels.csv')).text();
    const [head, line] = csv.split('\r\n');
    expect(head!.split(',').slice(0, 3)).toEqual(['id', 'run', 'time_frame']);
    expect(line!.startsWith(`${id},`)).toBe(true);
    expect(line).toContain(',noise,"a ""hot"", chip",ana,');
  });

  it('that are wrong hear what is', async () => {
    const tries: readonly (readonly [unknown, number, RegExp])[] = [
      [{ ...comment, why: '' }, 400, /body: why/],
      [{ ...comment, who: 'x'.repeat(65) }, 400, /body: who/],
      [{ ...comment, more: 1 }, 400, /more/],
      [{ ...comment, cause: 'lag' }, 400, /no alarm lag is open/],
      [{ act: 'shelve', cause: 'lag', who: 'a', why: '', minutes: 1e6 }, 400, /minutes/],
      [{ act: 'choose', activity: 'a', runs: [], who: 'a', why: '' }, 400, /runs/],
      [{ act: 'jump' }, 400, /act/],
      ['{', 400, /no JSON/],
      [' '.repeat(limits.commandBytesMax + 1), 413, /at most 4096 bytes/],
    ];
    for (const [body, status, words] of tries) {
      const answer = await served.write('POST', '/api/v1/acts', body);
      expect([body, answer.status]).toEqual([body, status]);
      expect(await faultOf(answer)).toMatch(words);
    }
    const typeless = await served.ask('/api/v1/acts', { method: 'POST', body: '{}' });
    expect(typeless.status).toBe(415);
  });

  it('of another page or by another name are refused, before their body is read', async () => {
    const foreign: Record<string, string>[] = [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign)
      expect((await served.write('POST', '/api/v1/acts', comment, headers)).status).toBe(403);
    const own = { origin: new URL(served.server.address).origin, 'sec-fetch-site': 'same-origin' };
    expect((await served.write('POST', '/api/v1/acts', comment, own)).status).toBe(200);
    // A name of the attacker's that was made to point at this machine: page and server then agree on it.
    const rebound = request({
      port: served.server.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/api/v1/acts',
      headers: { host: 'evil.example', origin: 'http://evil.example', 'content-type': 'application/json' },
    });
    rebound.end(JSON.stringify(comment));
    const [answer] = (await once(rebound, 'response')) as [{ statusCode: number; resume(): void }];
    answer.resume();
    expect(answer.statusCode).toBe(403);
  });

  it('keep layouts by name, within bounds', async () => {
    const layout = { tabs: [{ name: 'first', plots: [1, 2] }] };
    const path = `/api/v1/layouts/${encodeURIComponent('My first one')}`;
    expect((await served.write('PUT', path, layout)).status).toBe(200);
    const kept = (await (await served.ask('/api/v1/layouts')).json()) as Record<string, string>;
    expect(JSON.parse(kept['My first one']!)).toEqual(layout);
    expect((await served.write('DELETE', path)).status).toBe(200);
    expect(await (await served.ask('/api/v1/layouts')).json()).toEqual({});
    expect((await served.write('PUT', '/api/v1/layouts/__proto__', layout)).status).toBe(400);
    expect((await served.write('PUT', '/api/v1/layouts/a%2Fb', layout)).status).toBe(400);
    expect((await served.write('PUT', path, [1])).status).toBe(400);
    const large = { text: 'x'.repeat(limits.monitorLayoutBytesMax) };
    expect((await served.write('PUT', path, large)).status).toBe(413);
    const full = Object.fromEntries(
      Array.from({ length: limits.monitorLayoutsMax }, (_, i) => [`l${i}`, '{}']),
    );
    const crowded = await serveWorld({ view: { layouts: async () => full } });
    expect(await faultOf(await crowded.write('PUT', path, layout))).toMatch(/delete one/);
    expect((await crowded.write('PUT', '/api/v1/layouts/l1', layout)).status).toBe(200);
    await crowded.server.close();
  });
});

describe('files', () => {
  it('are compressed once, cached by what they hold, and found in folders', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    const script = `export const x = ${JSON.stringify('a line of script; '.repeat(200))};`;
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>t</title>');
    writeFileSync(join(folder, 'main-Ab3_dE5-.js'), script);
    writeFileSync(join(folder, 'secret.txt'), 'not for the page');
    const { ask, server } = await serveWorld({ page: folder });
    rmSync(folder, { recursive: true });
    const raw = (encoding: string) =>
      new Promise<{ headers: Record<string, unknown>; body: Buffer }>((resolve) => {
        request(
          { port: server.port, path: '/main-Ab3_dE5-.js', headers: { 'accept-encoding': encoding } },
          async (answer) => {
            const chunks: Buffer[] = [];
            for await (const chunk of answer) chunks.push(chunk as Buffer);
            resolve({ headers: answer.headers, body: Buffer.concat(chunks) });
          },
        ).end();
      });
    const brotli = await raw('gzip, deflate, br');
    expect(brotli.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(brotli.body).toString()).toBe(script);
    expect(gunzipSync((await raw('gzip, br;q=0')).body).toString()).toBe(script);
    expect((await raw('identity')).body.toString()).toBe(script);
    expect(brotli.headers['cache-control']).toContain('immutable');
    const page = await ask('/');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const etag = page.headers.get('etag')!;
    expect((await ask('/', { headers: { 'if-none-match': `"x", ${etag}` } })).status).toBe(304);
    expect((await ask('/secret.txt')).status).toBe(404);
    await server.close();
  });

  it('that are not built are said to be', async () => {
    const { ask, server } = await serveWorld({ page: '/nowhere' });
    const page = await ask('/');
    expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('npm run page')]);
    expect((await ask('/api/v1/board')).status).toBe(200);
    await server.close();
  });
});

describe('health', () => {
  it('is alive, and ready when nothing is waited for', async () => {
    expect((await served.ask('/livez')).status).toBe(200);
    expect(await (await served.ask('/readyz')).json()).toEqual({ ready: true, waitingFor: [] });
    const waiting = await serveWorld({ waiting: ['the broker'] });
    const answer = await waiting.ask('/readyz');
    expect([answer.status, await answer.json()]).toEqual([503, { ready: false, waitingFor: ['the broker'] }]);
    await waiting.server.close();
    expect((await served.ask('/metrics')).headers.get('content-type')).toMatch(
      /^text\/plain; version=0\.0\.4/,
    );
  });
});
