/** Figures, shapes, changes and addresses as the page shows them. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CellShown, ServiceShown } from '../../src/dqm/board.ts';
import { binInWords, ratioOf, shapeOf } from '../../src/web/draw/shape.ts';
import { changesOf } from '../../src/web/overview/changes.ts';
import { silentChecks } from '../../src/web/overview/silent.ts';
import {
  ago,
  bytes,
  duration,
  messageOf,
  number3,
  oneIn,
  percent,
  probability,
} from '../../src/web/parts/figures.ts';
import { hrefOf, parseRoute, viewNames } from '../../src/web/route.ts';
import { type Beats, keepBeats } from '../../src/web/stream/beats.ts';

describe('figures', () => {
  it('have three digits, and a dash where nothing was measured', () => {
    expect([0.0109, 0.15, 9.81, 48, 1234.4, 0, null, Number.NaN].map(number3)).toEqual([
      '0.0109',
      '0.15',
      '9.81',
      '48.0',
      '1,234',
      '0',
      '–',
      '–',
    ]);
    expect([0.0123, 12.3, 4_200, null].map(duration)).toEqual(['12 µs', '12.3 ms', '4.20 s', '–']);
    expect([999, 15.8e6].map(bytes)).toEqual(['999 B', '15.8 MB']);
    expect([5_000, 125_000, 8e6, 3e8].map(ago)).toEqual(['5 s', '2 min', '2 h', '3 d']);
    expect([1, 0.5, 0.0753, 0.0035, 0].map(percent)).toEqual(['100 %', '50 %', '7.5 %', '0.35 %', '0 %']);
    expect([0.02, 2.34e-5].map(probability)).toEqual(['0.02', '2.3 × 10⁻⁵']);
    expect([0.001, 1 / 4_213, 1e-6, 1e-13, 0].map(oneIn)).toEqual([
      '1 in 1,000',
      '1 in 4,200',
      '1 in 1,000,000',
      '< 1 in a million',
      '< 1 in a million',
    ]);
  });
});

describe('an alarm', () => {
  it('is read without the process that told it, whose name is at its end', () => {
    expect(messageOf('p99 is 872 ms; the budget is 100 ms (tessera:tpc:host:6395)')).toEqual({
      text: 'p99 is 872 ms; the budget is 100 ms',
      toldBy: 'tessera:tpc:host:6395',
    });
    const plain = 'In tpc_outer_n03, card 5 (layers 4–7) gives nothing (at all)';
    expect(messageOf(plain)).toEqual({ text: plain, toldBy: '' });
  });
});

describe('shape of an object', () => {
  const axis = (name: string, size: number, unit = '') => ({ name, unit, size, origin: 0, step: 1 });
  it('has its last axis across and all others up', () => {
    expect(shapeOf({ axes: [axis('adc', 64, 'ADC')] })).toMatchObject({
      across: { title: 'ADC', size: 64 },
      up: null,
    });
    expect(shapeOf({ axes: [axis('layer', 16), axis('azimuth', 192), axis('bit', 10)] })).toMatchObject({
      across: { title: 'bit', size: 10 },
      up: { title: 'layer × azimuth', size: 16 * 192 },
    });
  });
  it('names each bin once', () => {
    const axes = [axis('layer', 3), axis('azimuth', 5)];
    const all = Array.from({ length: 15 }, (_, bin) => binInWords({ axes }, bin));
    expect(all[7]).toBe('layer 1, azimuth 2');
    expect(new Set(all).size).toBe(15);
  });
  it('has no ratio where the reference alone is empty', () => {
    expect(ratioOf([4, 0, 3], [2, 0, 0])).toEqual([2, 1, Number.NaN]);
  });
});

describe('what changed', () => {
  const cell = (check: string, quality: CellShown['quality'], sinceMs: number): CellShown => ({
    region: 'a',
    check,
    quality,
    reason: '',
    object: null,
    bins: [],
    where: [],
    sinceMs,
    atMs: 100,
  });
  it('is one row for many alike, begins with what is wrong, and does not tell that many are well', () => {
    const many = Array.from({ length: 9 }, (_, i) => cell(`c${i}`, 'medium', 50));
    const well = Array.from({ length: 9 }, (_, i) => cell(`d${i}`, 'good', 60));
    const rows = changesOf(
      {
        checks: [],
        cells: [...many, ...well, cell('x', 'bad', 20), cell('y', 'good', 70), cell('z', 'null', 0)],
      },
      7,
    );
    expect(rows.map(({ quality, cells }) => [quality, cells.length])).toEqual([
      ['medium', 9],
      ['bad', 1],
      ['good', 1],
    ]);
  });
});

describe('address', () => {
  it('restores view and query', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...viewNames),
        fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), { maxKeys: 5 }),
        (view, query) => {
          const back = parseRoute(hrefOf(view, query));
          expect(back.view).toBe(view);
          expect({ ...back.query }).toEqual({ ...query });
        },
      ),
    );
    expect(parseRoute('#nowhere?x=1')).toEqual({ view: 'overview', query: { x: '1' } });
    expect(parseRoute('')).toEqual({ view: 'overview', query: {} });
  });
});

describe('beats', () => {
  it('are two minutes of each service that is still told of, whatever a heartbeat carries', () => {
    const beats: Beats = new Map();
    const service = (serviceId: string, atMs: number, message: unknown): ServiceShown => ({
      serviceId,
      atMs,
      silent: false,
      message,
    });
    const book = { out: { framesPerSecond: 3 } };
    for (let i = 0; i < 300; i++) {
      const services = [
        service('a', i, { books: [book], in: { framesPerSecond: i, bytesPerSecond: 1 } }),
        service('b', i, null),
      ];
      keepBeats(beats, services);
      keepBeats(beats, services);
    }
    expect(beats.get('b')).toBeUndefined();
    expect(beats.get('a')).toHaveLength(120);
    expect(beats.get('a')!.at(-1)).toMatchObject({ framesIn: 299, framesOut: 3, totalMsP99: null });
    keepBeats(beats, []);
    expect(beats.size).toBe(0);
  });
});

describe('silent checks', () => {
  it('are those that judge no region, with their reason', () => {
    const cell = (check: string, quality: CellShown['quality']): CellShown => ({
      region: 'a',
      check,
      quality,
      reason: `${check} ${quality}`,
      object: null,
      bins: [],
      where: [],
      sinceMs: 1,
      atMs: 1,
    });
    const checks = ['x', 'y', 'z'].map((name) => ({ name, meaning: '' }));
    const cells = [cell('x', 'null'), cell('x', 'good'), cell('y', 'null'), cell('y', 'null')];
    expect(silentChecks({ checks, cells })).toEqual([{ name: 'y', reason: 'y null' }]);
  });
});
