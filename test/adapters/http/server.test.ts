/**
 * The web face over real sockets: what each path answers, the feed, slow followers, taken ports and closing.
 * Refuses to test the page itself; a browser does that.
 */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '../../../src/adapters/http/server.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { createMetrics } from '../../../src/adapters/telemetry/metrics.ts';
import { limits } from '../../../src/domain/limits.ts';
import type { StatusSnapshot } from '../../../src/domain/status.ts';
import { createStatusBook } from '../../../src/services/status.ts';
import { statusIdentity } from '../../services/status_identity.ts';

const pageFolder = fileURLToPath(new URL('../../../src/web/page', import.meta.url));
const open: HttpServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const start = async (options: { port?: number; padding?: number; intervalMs?: number } = {}) => {
  const clock = createVirtualClock();
  const book = createStatusBook({ clock, identity: statusIdentity, latencyBudgetMs: 100 });
  const metrics = createMetrics();
  const padding = 'x'.repeat(options.padding ?? 0);
  const server = await startHttpServer({
    port: options.port ?? 0,
    snapshot: () => (padding === '' ? book.snapshot() : ({ ...book.snapshot(), padding } as StatusSnapshot)),
    metrics,
    pageFolder,
    eventIntervalMs: options.intervalMs ?? 20,
  });
  open.push(server);
  const ask = (path: string, init?: RequestInit) => fetch(new URL(path, server.address), init);
  return { book, server, ask, metrics };
};

/** Reads events from a feed until `count` snapshots came. */
const readEvents = async (response: Response, count: number): Promise<StatusSnapshot[]> => {
  const snapshots: StatusSnapshot[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body!) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks)
      for (const line of block.split('\n'))
        if (line.startsWith('data: ')) snapshots.push(JSON.parse(line.slice(6)) as StatusSnapshot);
    if (snapshots.length >= count) break;
  }
  return snapshots;
};

describe('http server', () => {
  it('serves the page and its files with headers that shut everything else out', async () => {
    const { ask } = await start();
    const page = await ask('/');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const again = await ask('/', { headers: { 'if-none-match': page.headers.get('etag')! } });
    expect(again.status).toBe(304);
  });

  it('knows no other path, however written', async () => {
    const { server, ask } = await start();
    for (const path of ['/nothing', '/constructor', '/__proto__', '/%2e%2e/server.ts'])
      expect((await ask(path)).status).toBe(404);
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /../../package.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 404/);
    socket.destroy();
  });

  it('takes GET and HEAD only', async () => {
    const { ask } = await start();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const answer = await ask('/', { method });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    }
    const head = await ask('/status.json', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
  });

  it('is alive at once, and ready when the service says so', async () => {
    const { book, ask } = await start();
    expect((await ask('/livez')).status).toBe(200);
    book.state('starting', ['the broker']);
    const waiting = await ask('/readyz');
    expect(waiting.status).toBe(503);
    expect(await waiting.json()).toEqual({ ready: false, state: 'starting', waitingFor: ['the broker'] });
    book.state('running');
    const ready = await ask('/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ ready: true, state: 'running', waitingFor: [] });
    book.state('draining');
    expect((await ask('/readyz')).status).toBe(503);
  });

  it('exposes metrics and the snapshot', async () => {
    const { book, ask, metrics } = await start();
    metrics.gauge('tessera_queue_bytes', 'Queue.').set(3);
    const exposition = await ask('/metrics');
    expect(exposition.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await exposition.text()).toContain('tessera_queue_bytes 3');
    book.received(4, 400);
    const status = (await (await ask('/status.json')).json()) as StatusSnapshot;
    expect(status.books[0]!.received).toBe(4);
  });

  it('feeds followers one snapshot after another and forgets who leaves', async () => {
    const { book, server, ask } = await start();
    const following = await ask('/events');
    expect(following.headers.get('content-type')).toMatch(/^text\/event-stream/);
    book.received(4, 400);
    const snapshots = await readEvents(following, 3);
    const sequences = snapshots.map((one) => one.sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(new Set(sequences).size).toBe(sequences.length);
    expect(snapshots.at(-1)!.books[0]!.received).toBe(4);
    // The break above cancelled the body; the next follower proves the server has seen it go.
    const next = await ask('/events');
    await readEvents(next, 2);
    expect(server.dropped).toBe(0);
  });

  it('drops a follower that does not read, and goes on feeding the others', async () => {
    const { server, ask } = await start({ padding: 256 * 1024, intervalMs: 5 });
    const slow = connect(server.port, '127.0.0.1');
    slow.on('error', () => {});
    slow.pause();
    slow.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
    const good = await ask('/events');
    let dropped = 0;
    for await (const _ of good.body!) {
      dropped = server.dropped;
      if (dropped > 0) break;
    }
    expect(dropped).toBe(1);
    slow.destroy();
  });

  it('takes only so many followers', async () => {
    const { server } = await start({ intervalMs: 60_000 });
    const sockets: Socket[] = [];
    const follow = async (): Promise<string> => {
      const socket = connect(server.port, '127.0.0.1');
      sockets.push(socket);
      socket.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
      const [first] = (await once(socket, 'data')) as [Buffer];
      return first.toString().split('\r\n', 1)[0]!;
    };
    for (let i = 0; i < limits.statusClientsMax; i++) expect(await follow()).toBe('HTTP/1.1 200 OK');
    expect(await follow()).toBe('HTTP/1.1 503 Service Unavailable');
    for (const socket of sockets) socket.destroy();
  });

  it('takes another port when the wished one is taken, and says so', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const { server } = await start({ port });
    expect(server.moved).toBe(true);
    expect(server.port).not.toBe(port);
    expect((await fetch(new URL('/livez', server.address))).status).toBe(200);
    holder.close();
  });

  it('closes with followers attached, twice', async () => {
    const { server, ask } = await start();
    const following = await ask('/events');
    await server.close();
    await server.close();
    await expect(readEvents(following, 1_000_000)).rejects.toThrow();
    await expect(ask('/livez')).rejects.toThrow();
  });
});
