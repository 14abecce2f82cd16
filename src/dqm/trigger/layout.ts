/**
 * Which MonitorObjects a region of trigger objects has: how many of each group, what their fields are, where around the beam they
 * lie, and token use; histograms end to end in one array, as those of `dqm/layout.ts`. Refuses cards whose frames are no objects.
 */

import type { Axis, ObjectsCard } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import type { ObjectPlan } from '../layout.ts';

export interface TriggerLayout {
  readonly card: ObjectsCard;
  readonly plans: readonly ObjectPlan<string>[];
  readonly size: number;
  readonly groups: readonly string[];
  readonly groupOfSlot: Uint8Array;
  readonly countsMax: number;
  /** Bins of a field, by field; a group is a row of them. */
  readonly fieldBins: readonly number[];
  /** The field that goes around the beam, the steps that make a full turn, and of a sector. */
  readonly around: number;
  readonly turn: number;
  readonly sectors: number;
  readonly symbolsPerPatch: number;
  readonly alphabet: number;
  readonly levels: readonly number[];
  readonly symbolDigits: number;
}

/** Bins of an octave of the field that objects are ordered by, and bins of the others. */
export const octaveBins = 4;
const linearBins = 64;
/** Of 20°: as wide as a muon chamber or a calorimeter's crate. */
const sectors = 18;

const counted = (name: string, size: number): Axis => ({ name, size, unit: '', origin: 0, step: 1 });

export const triggerLayout = (
  card: ObjectsCard,
  {
    symbolsPerPatch,
    alphabet,
    levels,
    symbolDigits,
  }: Pick<ModelCard, 'symbolsPerPatch' | 'alphabet' | 'levels' | 'symbolDigits'>,
): TriggerLayout => {
  let size = 0;
  const plans: ObjectPlan<string>[] = [];
  const plan = (name: string, title: string, axes: readonly Axis[], unit: string): void => {
    const bins = axes.reduce((product, axis) => product * axis.size, 1);
    plans.push({ name, title, axes, size: bins, offset: size, unit });
    size += bins;
  };
  const groups = card.groups.map(({ name }) => name);
  const named = `group (${groups.map((name, i) => `${i} ${name}`).join(', ')})`;
  const rows = counted(named, groups.length);
  const countsMax = Math.max(...card.groups.map(({ countMax }) => countMax));
  const all = card.groups.reduce((sum, { countMax }) => sum + countMax, 0);
  const around = Math.max(
    0,
    card.fields.findLastIndex(({ unit }) => unit === 'rad'),
  );
  const { bits, step } = card.fields[around]!;
  const turn = Math.min(2 ** bits, Math.max(sectors, Math.round((2 * Math.PI) / step)));
  plan('events', 'Objects of a frame', [counted('objects', all + 1)], 'frames');
  plan('counts', 'Objects of each group in a frame', [rows, counted('objects', countsMax + 1)], 'frames');
  plan('sectors', 'Objects of each group around the beam', [rows, counted('sector', sectors)], 'objects');
  const fieldBins = card.fields.map((field, i) => (i === 0 ? octaveBins * field.bits : linearBins));
  for (const [i, field] of card.fields.entries()) {
    const width = 2 ** field.bits / linearBins;
    const axis =
      i === 0
        ? { ...counted(`log2 of ${field.name}'s steps`, fieldBins[0]!), step: 1 / octaveBins }
        : {
            name: field.name,
            size: linearBins,
            unit: field.unit,
            origin: field.offset,
            step: field.step * width,
          };
    plan(field.name, `${field.name} of each group's objects`, [rows, axis], 'objects');
  }
  plan(
    'symbols',
    'Token use by position and symbol',
    [counted('position', symbolsPerPatch), counted('symbol', alphabet)],
    'objects',
  );
  plan(
    'digits',
    'Token use by digit of the codebook',
    [counted('digit', levels.length), counted('level', Math.max(...levels))],
    'objects',
  );
  return {
    ...{ card, plans, size, groups, countsMax, fieldBins, around, turn, sectors },
    ...{ symbolsPerPatch, alphabet, levels, symbolDigits },
    groupOfSlot: Uint8Array.from(
      card.groups.flatMap(({ countMax }, group) => new Array<number>(countMax).fill(group)),
    ),
  };
};

export const planOf = ({ plans }: Pick<TriggerLayout, 'plans'>, name: string): ObjectPlan<string> =>
  plans.find((plan) => plan.name === name)!;

export const binsOf = (
  layout: Pick<TriggerLayout, 'plans'>,
  values: Float64Array,
  name: string,
): Float64Array => {
  const { offset, size } = planOf(layout, name);
  return values.subarray(offset, offset + size);
};

/** One group's row of an object. */
export const rowOf = (
  layout: Pick<TriggerLayout, 'plans' | 'groups'>,
  values: Float64Array,
  name: string,
  group: number,
): Float64Array => {
  const bins = binsOf(layout, values, name);
  const width = bins.length / layout.groups.length;
  return bins.subarray(group * width, (group + 1) * width);
};
