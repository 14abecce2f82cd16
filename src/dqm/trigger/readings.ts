/**
 * What checks read of a region's trigger objects: groups and sectors that are missing, spectra, token use, trends; against
 * references, or against shapes that are usual of the instrument. Refuses to know which sectors are good.
 */

import { limits } from '../../domain/limits.ts';
import { totalOf } from '../checks/beta_binomial.ts';
import { chiSquare, differingBins, divergence, kolmogorov, meanDeviation } from '../checks/comparators.ts';
import { type Reading, worstBins } from '../checks/list.ts';
import { stepOf } from '../checks/trend.ts';
import { distanceReadings, logRatios, ratioReading } from '../checks/usual.ts';
import { binsOf, rowOf, type TriggerLayout } from './layout.ts';

/** Objects that a part is thought to have beside its own: what has few of them is not far from usual. */
const knownAs = 10;

/** Objects of a group, a frame, and the mean logarithm of the field they are ordered by. */
export const triggerTrends = (layout: TriggerLayout, values: Float64Array): Record<string, number> => {
  const frames = Math.max(1, totalOf(binsOf(layout, values, 'events')));
  const [first] = layout.card.fields;
  return Object.fromEntries(
    layout.groups.flatMap((name, group) => {
      const objects = totalOf(rowOf(layout, values, 'sectors', group));
      const spectrum = rowOf(layout, values, first!.name, group);
      const mean =
        spectrum.reduce((sum, count, bin) => sum + count * bin, 0) / Math.max(1, totalOf(spectrum));
      return [
        [`${name} a frame`, objects / frames],
        [`${first!.name} of ${name}`, mean],
      ];
    }),
  );
};

/** A row of an object, and what readings call it. */
const rowsOf = (
  layout: TriggerLayout,
): { readonly name: string; readonly group: number; readonly of: string }[] =>
  layout.card.groups.flatMap(({ name: group, fields }, i) => [
    { name: 'counts', group: i, of: `counts of ${group}` },
    ...layout.card.fields
      .filter(({ name }) => fields.includes(name))
      .map(({ name }) => ({ name, group: i, of: `${name} of ${group}` })),
  ]);

const objectsOf = (layout: TriggerLayout, values: Float64Array): Float64Array =>
  Float64Array.from(layout.groups, (_, group) => totalOf(rowOf(layout, values, 'sectors', group)));

/** Parts (bins) that have next to nothing of what is expected; the root of what the most expected of them should have. */
const silentReading = (what: string, now: Float64Array, expected: Float64Array): Reading => {
  const silent = [...now.keys()].filter(
    (part) => expected[part]! > 1 && now[part]! <= 0.05 * expected[part]!,
  );
  silent.sort((a, b) => expected[b]! - expected[a]!);
  const most = silent.length === 0 ? 0 : expected[silent[0]!]!;
  return {
    ...{ check: 'channels', of: `sectors: silent ${what}`, value: Math.sqrt(most) },
    bins: silent.filter((part) => expected[part]! >= most / 2),
  };
};

/** What is expected of each group, and of each sector of it: so many frames' worth, and a share of the group's own now. */
const expectedOf = (layout: TriggerLayout, values: Float64Array, usual: Float64Array) => {
  const scale =
    totalOf(binsOf(layout, values, 'events')) / Math.max(1e-9, totalOf(binsOf(layout, usual, 'events')));
  const groups = objectsOf(layout, usual).map((one) => one * scale);
  const now = objectsOf(layout, values);
  const before = objectsOf(layout, usual);
  const sectors = binsOf(layout, usual, 'sectors').map((one, bin) => {
    const group = Math.floor(bin / layout.sectors);
    return before[group]! > 0 ? (one * now[group]!) / before[group]! : 0;
  });
  return { scale, groups, sectors, now };
};

