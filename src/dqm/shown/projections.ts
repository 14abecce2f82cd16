/**
 * A frame's hits seen along one axis at a time, and its blame drawn where its channels lie. Refuses grids of one axis: there
 * is nothing to see along.
 */

import type { Digits } from '../../domain/frame.ts';
import type { Axis, InstrumentCard } from '../../domain/instrument.ts';
import type { Share } from '../../domain/packet.ts';
import type { ProjectionShown } from '../board.ts';

const shown = ({ name, unit, size }: Axis) => ({ name, unit, size });

/** Pairs of axes, `up` before `across`; of two axes there is one. */
const pairsOf = (axes: readonly Axis[]): readonly (readonly [up: number, across: number])[] =>
  axes.flatMap((_, up) => axes.flatMap((_, across) => (up < across ? [[up, across] as const] : [])));

/** The sum of ADC over the axes left out, for each pair of axes. */
export const projectionsOf = ({ count, voxel, adc }: Digits, { axes }: InstrumentCard): ProjectionShown[] => {
  const pairs = pairsOf(axes);
  const sums = pairs.map(([up, across]) => new Float64Array(axes[up]!.size * axes[across]!.size));
  const at = new Int32Array(axes.length);
  for (let hit = 0; hit < count; hit++) {
    let rest = voxel[hit]!;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const { size } = axes[axis]!;
      at[axis] = rest % size;
      rest = Math.floor(rest / size);
    }
    for (const [i, [up, across]] of pairs.entries()) {
      const cell = at[up]! * axes[across]!.size + at[across]!;
      sums[i]![cell] = sums[i]![cell]! + adc[hit]!;
    }
  }
  return pairs.map(([up, across], i) => ({
    up: shown(axes[up]!),
    across: shown(axes[across]!),
    values: Array.from(sums[i]!),
  }));
};

/** Shares of blame of channels on layers × lanes; null without any. */
export const blameOf = (channels: readonly Share[], { axes }: InstrumentCard): ProjectionShown | null => {
  if (channels.length === 0 || axes.length < 2) return null;
  const lane = axes.at(-2)!;
  const layers = axes.slice(0, -2).reduce((product, { size }) => product * size, 1);
  const values = new Float64Array(layers * lane.size);
  for (const { index, share } of channels)
    if (index < values.length) values[index] = Math.max(values[index]!, share);
  const layer = axes.length === 3 ? shown(axes[0]!) : { name: 'layer', unit: '', size: layers };
  return { up: layer, across: shown(lane), values: Array.from(values) };
};
