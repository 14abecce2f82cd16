/**
 * An object's bins as what can be drawn: one axis, or two (all but the last of three become one). Pure. Refuses to invent
 * bins: where there is no reference, a ratio is nothing.
 */

import type { ObjectShown } from '../../dqm/board.ts';

export type Compare = 'none' | 'reference' | 'ratio' | 'pulls';

export interface DrawnAxis {
  readonly title: string;
  readonly size: number;
  readonly origin: number;
  readonly step: number;
}

export interface Shape {
  /** Across, and up where there are two. */
  readonly across: DrawnAxis;
  readonly up: DrawnAxis | null;
}

type Axis = ObjectShown['axes'][number];

const spaced = (name: string): string => name.replaceAll('_', ' ');
/** `azimuth [rad]`; a number of nothing but its unit is called by it: `ADC`. */
const titleOf = ({ name, unit }: Axis): string => {
  if (unit === '') return spaced(name);
  return name.toLowerCase() === unit.toLowerCase() ? unit : `${spaced(name)} [${unit}]`;
};
const drawn = (axis: Axis): DrawnAxis => ({
  title: titleOf(axis),
  size: axis.size,
  origin: axis.origin,
  step: axis.step === 0 ? 1 : axis.step,
});

export const shapeOf = ({ axes }: Pick<ObjectShown, 'axes'>): Shape => {
  const last = axes.at(-1)!;
  if (axes.length === 1) return { across: drawn(last), up: null };
  const outer = axes.slice(0, -1);
  // layer × azimuth: the wide one lies across; card × ADC and others keep their last axis across.
  if (outer.length === 1) return { across: drawn(last), up: drawn(outer[0]!) };
  const up: DrawnAxis = {
    title: outer.map(({ name }) => spaced(name)).join(' × '),
    size: outer.reduce((product, { size }) => product * size, 1),
    origin: 0,
    step: 1,
  };
  return { across: drawn(last), up };
};

/** value / reference, bin by bin; 1 where both are empty, nothing (NaN) where the reference alone is. */
export const ratioOf = (values: readonly number[], reference: readonly number[]): number[] =>
  values.map((value, bin) => {
    const expected = reference[bin] ?? 0;
    if (expected === 0) return value === 0 ? 1 : Number.NaN;
    return value / expected;
  });

/** The largest size among finite numbers, at least `least`: a scale that is the same above and below nothing. */
export const evenScale = (values: readonly number[], least: number): number =>
  values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), least);

/** What a bin is, in the object's own axes: `layer 3, azimuth 17`. */
export const binInWords = ({ axes }: Pick<ObjectShown, 'axes'>, bin: number): string => {
  const said: string[] = [];
  let rest = bin;
  for (const { name, size } of [...axes].reverse()) {
    said.unshift(`${spaced(name)} ${rest % size}`);
    rest = Math.floor(rest / size);
  }
  return said.join(', ');
};
