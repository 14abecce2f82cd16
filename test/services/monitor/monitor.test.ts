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
    for (let i = 0; i < 8; i++) {
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
  }, 120_000);

  it('tells a region that is absent, and is grey when nothing comes', async () => {
    await world.cycles(2);
    for (let i = 0; i < 4; i++) await world.cycle([4]);
    expect(cell(4, 'completeness').quality).toBe('bad');
    expect(cell(3, 'completeness').quality).toBe('good');
  });
});
