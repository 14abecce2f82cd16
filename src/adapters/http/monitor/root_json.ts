/**
 * Objects as ROOT JSON, the form of ROOT's TBufferJSON that JSROOT draws and `TBufferJSON::FromJSON` reads, and the list of
 * them that JSROOT's browser reads. Refuses objects of more than three axes, which ROOT's histograms do not have.
 *
 * x is the innermost axis, then y, then z; under- and overflow bins, which ours do not have, are 0. A bin that counts has
 * the error √n in both ROOT and JSROOT, which is the default of histograms without `fSumw2`; what is not counted (charge,
 * a scaled reference, pulls) is drawn without errors. Sums of moments are 0 with entries above 0, whereupon both compute
 * mean and deviation from the bins.
 */

import { Fault } from '../../../domain/fault.ts';
import type { ObjectShown } from '../../../dqm/board.ts';
import type { MonitorView } from '../../../services/monitor/view.ts';

type ShownAxis = ObjectShown['axes'][number];
export interface RootQuestion {
  readonly part: 'values' | 'reference' | 'pulls';
  /** Of three axes: this bin of the innermost, alone. */
  readonly bin?: number | undefined;
}

const withUnit = (name: string, unit: string): string => (unit === '' ? name : `${name} [${unit}]`);

const rootAxis = (name: string, axis: ShownAxis | undefined, title: string) => ({
  _typename: 'TAxis',
  fUniqueID: 0,
  fBits: 0,
  fName: name,
  fTitle: title,
  fNdivisions: 510,
  fAxisColor: 1,
  fLabelColor: 1,
  fLabelFont: 42,
  fLabelOffset: 0.005,
  fLabelSize: 0.035,
  fTickLength: 0.03,
  fTitleOffset: 1,
  fTitleSize: 0.035,
  fTitleColor: 1,
  fTitleFont: 42,
  fNbins: axis?.size ?? 1,
  fXmin: axis?.origin ?? 0,
  fXmax: axis === undefined ? 1 : axis.origin + axis.step * axis.size,
  fXbins: [],
  fFirst: 0,
  fLast: 0,
  fBits2: 0,
  fTimeDisplay: false,
  fTimeFormat: '',
  fLabels: null,
  fModLabs: null,
});

/** As ROOT draws what nobody styled. */
const look = {
  fLineColor: 602,
  fLineStyle: 1,
  fLineWidth: 1,
  fFillColor: 0,
  fFillStyle: 1001,
  fMarkerColor: 1,
  fMarkerStyle: 1,
  fMarkerSize: 1,
  fBarOffset: 0,
  fBarWidth: 1000,
} as const;

/** What a histogram has and ours leaves as ROOT sets it. */
const unset = {
  fMaximum: -1111,
  fMinimum: -1111,
  fNormFactor: 0,
  fContour: [],
  fSumw2: [],
  fFunctions: { _typename: 'TList', name: 'TList', arr: [], opt: [] },
  fBufferSize: 0,
  fBuffer: [],
  fBinStatErrOpt: 0,
  fStatOverflows: 2,
} as const;

/** Row-major values among bins of under- and overflow. */
const framed = (values: readonly number[], axes: readonly ShownAxis[]): number[] => {
  const [x, y, z] = [axes.at(-1)!.size, axes.at(-2)?.size ?? null, axes.at(-3)?.size ?? null];
  const [rows, sheets] = [y ?? 1, z ?? 1];
  const [wide, high, deep] = [x + 2, y === null ? 1 : y + 2, z === null ? 1 : z + 2];
  const all = new Array<number>(wide * high * deep).fill(0);
  for (let k = 0; k < sheets; k++)
    for (let j = 0; j < rows; j++) {
      const from = (k * rows + j) * x;
      const to = ((z === null ? 0 : k + 1) * high + (y === null ? 0 : j + 1)) * wide + 1;
      for (let i = 0; i < x; i++) all[to + i] = values[from + i]!;
    }
  return all;
};

