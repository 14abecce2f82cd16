import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeWedges } from '../../src/commands/wedges.ts';
import { Fault } from '../../src/domain/fault.ts';
import { collectWedges, encodeNpz } from '../../src/sim/export.ts';
import { plannedExport, readPlan, writePlanned } from '../../src/simulate.ts';
import { worldOf } from '../sim/example.ts';

const folder = mkdtempSync(join(tmpdir(), 'tessera-wedges-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('wedges written as they come', () => {
  it('are the bytes that all of them at once would be, and are never half there', () => {
    const plan = {
      world: worldOf('pp', { split: 'test' }),
      split: 'test',
      firstTimeFrame: 3,
      timeFrames: 2,
      regionsPerTimeFrame: 5,
      seed: 9,
    } as const;
    const path = join(folder, 'deep/wedges.npz');
    const arrays = collectWedges(plan);
    const written = writeWedges(plan, path);
    expect(Buffer.from(encodeNpz(arrays)).equals(readFileSync(path))).toBe(true);
    expect(written).toEqual({
      wedges: 10,
      hits: arrays.hits!.data.length,
      bytes: readFileSync(path).length,
    });
    expect(() => writeWedges(plan, path)).toThrow('is there already');
    const broken = { ...plan, world: { ...plan.world, timeFrame: () => [] } };
    expect(() => writeWedges(broken, join(folder, 'deep/broken.npz'))).toThrow();
    expect(readdirSync(join(folder, 'deep'))).toEqual(['wedges.npz']);
  });

  it('follow a plan: one file an entry, those that are there stay', () => {
    const entry = {
      name: 'few',
      instrument: 'sphenix-tpc-pp',
      split: 'train',
      timeFrames: 1,
      regions: 2,
      seed: 4,
    };
    const plan = join(folder, 'plan.json');
    writeFileSync(plan, JSON.stringify([entry, { ...entry, name: 'more', seed: 5, sha256: '' }]));
    writeFileSync(join(folder, 'few.npz'), 'mine');
    expect(writePlanned(plan, folder)).toBe(0);
    expect(readFileSync(join(folder, 'few.npz'), 'utf8')).toBe('mine');
    const more = encodeNpz(collectWedges(plannedExport({ ...entry, split: 'train', seed: 5 })));
    expect(Buffer.from(more).equals(readFileSync(join(folder, 'more.npz')))).toBe(true);
  });

  it('refuse a plan with everything that is wrong in it', () => {
    const plan = join(folder, 'wrong.json');
    writeFileSync(
      plan,
      JSON.stringify([{ name: '../up', split: 'some', timeFrames: 0, regions: 1, seed: 1 }]),
    );
    const fault = (() => {
      try {
        readPlan(plan);
      } catch (error) {
        return error as Fault;
      }
      return null;
    })();
    expect(fault).toBeInstanceOf(Fault);
    for (const word of ['name', 'instrument', 'split', 'timeFrames']) expect(fault!.message).toContain(word);
    expect(() => readPlan(join(folder, 'absent.json'))).toThrow('no JSON file');
  });

  it('are planned for models and the bench alike', () => {
    const root = join(import.meta.dirname, '../..');
    const names = (path: string) => readPlan(join(root, path)).map(({ name }) => name);
    expect(names('models/train/wedges.json')).toEqual(['auau_train', 'auau_test', 'pp_train', 'pp_test']);
    expect(names('loadtest/bench/codec/sets.json')).toEqual(['auau_test', 'pp_test', 'narrow_test']);
  });
});
