/**
 * The monitor's event stream over real sockets: everything once on joining, news together and made once, slow readers dropped.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '../../../../src/domain/limits.ts';
import type { MonitorView } from '../../../../src/services/monitor/view.ts';
import { worldRegions } from '../../../browser/monitor_world.ts';
import { type Served, serveWorld } from './served.ts';

const open: Served[] = [];
const serve = async (view: Partial<MonitorView> = {}): Promise<Served> => {
  const served = await serveWorld({ view });
  open.push(served);
  return served;
};
afterEach(async () => {
  for (const { server } of open.splice(0)) await server.close();
});

interface StreamEvent {
  readonly name: string;
  readonly value: unknown;
}

/** Events of a stream as they come. */
async function* eventsOf(answer: Response): AsyncGenerator<StreamEvent> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of answer.body!) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const name = /^event: (.*)$/m.exec(block)?.[1];
      const value = /^data: (.*)$/m.exec(block)?.[1];
      if (name !== undefined && value !== undefined) yield { name, value: JSON.parse(value) };
    }
  }
}
const take = async (events: AsyncGenerator<StreamEvent>, count: number): Promise<StreamEvent[]> => {
  const taken: StreamEvent[] = [];
  while (taken.length < count) taken.push((await events.next()).value as StreamEvent);
  return taken;
};
const follow = async ({ server }: Served, encoding: string) =>
  eventsOf(await fetch(new URL('/events', server.address), { headers: { 'accept-encoding': encoding } }));

const joinNames = ['board', 'alarms', 'feed', 'runs', 'services', 'trends'];

describe('the event stream', () => {
  it.each(['gzip', 'identity'])('tells everything on joining and then what is new (%s)', async (encoding) => {
    const served = await serve();
    served.world.advance(1_000);
    const early = await follow(served, encoding);
    const beginning = await take(early, joinNames.length);
    expect(beginning.map(({ name }) => name)).toEqual(joinNames);
    expect(beginning[0]!.value).toEqual(JSON.parse(JSON.stringify(served.world.view.board)));
    served.world.killCard({ region: worldRegions[0]!, card: 1 });
    served.world.advance(5_000);
    const late = await follow(served, encoding);
    const joined = await take(late, joinNames.length);
    // News of all kinds, and each point of every trend, though they came within one moment.
    const news = await take(early, 10);
    expect(new Set(news.map(({ name }) => name))).toEqual(new Set(joinNames));
    expect(news.filter(({ name }) => name === 'trends')).toHaveLength(5);
    expect(news.filter(({ name }) => name === 'feed').length).toBeLessThan(5);
    const board = news.findLast(({ name }) => name === 'board')!;
    expect(board.value).toEqual(joined[0]!.value);
    // Whoever joined late hears the same from then on.
    served.world.advance(1_000);
    expect(await take(early, 2)).toEqual(await take(late, 2));
  });

  it('is made once for all, and not at all for nobody', async () => {
    let made = 0;
    const served = await serve();
    const { runs } = served.world.view;
    const toJSON = () => {
      made++;
      return runs;
    };
    const counted = { toJSON } as unknown as MonitorView['runs'];
    const view: Partial<MonitorView> = {
      get runs() {
        return counted;
      },
    };
    const watched = await serve(view);
    watched.world.advance(20_000);
    expect(made).toBe(0);
    const followers = await Promise.all(Array.from({ length: 8 }, () => follow(watched, 'gzip')));
    for (const follower of followers) await take(follower, joinNames.length);
    expect(made).toBe(1);
    expect(watched.server.followers).toBe(8);
  });

  it('drops who does not read, and goes on for the others', async () => {
    const { world } = await serve();
    const padding = 'x'.repeat(1024 * 1024);
    const served = await serve({
      watch: (listener) =>
        world.view.watch((name, value) =>
          listener(name, name === 'runs' ? ([padding] as unknown as typeof value) : value),
        ),
    });
    const slow = connect(served.server.port, '127.0.0.1');
    slow.on('error', () => {});
    slow.pause();
    slow.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
    const good = await follow(served, 'gzip');
    await take(good, joinNames.length);
    for (let i = 0; served.server.dropped === 0; i++) {
      world.advance(5_000);
      await take(good, 6);
      expect(i, 'nobody was dropped').toBeLessThan(100);
    }
    expect(served.server.dropped).toBe(1);
    expect(served.server.followers).toBe(1);
    const metrics = await (await served.ask('/metrics')).text();
    expect(metrics).toMatch(/^tessera_followers 1$/m);
    expect(metrics).toMatch(/^tessera_followers_dropped_total 1$/m);
    slow.destroy();
  }, 30_000);

  it('has room for a control room and its offices, and says when it is full', async () => {
    const served = await serve();
    const sockets: Socket[] = [];
    const join = async (): Promise<string> => {
      const socket = connect(served.server.port, '127.0.0.1');
      sockets.push(socket);
      socket.write('GET /events HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n\r\n');
      const [first] = (await once(socket, 'data')) as [Buffer];
      return first.toString('latin1').split('\r\n', 1)[0]!;
    };
    const answers = await Promise.all(Array.from({ length: limits.monitorFollowersMax }, join));
    expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 200 OK']));
    const full = await served.ask('/events');
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '10']);
    for (const socket of sockets) socket.destroy();
  });

  it('ends with the server, and leaves nobody watching', async () => {
    const served = await serve();
    const follower = await follow(served, 'gzip');
    await take(follower, 1);
    expect(served.world.listeners).toBe(1);
    await served.server.close();
    await served.server.close();
    expect(served.world.listeners).toBe(0);
    await expect(take(follower, 1_000)).rejects.toThrow();
  });
});
