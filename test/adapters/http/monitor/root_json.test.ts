/**
 * Objects as ROOT JSON, read by JSROOT's own code: the same histogram that JSROOT would make, every bin in its place.
 */

/// <reference types="jsroot" />
import { addMethods, createHistogram, parse, toJSON } from 'jsroot/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hierarchyOf, rootHistogram } from '../../../../src/adapters/http/monitor/root_json.ts';
import type { ObjectShown } from '../../../../src/dqm/board.ts';
import { type Served, serveWorld } from './served.ts';

const axis = (name: string, size: number, origin = 0, step = 1, unit = '') => ({
  name,
  size,
  origin,
  step,
  unit,
});
const shown = (axes: ObjectShown['axes'], more: Partial<ObjectShown> = {}): ObjectShown => ({
  region: 'n00',
  name: 'thing',
  title: 'Things',
  unit: 'hits',
  axes,
  span: 'run',
  fromMs: 0,
  untilMs: 1,
  frames: 1,
  values: Array.from({ length: axes.reduce((n, { size }) => n * size, 1) }, (_, i) => i + 1),
  reference: null,
  pulls: null,
  spread: null,
  ...more,
});
const cases = [
  shown([axis('adc', 4, -8, 16, 'ADC')]),
  shown([axis('layer', 2), axis('azimuth', 3, 0.1, 0.5, 'rad')]),
  shown([axis('layer', 2), axis('azimuth', 3), axis('bit', 4)]),
];

interface Histogram {
  readonly fArray: readonly number[];
  readonly fEntries: number;
  getBinContent(x: number, y?: number, z?: number): number;
  getBinError(bin: number): number;
  getBin(x: number, y?: number, z?: number): number;
}
const read = (object: object): Histogram => parse(JSON.stringify(object)) as Histogram;

describe('ROOT JSON', () => {
  it.each(cases.map((object) => [object.axes.length, object] as const))(
    'of %i axes is what JSROOT itself would write',
    (_, object) => {
      const own = rootHistogram(object, { part: 'values' })!;
      const sizes = object.axes.map(({ size }) => size).reverse();
      const theirs = JSON.parse(toJSON(createHistogram(`TH${sizes.length}D`, ...sizes))) as object;
      expect(new Set(Object.keys(own))).toEqual(new Set(Object.keys(theirs)));
      const axisKeys = (of: object) => Object.keys((of as { fXaxis: object }).fXaxis).sort();
      expect(axisKeys(own)).toEqual(axisKeys(theirs));
      expect((own as { fNcells: number }).fNcells).toBe((theirs as { fNcells: number }).fNcells);
    },
  );

  it.each(cases.map((object) => [object.axes.length, object] as const))(
    'of %i axes has every bin in its place, with the error of a count',
    (_, object) => {
      const histogram = read(rootHistogram(object, { part: 'values' })!);
      addMethods(histogram, `TH${object.axes.length}D`);
      const [x, y, z] = [object.axes.at(-1)!, object.axes.at(-2), object.axes.at(-3)];
      let at = 0;
      for (let k = 0; k < (z?.size ?? 1); k++)
        for (let j = 0; j < (y?.size ?? 1); j++)
          for (let i = 0; i < x.size; i++) {
            const place = [i + 1, j + 1, k + 1].slice(0, object.axes.length) as [number, number?, number?];
            expect(histogram.getBinContent(...place)).toBe(object.values[at]);
            expect(histogram.getBinError(histogram.getBin(...place))).toBeCloseTo(
              Math.sqrt(object.values[at]!),
            );
            at++;
          }
      const sum = object.values.reduce((total, one) => total + one, 0);
      expect(histogram.fArray.reduce((total, one) => total + one, 0)).toBe(sum);
      expect(histogram.fEntries).toBe(sum);
    },
  );

  it('names axes with their units and has their edges', () => {
    const flat = rootHistogram(cases[0]!, { part: 'values' }) as Record<string, unknown>;
    expect(flat).toMatchObject({
      _typename: 'TH1D',
      fName: 'thing',
      fTitle: 'Things, n00',
      fXaxis: { fTitle: 'adc [ADC]', fXmin: -8, fXmax: 56, fNbins: 4 },
      fYaxis: { fTitle: 'hits' },
    });
    // A sum of ADC values is drawn without the error of a count.
    const charge = shown([axis('layer', 2)], { unit: 'ADC' });
    expect(rootHistogram(charge, { part: 'values' })).toMatchObject({ fOption: 'HIST' });
    expect(flat.fOption).toBe('');
    expect(rootHistogram(cases[1]!, { part: 'values' })).toMatchObject({
      _typename: 'TH2D',
      fXaxis: { fTitle: 'azimuth [rad]', fXmin: 0.1, fXmax: 1.6 },
      fYaxis: { fTitle: 'layer' },
      fZaxis: { fTitle: 'hits' },
      fOption: 'COLZ',
    });
  });

  it('gives one bin of the innermost of three axes, and references and pulls where they are', () => {
    const cube = cases[2]!;
    const slice = read(rootHistogram(cube, { part: 'values', bin: 2 })!);
    addMethods(slice, 'TH2D');
    expect(slice.getBinContent(3, 2)).toBe(cube.values[(1 * 3 + 2) * 4 + 2]);
    expect(() => rootHistogram(cube, { part: 'values', bin: 4 })).toThrow('4 bins of bit: 0 to 3');
    expect(() => rootHistogram(cases[0]!, { part: 'values', bin: 0 })).toThrow('1 axes');
    expect(rootHistogram(cube, { part: 'pulls' })).toBeNull();
    const compared = shown([axis('adc', 2)], { reference: [1.5, 2.5], pulls: [-3, 3] });
    expect(rootHistogram(compared, { part: 'pulls' })).toMatchObject({
      fArray: [0, -3, 3, 0],
      fOption: 'HIST',
    });
    expect(rootHistogram(compared, { part: 'reference' })).toMatchObject({ fName: 'thing_reference' });
    const four = shown([axis('a', 1), axis('b', 1), axis('c', 1), axis('d', 1)]);
    expect(() => rootHistogram(four, { part: 'values' })).toThrow("ROOT's histograms three");
  });

  it('lists regions and objects as JSROOT browses them', () => {
    const tree = hierarchyOf([{ region: 'all', objects: ['adc', 'bits'] }]) as {
      _childs: { _name: string; _kind: string; _childs: { _name: string }[] }[];
    };
    expect(tree._childs[0]).toMatchObject({ _name: 'all', _kind: 'ROOT.TFolder' });
    expect(tree._childs[0]!._childs.map(({ _name }) => _name)).toEqual(['adc', 'bits']);
  });
});

describe('a served object', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveWorld();
  });
  afterAll(() => served.server.close());

  it('is read by JSROOT as it asks for it', async () => {
    for (const [path, type] of [
      ['/tpc_outer_n02/adc/root.json', 'TH1D'],
      ['/tpc_outer_n02/occupancy/root.json.gz?compact=23', 'TH2D'],
      ['/all/bits/root.json?span=cycle', 'TH3D'],
      ['/all/bits/root.json?bin=3', 'TH2D'],
    ] as const) {
      const histogram = parse(await (await served.ask(path)).text()) as Histogram & { _typename: string };
      expect([path, histogram._typename]).toEqual([path, type]);
      expect(histogram.fEntries).toBeGreaterThan(0);
    }
  });
});
