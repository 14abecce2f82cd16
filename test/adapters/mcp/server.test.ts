/**
 * What an assistant is told, asked by the official client: once through the real command over stdio, else in this process.
 * Nothing it can call changes anything.
 */

import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMonitorClient } from '../../../src/adapters/mcp/monitor_client.ts';
import { monitorMcp } from '../../../src/adapters/mcp/server.ts';
import { type Served, serveWorld } from '../http/monitor/served.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let served: Served;
beforeAll(async () => {
  served = await serveWorld();
  served.world.killCard({ region: 'tpc_outer_n02', card: 4 });
  served.world.advance(10_000);
});
afterAll(() => served.server.close());

interface Told {
  readonly isError: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of all tools
  readonly json: any;
}
const call = async (client: Client, name: string, given: Record<string, unknown> = {}): Promise<Told> => {
  const answer = await client.callTool({ name, arguments: given });
  const [{ text }] = answer.content as [{ text: string }];
  const isError = answer.isError === true;
  return { isError, text, json: /^[[{]/.test(text) ? JSON.parse(text) : null };
};

const connected = async (address: string): Promise<Client> => {
  const client = new Client({ name: 'test', version: '1' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await monitorMcp(openMonitorClient(address), '1.2.3').connect(far);
  await client.connect(near);
  return client;
};

describe('tessera mcp', () => {
  it('is spoken to over stdio by the official client', async () => {
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', 'src/main.ts', 'mcp', '--url', served.server.address],
      cwd: root,
      stderr: 'pipe',
    });
    await client.connect(transport);
    expect(client.getServerVersion()?.name).toBe('tessera');
    const { json } = await call(client, 'get_overview');
    expect(json.overall.quality).toBe('bad');
    expect(json.cells.find((cell: { check: string }) => cell.check === 'channels')).toMatchObject({
      region: 'tpc_outer_n02',
      quality: 'bad',
      where: ['front-end card 4'],
      stale: false,
    });
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain('tessera://handbook/lag');
    const page = await client.readResource({ uri: 'tessera://handbook/detector-quality' });
    expect((page.contents[0] as { text: string }).text).toMatch(/^# detector-quality/);
    await client.close();
  });
});

describe('its tools', () => {
  let client: Client;
  beforeAll(async () => {
    client = await connected(served.server.address);
  });
  afterAll(() => client.close());

  it('only read', async () => {
    const { tools } = await client.listTools();
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint === true)).toBe(true);
    expect(tools.every(({ description }) => (description ?? '').length > 20)).toBe(true);
    expect(client.getInstructions()).toContain('get_overview');
    const before = JSON.stringify([
      served.world.view.board,
      served.world.view.alarms,
      await served.world.view.labels(),
    ]);
    for (const { name } of tools) await call(client, name);
    const after = JSON.stringify([
      served.world.view.board,
      served.world.view.alarms,
      await served.world.view.labels(),
    ]);
    expect(after).toBe(before);
  });

  it('tell what matters of the detector in few words', async () => {
    served.world.blind('tpc_outer_s01', 'trend');
    served.world.advance(5_000);
    const { json, text } = await call(client, 'get_overview');
    expect(json.cells.map(({ quality }: { quality: string }) => quality).sort()).toEqual([
      'bad',
      'bad',
      'medium',
    ]);
    expect(json.nullCells).toEqual([{ reason: 'nothing to compare with', cells: 1 }]);
    expect(json.staleCells).toBe(0);
    expect(json.goodCells).toBe(24 * 8 - 4);
    expect(text.length).toBeLessThan(4_000);
    const { json: one } = await call(client, 'get_overview', { region: 'tpc_outer_s01', all: true });
    expect(one.cells).toHaveLength(8);
  });

  it('tell of unusual frames from the list to the channels', async () => {
    const { json: list } = await call(client, 'list_anomalies', { limit: 5, p_value_max: 0.005 });
    expect(list.items).toHaveLength(5);
    expect(list.causes[0]).toHaveProperty('count');
    const { json: next } = await call(client, 'list_anomalies', { before_ms: list.items[4].atMs, limit: 1 });
    expect(next.items[0].atMs).toBeLessThan(list.items[4].atMs);
    const explained = list.items.find((item: { where: string }) => item.where !== '');
    const { json: one } = await call(client, 'get_anomaly', { id: explained.id });
    expect(one.words).toMatch(/about one normal frame in/);
    expect(one.findings[0].channels[0]).toHaveProperty('where');
  });

  it('tell of trends, objects, alarms, runs and what is to be done', async () => {
    const { json: names } = await call(client, 'list_trends', { contains: 'n02' });
    expect(names.map((one: { name: string }) => one.name)).toContain('region/tpc_outer_n02/hits');
    const wanted = ['region/tpc_outer_n02/hits', 'service/ratio'];
    const { json: trends } = await call(client, 'get_trends', { names: wanted, minutes: 5 });
    expect(trends).toHaveLength(2);
    expect(trends[0].course.length).toBeLessThanOrEqual(48);
    expect(trends[0].least).toBeLessThanOrEqual(trends[0].last);
    const { json: object } = await call(client, 'get_object', {
      region: 'tpc_outer_n02',
      object: 'occupancy',
    });
    // Front-end card 4: layers 4 to 7, lanes 64 to 127.
    expect(object.worstPulls[0]).toMatchObject({
      value: 0,
      where: expect.stringMatching(/^layer [4-7], azimuth/),
    });
    expect((await call(client, 'get_object')).json[0]).toHaveProperty('objects');
    const { json: alarms } = await call(client, 'get_alarms');
    const { cause } = alarms.alarms[0];
    expect((await call(client, 'read_handbook', { code: cause })).text).toContain('## What to do');
    expect((await call(client, 'read_handbook')).json.length).toBeGreaterThan(10);
    for (const name of ['list_runs', 'get_references', 'get_services'])
      expect((await call(client, name)).isError).toBe(false);
  });

  it('say what is wrong in words', async () => {
    expect(await call(client, 'get_anomaly', { id: '1-2-x' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('nothing of that name'),
    });
    expect((await call(client, 'get_trends', { names: ['x'] })).text).toContain('no trend x');
    expect((await call(client, 'get_trends', { names: [] })).isError).toBe(true);
    const alone = await connected('http://127.0.0.1:1');
    expect((await call(alone, 'get_overview')).text).toMatch(/no monitor answers.*--url/);
    await alone.close();
    expect(() => openMonitorClient('localhost')).toThrow('as http://127.0.0.1:8080');
  });
});