const extremes = (what: string, pulls: Float64Array): Reading[] =>
  ([-1, 1] as const).map((sign) => {
    const bins = worstBins(pulls, sign);
    const value = bins.length === 0 ? 0 : pulls[bins[0]!]! * sign;
    return { check: 'channels', of: `sectors: ${sign < 0 ? 'low' : 'high'} ${what}`, value, bins };
  });

/** Readings against references; `combined` is their sum. */
export const triggerReadings = (
  layout: TriggerLayout,
  values: Float64Array,
  combined: Float64Array,
  references: readonly Float64Array[],
): Reading[] => {
  const { scale, groups, sectors, now } = expectedOf(layout, values, combined);
  const pulls = (data: Float64Array, expected: Float64Array): Float64Array =>
    data.map((one, i) => (one - expected[i]!) / Math.sqrt(1 + expected[i]! * (1 + scale)));
  const inSectors = binsOf(layout, values, 'sectors');
  const rows = rowsOf(layout).flatMap(({ name, group, of }): Reading[] => {
    const [data, reference] = [rowOf(layout, values, name, group), rowOf(layout, combined, name, group)];
    const bins = differingBins(data, reference, { share: 0.1, sigmas: 5 });
    return [
      { check: 'Kolmogorov', of, value: kolmogorov(data, reference)?.distance ?? 0, bins: [] },
      { check: 'χ²', of, value: chiSquare(data, reference)?.distance ?? 0, bins: [] },
      { check: 'mean deviation', of, value: meanDeviation(data, reference) ?? 0, bins: [] },
      { check: 'bin by bin', of, value: bins.length, bins: bins.slice(0, limits.dqmBinsNamedMax) },
    ];
  });
  const tokens = ['symbols', 'digits'].map((of): Reading => {
    const value = divergence(binsOf(layout, values, of), binsOf(layout, combined, of)) ?? 0;
    return { check: 'token use', of, value, bins: [] };
  });
  const trends = triggerTrends(layout, values);
  const before = references.map((one) => triggerTrends(layout, one));
  const steps = Object.entries(trends).map(([of, value]): Reading => {
    const step = stepOf(
      value,
      before.map((one) => one[of]!),
    );
    return { check: 'trend', of, value: Math.abs(step), bins: [] };
  });
  return [
    ...extremes('group', pulls(now, groups)),
    ...extremes('sector', pulls(inSectors, sectors)),
    silentReading('group', now, groups),
    silentReading('sector', inSectors, sectors),
    ...rows,
    ...tokens,
    ...steps,
  ];
};

/** Readings against usual shapes, none of which grows with the objects. `usual` holds a million objects' worth. */
export const usualTriggerReadings = (
  layout: TriggerLayout,
  values: Float64Array,
  usual: Float64Array,
): Reading[] => {
  const { groups, sectors, now } = expectedOf(layout, values, usual);
  const inSectors = binsOf(layout, values, 'sectors');
  const groupLogs = now.map((one, i) => Math.log((one + knownAs) / (groups[i]! + knownAs)));
  const sectorLogs = logRatios(inSectors, sectors, knownAs);
  const trends = Object.entries(triggerTrends(layout, values));
  const before = triggerTrends(layout, usual);
  return [
    ...([-1, 1] as const).flatMap((sign) => [
      ratioReading('sectors', 'group', groupLogs, sign),
      ratioReading('sectors', 'sector', sectorLogs, sign),
    ]),
    silentReading('group', now, groups),
    silentReading('sector', inSectors, sectors),
    ...rowsOf(layout).flatMap(({ name, group, of }) =>
      distanceReadings(of, rowOf(layout, values, name, group), rowOf(layout, usual, name, group), false),
    ),
    ...['symbols', 'digits'].flatMap((of) =>
      distanceReadings(of, binsOf(layout, values, of), binsOf(layout, usual, of), true),
    ),
    ...trends.map(
      ([of, value]): Reading => ({
        check: 'trend',
        of,
        value: Math.abs(stepOf(value, [before[of]!])),
        bins: [],
      }),
    ),
  ];
};
