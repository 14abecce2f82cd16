/** The monitor in its world: good stays good, what breaks is named within two cycles, a restart and a new run go on. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CellShown } from '../../../src/dqm/board.ts';
import { card, type MonitoredWorld, openMonitoredWorld } from './monitor_setup.ts';

describe('a monitor', () => {
  let world: MonitoredWorld;
  const cells = (): readonly CellShown[] => world.monitor.view.board.cells;
  const cell = (region: number, check: string): CellShown =>
    cells().find((one) => one.region === card.regions[region] && one.check === check)!;
  const notGood = (): string[] =>
    cells()
      .filter(({ quality }) => quality === 'bad' || quality === 'medium')
      .map(({ region, check, reason }) => `${region} ${check}: ${reason}`);

  beforeEach(async () => {
    world = await openMonitoredWorld();
  });
  afterEach(() => world.end());

  it('finds a dead front-end card within two cycles, names it, and goes on doing so after a restart', async () => {
    // Of six regions a hundred values of each reading take some twenty cycles.
    for (let i = 0; i < 40 && cell(2, 'channels').quality === 'null'; i++) await world.cycle();
    expect(cell(2, 'channels').quality).toBe('good');
    for (let i = 0; i < 12; i++) {
      await world.cycle();
      expect(notGood()).toEqual([]);
    }
    const { board } = world.monitor.view;
    expect(board.overall).toEqual({
      quality: 'good',
      reason: expect.stringContaining('checks of 6 regions'),
    });
    expect(board.references).toMatchObject({ provisional: true, activity: `physics ${card.id}` });
    expect(world.monitor.condition.severity).toBe('ok');

    world.kill(2, 5);
    await world.cycles(2);
    expect(cell(2, 'channels')).toMatchObject({ quality: 'bad', object: 'occupancy' });
    expect(cell(2, 'channels').where[0]).toBe('front-end card 5 (layers 4–7, azimuth 128–191)');
    expect(cell(2, 'channels').bins).toHaveLength(256);
    expect(notGood().filter((one) => !one.startsWith(card.regions[2]!))).toEqual([]);
    expect(world.monitor.condition).toMatchObject({ cause: 'detector-quality', severity: 'major' });
    expect(world.monitor.condition.message).toContain('front-end card 5');

    await world.monitor.view.act({
      act: 'comment',
      cause: 'detector-quality',
      who: 'ana',
      why: 'power cycled',
    });
    await world.restart();
    await world.cycles(3);
    expect(cell(2, 'channels')).toMatchObject({ quality: 'bad' });
    expect(cell(1, 'channels')).toMatchObject({ quality: 'good' });
    expect(world.monitor.view.board.activity!.run).toBe(42);
    expect(world.monitor.view.objectTree[0]!.region).toBe('all');
    const object = (await world.monitor.view.object(card.regions[2]!, 'occupancy', 'cycle'))!;
    expect(object.values.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(10_000);
    // Hits of tracks come together: bins of good cycles scatter by more than counts, and pulls are told in that.
    expect(object.spread).toBeGreaterThan(2);
    expect(Math.max(...cell(2, 'channels').bins.map((bin) => object.pulls![bin]!))).toBeLessThan(0);
    expect(await world.monitor.view.object('nowhere', 'occupancy', 'cycle')).toBeNull();
  }, 240_000);

  it('compares a run with the good ones before it, which stay known', async () => {
    for (let i = 0; i < 60 && world.monitor.view.runs[0]?.good !== true; i++) await world.cycle();
    expect(world.monitor.view.runs).toMatchObject([{ run: 42, good: true, stoppedMs: null }]);
    world.newRun();
    await world.cycles(2);
    const { runs, references } = world.monitor.view;
    expect(runs).toMatchObject([{ run: 43 }, { run: 42, good: true }]);
    expect(references).toMatchObject({
      provisional: false,
      good: [42],
      runs: [42],
      words: 'Compared with run 42, the last good one.',
    });
    const { activity } = references;
    await world.monitor.view.act({
      act: 'pin',
      activity: activity!,
      runs: [42],
      who: 'ana',
      why: 'a calm night',
    });
    await world.restart();
    await world.cycles(2);
    expect(world.monitor.view.references).toMatchObject({ choice: 'pinned', runs: [42], provisional: false });
    expect(world.monitor.view.references.history[0]).toMatchObject({ who: 'ana', why: 'a calm night' });
  }, 240_000);

  it('learns beside each choice of references anew, and goes on where it was when that is chosen again', async () => {
    for (const run of [42, 43]) {
      for (let i = 0; i < 60 && !world.monitor.view.runs.some((one) => one.run === run && one.good); i++)
        await world.cycle();
      world.newRun();
      await world.cycle();
    }
    const activity = world.monitor.view.references.activity!;
    const pin = (runs: readonly number[]) =>
      world.monitor.view.act({ act: 'pin', activity, runs: [...runs], who: 'ana', why: 'a test' });
    const known = (): number => Number(/: (\d+) of/.exec(cell(1, 'χ²').reason)?.[1]);
    await pin([42]);
    await world.cycles(3);
    const beside42 = known();
    expect(beside42).toBeGreaterThan(0);
    await pin([42, 43]);
    await world.cycles(2);
    expect(known()).toBeLessThan(beside42);
    await pin([42]);
    await world.cycles(2);
    expect(known()).toBeGreaterThan(beside42);
  }, 240_000);

  it('opens a rare frame by its packet’s tokens, decoded beside the raw frame', async () => {
    const own = await openMonitoredWorld(true);
    try {
      await own.cycles(3);
      await own.rare(3, 1e-6);
      await own.cycle();
      const [item] = await own.monitor.view.anomalies({ limit: 1 });
      const frame = (await own.monitor.view.frame(item!.id))!;
      expect(frame.packet!.layers).toEqual(['tokens']);
      expect(frame.missing).toEqual([]);
      expect(frame.decoded!.map(({ up, across }) => `${up.name} ${across.name}`)).toEqual(
        frame.raw!.map(({ up, across }) => `${up.name} ${across.name}`),
      );
      const hits = (all: readonly { readonly values: readonly number[] }[]): number =>
        all[0]!.values.filter((value) => value > 0).length;
      expect(hits(frame.decoded!)).toBeGreaterThan(0);
      expect(hits(frame.decoded!)).toBeLessThan(hits(frame.raw!));
      const symbols = (await own.monitor.view.object(card.regions[3]!, 'symbols', 'run'))!;
      expect(symbols.values.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0);
    } finally {
      await own.end();
    }
  }, 60_000);

  it('tells a region that is absent, and is grey when nothing comes', async () => {
    await world.cycles(2);
    for (let i = 0; i < 8; i++) await world.cycle([4]);
    expect(cell(4, 'completeness').quality).toBe('bad');
    expect(cell(3, 'completeness').quality).toBe('good');
    // The five others are looked into as before.
    const { frames } = world.monitor.view.board.cycle;
    expect([frames > 0, frames % 5]).toEqual([true, 0]);
    await world.silence(6);
    const { board } = world.monitor.view;
    expect(board.overall.quality).toBe('null');
    expect(world.monitor.condition.severity).toBe('ok');
  });

  it('coalesces a flood of rare frames, opens one in words, and keeps labels, layouts and rows over a restart', async () => {
    const told: number[] = [];
    world.monitor.view.watch((name) => void (name === 'feed' && told.push(world.nowMs())));
    await world.cycle();
    for (let i = 0; i < 4; i++) {
      await world.rare(3, 1e-3, 300);
      await world.cycle();
    }
    expect(told.length).toBeGreaterThan(3);
    expect(told.length).toBeLessThanOrEqual(4 * 4 + 1);
    const { feed } = world.monitor.view;
    expect([feed.total, feed.items.length, feed.causes[0]]).toEqual([
      1200,
      60,
      { cause: 'surprise', count: 1200, pValueMin: 1e-3 },
    ]);
    await world.rare(3, 1e-6);
    await world.cycle();
    const [item] = await world.monitor.view.anomalies({ limit: 5, pValueMax: 1e-5 });
    const opened = await world.monitor.view.anomaly(item!.id);
    expect(opened).toMatchObject({
      words: 'about one normal frame in 1,000,000 is as unusual (between 500,000 and 2,000,000)',
      where: 'layer 3, azimuth 8–15, time 0–248',
    });
    expect(opened!.findings[0]!.channels[0]!.where).toBe('layer 3, azimuth 17');
    const frame = (await world.monitor.view.frame(item!.id))!;
    expect(frame.raw!.map(({ up, across }) => `${up.name} ${across.name}`)).toEqual([
      'layer azimuth',
      'layer time',
      'azimuth time',
    ]);
    expect(frame.blame!.values[3 * 192 + 17]).toBe(0.5);
    expect(frame.missing).toEqual(['its packet has no tokens to decode']);
    expect(await world.monitor.view.frame('42-1-nowhere')).toBeNull();

    const { act } = world.monitor.view;
    await act({ act: 'label', id: item!.id, label: 'spark', comment: '', who: 'ben' });
    await act({ act: 'comment', cause: 'detector-quality', who: 'ana', why: 'looked at' });
    await world.monitor.view.saveLayout('night', '{"tabs":[]}');
    await expect(act({ act: 'label', id: item!.id, label: '', comment: '', who: 'ben' })).rejects.toThrow(
      'the label is missing',
    );
    await expect(act({ act: 'pin', activity: 'cosmics', runs: [7], who: 'ana', why: '' })).rejects.toThrow(
      'run 7 is not among',
    );
    await world.restart();
    const { view } = world.monitor;
    expect(await view.labels()).toMatchObject([
      { label: 'spark', who: 'ben', item: { region: card.regions[3] } },
    ]);
    expect(await view.layouts()).toEqual({ night: '{"tabs":[]}' });
    expect(await view.anomalies({ limit: 5, pValueMax: 1e-5, region: card.regions[3]! })).toHaveLength(1);
    expect(
      (await view.trends(['region/tpc_outer_n03/quality'], 0, world.nowMs() + 1))[0]!.atMs.length,
    ).toBeGreaterThan(4);
  });
});
