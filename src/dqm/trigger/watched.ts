/** Frames of trigger objects, as a watch sees them. Refuses shapes of another layout than the objects'. */

import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import { betaBinomial, totalOf } from '../checks/beta_binomial.ts';
import { type Reading, sumOf } from '../checks/list.ts';
import { binInWords } from '../cycles/places.ts';
import type { Alone, Comparison, Reference, Watched } from '../cycles/watched.ts';
import type { Cell } from '../judging/verdicts.ts';
import { openTriggerFiller } from './fill.ts';
import { binsOf, planOf, type TriggerLayout } from './layout.ts';
import { triggerReadings, triggerTrends, usualTriggerReadings } from './readings.ts';

const autoReadings = (
  { plans }: TriggerLayout,
  values: Float64Array,
  references: readonly Float64Array[],
): Reading[] =>
  plans.flatMap(({ name, offset, size }) => {
    const of = (all: Float64Array): Float64Array => all.subarray(offset, offset + size);
    const result = betaBinomial(of(values), references.map(of));
    return [
      { check: 'beta-binomial', of: `${name} χ²`, value: result?.chiSquare ?? 0, bins: [] },
      { check: 'beta-binomial', of: `${name} pull`, value: result?.maxPull ?? 0, bins: [] },
    ];
  });

const comparison = (layout: TriggerLayout, references: readonly Reference[]): Comparison => {
  const of = (values: Float64Array): Float64Array => values.subarray(0, layout.size);
  const regions = [...(references[0]?.values.keys() ?? [])];
  const combined = regions.map((region) => sumOf(references.map(({ values }) => values[region]!)));
  return {
    references,
    combined,
    against: (now) => (region, wanted) => {
      const before = references.map(({ values }) => of(values[region]!));
      return [
        ...triggerReadings(layout, of(now[region]!), of(combined[region]!), before),
        ...(wanted.auto ? autoReadings(layout, of(now[region]!), before) : []),
      ];
    },
  };
};

/** Usual frames, a million of them, as one array. @throws Fault `card-invalid` where an object lacks or is of another length */
const usualOf = (
  layout: TriggerLayout,
  shipped: Readonly<Record<string, readonly number[]>>,
): Float64Array => {
  const usual = new Float64Array(layout.size);
  for (const { name, offset, size } of layout.plans) {
    const shape = shipped[name];
    if (shape?.length !== size)
      throw new Fault('card-invalid', `what is usual: the shape of ${name} is not of ${size} numbers`);
    usual.set(shape, offset);
  }
  return usual;
};

/** Where a reading lies: a group, a sector of one, or bins of a histogram. */
const placeIn = (
  layout: TriggerLayout,
  { check, of, bins }: Reading,
): Pick<Cell, 'object' | 'bins' | 'where'> => {
  const { groups, sectors, turn, around, card } = layout;
  if (check === 'trend') return { object: null, bins: [], where: [] };
  if (check === 'channels') {
    const ofGroup = (group: number): number[] =>
      Array.from({ length: sectors }, (_, i) => group * sectors + i);
    const isGroup = of.endsWith('group');
    const whole = groups
      .map((_, group) => group)
      .filter((group) =>
        isGroup ? bins.includes(group) : ofGroup(group).every((bin) => bins.includes(bin)),
      );
    const single = isGroup ? [] : bins.filter((bin) => !whole.includes(Math.floor(bin / sectors)));
    const { name, unit, offset, step } = card.fields[around]!;
    const edge = (sector: number): number =>
      Number((offset + (step * turn * sector) / sectors).toPrecision(3));
    const where = [
      ...whole.map((group) => `group ${groups[group]}`),
      ...single.map((bin) => {
        const sector = bin % sectors;
        return `${groups[Math.floor(bin / sectors)]} at ${name} ${edge(sector)}–${edge(sector + 1)} ${unit}`.trim();
      }),
    ].slice(0, limits.dqmPlacesNamedMax);
    return { object: 'sectors', bins: isGroup ? whole.flatMap(ofGroup) : bins, where };
  }
  const [object, group] = of.replace(/ (χ²|pull)$/, '').split(' of ') as [string, string?];
  const { axes, size } = planOf(layout, object);
  const row = group === undefined ? 0 : groups.indexOf(group) * (size / groups.length);
  const own = bins.map((bin) => row + bin);
  return {
    object,
    bins: own,
    where: own.slice(0, limits.dqmPlacesNamedMax).map((bin) => binInWords(axes, bin)),
  };
};

/** @param shipped what a million usual frames hold, by object; null where nothing is known */
export const watchTrigger = (
  layout: TriggerLayout,
  shipped: Readonly<Record<string, readonly number[]>> | null = null,
): Watched => {
  const of = (values: Float64Array): Float64Array => values.subarray(0, layout.size);
  const parts = (values: Float64Array): Float64Array => binsOf(layout, values, 'sectors').slice();
  const aloneOf = (usual: Float64Array): Alone => ({
    parts: parts(usual),
    against: (now) => (region) => usualTriggerReadings(layout, of(now[region]!), usual),
  });
  const names = Object.keys(triggerTrends(layout, new Float64Array(layout.size)));
  return {
    plans: layout.plans,
    size: layout.size,
    checks: [
      ...['channels', 'Kolmogorov', 'χ²', 'mean deviation', 'bin by bin', 'token use', 'trend'],
      ...['beta-binomial', 'completeness'],
    ],
    openFiller: () => openTriggerFiller(layout),
    framesAhead: limits.dqmObjectFramesAhead,
    trendNames: names,
    trends: (values) => triggerTrends(layout, of(values)),
    frames: (values) => totalOf(binsOf(layout, values, 'events')),
    filled: (values) => totalOf(binsOf(layout, values, 'sectors')),
    windowMin: limits.dqmWindowObjectsMin,
    parts: {
      count: layout.groups.length * layout.sectors,
      reading: 'sectors: suddenly silent sector',
      of: parts,
      openDue: () => null,
    },
    compare: (references) => comparison(layout, references),
    alone: shipped === null ? null : aloneOf(usualOf(layout, shipped)),
    place: (reading) => placeIn(layout, reading),
  };
};
