/** Frames of hits on a grid, as a watch sees them. Refuses shapes of another layout than the objects'. */

import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import { totalOf } from '../checks/beta_binomial.ts';
import { autoDqmReadings, type Reading, readingsOf, type Seen, type Sibling, sumOf } from '../checks/list.ts';
import { grouped, silentReadings } from '../checks/silent.ts';
import { trendNames, trendsOf } from '../checks/trend.ts';
import { type Shapes, shapeNames, usualReadings } from '../checks/usual.ts';
import { openFiller } from '../fill.ts';
import { openDue } from '../judging/due.ts';
import { checkMeanings, placeOf } from '../judging/verdicts.ts';
import { binsOf, type ObjectLayout } from '../layout.ts';
import { binInWords, type Places } from './places.ts';
import type { Alone, Comparison, Reference, Watched } from './watched.ts';

/** Objects that have an entry a frame: of a handful, one odd time frame, which all regions share, makes any shape. */
const isOfFewFrames = ({ check, of }: Reading): boolean =>
  check !== 'trend' && /^(hits|repeats)( |$)/.test(of);

const framesOf = (layout: ObjectLayout, values: Float64Array): number =>
  totalOf(binsOf(layout, values, 'hits'));

const comparison = (layout: ObjectLayout, references: readonly Reference[]): Comparison => {
  const regions = [...(references[0]?.values.keys() ?? [])];
  const of = (values: Float64Array): Float64Array => values.subarray(0, layout.size);
  const combined = regions.map((region) => sumOf(references.map(({ values }) => values[region]!)));
  const before = regions.map((region) =>
    references.map(({ values }) => trendsOf(layout, of(values[region]!))),
  );
  const auto = (seen: Seen): Reading[] =>
    (autoDqmReadings(seen, [limits.dqmReferencesMax]).get(limits.dqmReferencesMax) ?? []).map((reading) => ({
      ...reading,
      check: 'beta-binomial',
    }));
  return {
    references,
    combined,
    against(now) {
      const siblings = now.map(
        (values, region): Sibling => ({
          values: of(values),
          combined: of(combined[region]!),
          trends: { now: trendsOf(layout, of(values)), before: before[region]! },
        }),
      );
      return (region, wanted) => {
        const seen: Seen = {
          layout,
          values: siblings[region]!.values,
          references: references.map(({ values }) => of(values[region]!)),
          combined: siblings[region]!.combined,
          beside: now.length === 1 ? null : siblings.filter((_, other) => other !== region),
        };
        const all = [
          ...readingsOf(seen, wanted.bits),
          ...silentReadings(layout, seen.values, seen.combined),
          ...(wanted.auto ? auto(seen) : []),
        ];
        const few = framesOf(layout, seen.values) < limits.dqmShapeFramesMin;
        return few ? all.filter((reading) => !isOfFewFrames(reading)) : all;
      };
    },
  };
};

/** Shapes as they are shipped, by name. @throws Fault `card-invalid` where one lacks or is of another length */
const shapesOf = (layout: ObjectLayout, shipped: Readonly<Record<string, readonly number[]>>): Shapes => {
  const shape = (name: string, size: number): Float64Array => {
    const found = shipped[name];
    if (found?.length !== size)
      throw new Fault('card-invalid', `what is usual: the shape of ${name} is not of ${size} numbers`);
    return Float64Array.from(found);
  };
  const { plans, channels } = layout;
  const trends = shape('trends', trendNames.length);
  return {
    occupancy: shape('occupancy', channels),
    ...(Object.fromEntries(shapeNames.map((name) => [name, shape(name, plans[name].size)])) as Pick<
      Shapes,
      (typeof shapeNames)[number]
    >),
    trends: Object.fromEntries(trendNames.map((name, i) => [name, trends[i]!])) as Shapes['trends'],
  };
};

/** @param shipped shapes of what is usual; null where there are none */
export const watchHits = (
  layout: ObjectLayout,
  places: Places,
  shipped: Readonly<Record<string, readonly number[]>> | null = null,
): Watched => {
  const { plans, cards, cardOf } = layout;
  const of = (values: Float64Array): Float64Array => values.subarray(0, layout.size);
  const parts = (values: Float64Array): Float64Array =>
    grouped(binsOf(layout, values, 'occupancy'), cardOf, cards);
  const aloneOf = (shapes: Shapes): Alone => ({
    parts: grouped(shapes.occupancy, cardOf, cards),
    against(now) {
      const all = now.map(of);
      return (region) =>
        usualReadings(
          layout,
          all[region]!,
          shapes,
          all.filter((_, other) => other !== region),
        );
    },
  });
  return {
    plans: Object.values(plans),
    size: layout.size,
    checks: checkMeanings.map(({ name }) => name),
    openFiller: () => openFiller(layout),
    framesAhead: 0,
    trendNames,
    trends: (values) => trendsOf(layout, of(values)),
    frames: (values) => framesOf(layout, values),
    filled: (values) => totalOf(binsOf(layout, values, 'adc')),
    windowMin: limits.dqmWindowHitsMin,
    parts: {
      count: cards,
      reading: `occupancy: suddenly ${openDue(layout) === null ? 'silent' : 'untouched'} card`,
      of: parts,
      openDue: () => openDue(layout),
    },
    compare: (references) => comparison(layout, references),
    alone: shipped === null ? null : aloneOf(shapesOf(layout, shipped)),
    place: (reading) =>
      placeOf(reading, places, (object, bin) => {
        const plan = Object.values(plans).find(({ name }) => name === object);
        return plan === undefined ? `bin ${bin}` : binInWords(plan.axes, bin);
      }),
  };
};
