/** A made-up monitor behind a real server, for tests of what others see of it. */

import { fileURLToPath } from 'node:url';
import { type MonitorServer, startMonitorServer } from '../../../../src/adapters/http/monitor/server.ts';
import { createMetrics } from '../../../../src/adapters/telemetry/metrics.ts';
import type { MonitorView } from '../../../../src/services/monitor/view.ts';
import { createMonitorWorld, type MonitorWorld } from '../../../browser/monitor_world.ts';

export const handbookFolder = fileURLToPath(new URL('../../../../deploy/handbook', import.meta.url));
/** Some files that stand for the page, where a test needs one. */
const pageFolder = fileURLToPath(new URL('../../../../src/web', import.meta.url));
export const worldStartMs = Date.parse('2026-05-04T12:00:00Z');

export interface Served {
  readonly world: MonitorWorld;
  readonly server: MonitorServer;
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** As the page does it. */
  write(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

export const serveWorld = async (
  options: { readonly view?: Partial<MonitorView>; readonly page?: string; readonly waiting?: string[] } = {},
): Promise<Served> => {
  const world = createMonitorWorld({ seed: 3, startMs: worldStartMs });
  const view = Object.create(world.view, Object.getOwnPropertyDescriptors(options.view ?? {})) as MonitorView;
  const server = await startMonitorServer({
    port: 0,
    view,
    version: '1.2.3',
    waitingFor: () => options.waiting ?? [],
    metrics: createMetrics(),
    pageFolder: options.page ?? pageFolder,
    handbookFolder,
  });
  const ask = (path: string, init?: RequestInit) => fetch(new URL(path, server.address), init);
  return {
    world,
    server,
    ask,
    write: (method, path, body, headers = {}) =>
      ask(path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
};

/** What a refused question hears. */
export const faultOf = async (answer: Response): Promise<string> =>
  ((await answer.json()) as { fault: { message: string } }).fault.message;
