/**
 * A service's face over real sockets: what each path answers, taken ports and closing.
 */

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '../../../src/adapters/http/server.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { createMetrics } from '../../../src/adapters/telemetry/metrics.ts';
import type { StatusSnapshot } from '../../../src/domain/status.ts';
import { createStatusBook } from '../../../src/services/status.ts';
import { statusIdentity } from '../../services/status_identity.ts';

const open: HttpServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const start = async (options: { port?: number } = {}) => {
  const clock = createVirtualClock();
  const book = createStatusBook({ clock, identity: statusIdentity, latencyBudgetMs: 100 });
  const metrics = createMetrics();
  const server = await startHttpServer({
    port: options.port ?? 0,
    snapshot: () => book.snapshot(),
    metrics,
  });
  open.push(server);
  const ask = (path: string, init?: RequestInit) => fetch(new URL(path, server.address), init);
  return { book, server, ask, metrics };
};

describe('http server', () => {
  it('says what it has and where the page is, with headers that shut everything else out', async () => {
    const { ask } = await start();
    const words = await ask('/');
    expect(await words.text()).toMatch(/\/readyz[\s\S]*tessera dqm/);
    expect(words.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(words.headers.get('x-content-type-options')).toBe('nosniff');
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

  it('closes, twice', async () => {
    const { server, ask } = await start();
    await server.close();
    await server.close();
    await expect(ask('/livez')).rejects.toThrow();
  });
});