/** Sums of moments, by the number of axes. */
const flat = ['fTsumw', 'fTsumw2', 'fTsumwx', 'fTsumwx2'];
const square = [...flat, 'fTsumwy', 'fTsumwy2', 'fTsumwxy'];
const moments: readonly (readonly string[])[] = [
  [],
  flat,
  square,
  [...square, 'fTsumwz', 'fTsumwz2', 'fTsumwxz', 'fTsumwyz'],
];

/** One bin of the innermost axis. */
const sliceOf = (values: readonly number[], size: number, bin: number): number[] =>
  values.filter((_, at) => at % size === bin);

/** A sum of ADC values is no count, and nothing is known of its spread. */
const isCount = (unit: string): boolean => unit !== 'ADC';

/**
 * An object as TH1D, TH2D or TH3D.
 * @returns null where the part asked for is not there, as pulls without references
 * @throws Fault `request-invalid` for a bin that the object does not have
 */
export const rootHistogram = (object: ObjectShown, { part, bin }: RootQuestion): object | null => {
  const all = object[part];
  if (all === null) return null;
  const inner = object.axes.at(-1)!;
  if (bin !== undefined && (object.axes.length !== 3 || bin >= inner.size))
    throw new Fault(
      'request-invalid',
      object.axes.length === 3
        ? `${object.name} has ${inner.size} bins of ${inner.name}: 0 to ${inner.size - 1}`
        : `${object.name} has ${object.axes.length} axes: only one of three takes a bin of the innermost`,
    );
  const sliced = bin !== undefined;
  const values = sliced ? sliceOf(all, inner.size, bin) : all;
  const axes = sliced ? object.axes.slice(0, -1) : object.axes;
  if (axes.length > 3)
    throw new Fault(
      'request-invalid',
      `${object.name} has ${axes.length} axes, and ROOT's histograms three: ask /api/v1/objects`,
    );
  const title = (axis: ShownAxis | undefined) => (axis === undefined ? '' : withUnit(axis.name, axis.unit));
  const said = { values: object.unit, reference: object.unit, pulls: '(value - reference) / #sigma' }[part];
  const [x, y, z] = [axes.at(-1), axes.at(-2), axes.at(-3)];
  const content = framed(values, axes);
  const total = values.reduce((sum, one) => sum + one, 0);
  const plain = part !== 'values' || !isCount(object.unit);
  const where = sliced ? `, ${inner.name} ${bin}` : '';
  const upward = axes.length === 1 ? said : title(y);
  return {
    _typename: `TH${axes.length}D`,
    fUniqueID: 0,
    fBits: 8,
    fName: part === 'values' ? object.name : `${object.name}_${part}`,
    fTitle: `${object.title}, ${object.region}${where}${part === 'values' ? '' : `: ${part}`}`,
    ...look,
    fNcells: content.length,
    fXaxis: rootAxis('xaxis', x, title(x)),
    fYaxis: rootAxis('yaxis', y, upward),
    fZaxis: rootAxis('zaxis', z, axes.length === 2 ? said : title(z)),
    fEntries: part === 'pulls' ? values.length : total,
    ...Object.fromEntries(moments[axes.length]!.map((name) => [name, 0])),
    fOption: axes.length === 2 ? 'COLZ' : plain && axes.length === 1 ? 'HIST' : '',
    ...unset,
    ...(axes.length === 2 ? { fScalefactor: 1 } : {}),
    fArray: content,
  };
};

/** What `h.json` tells of a tree of folders, as THttpServer does; how many axes an object has is told by itself. */
export const hierarchyOf = (tree: MonitorView['objectTree']): object => ({
  _name: 'tessera',
  _kind: 'ROOT.Session',
  _title: 'objects of the monitor, region by region',
  _childs: tree.map(({ region, objects }) => ({
    _name: region,
    _kind: 'ROOT.TFolder',
    _childs: objects.map((name) => ({ _name: name, _kind: 'ROOT.TH1' })),
  })),
});
