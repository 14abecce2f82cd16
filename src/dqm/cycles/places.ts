/**
 * Bins as a person says them: `layer 3, azimuth 17`, `front-end card 4 (layers 0–3, azimuth 64–127)`. Refuses nothing: an
 * index beyond the grid is said as its number.
 */

import { type Axis, coordinatesOf, type InstrumentCard } from '../../domain/instrument.ts';
import type { ObjectLayout } from '../layout.ts';

const range = (from: number, to: number): string => (from === to ? `${from}` : `${from}–${to}`);

/** What of the detector a reading's bins number. */
export type Numbered = 'channel' | 'chip' | 'card' | 'seam';

/** Names of a grid's parts, from its axes. */
export interface Places {
  channel(index: number): string;
  chip(index: number): string;
  card(index: number): string;
  seam(index: number): string;
  /** Channels that a part holds, ascending. */
  channelsOf(what: Numbered, index: number): number[];
}

/** A channel along the axes before the last, outermost first. */
export const channelInWords = (axes: readonly Axis[], channel: number): string => {
  const before = axes.slice(0, -1);
  const at = coordinatesOf(
    channel,
    before.map(({ size }) => size),
  );
  return before.map(({ name }, axis) => `${name} ${at[axis]}`).join(', ');
};

export const placesOf = (
  { wiring, lanes, layers, channels, chipOf, cardOf }: ObjectLayout,
  { axes }: Pick<InstrumentCard, 'axes'>,
): Places => {
  const laneName = axes.at(-2)!.name;
  const chipsAbreast = Math.ceil(lanes / wiring.chipLanes);
  const cardsAbreast = Math.ceil(lanes / wiring.cardLanes);
  const laneSpan = (first: number, count: number): string =>
    `${laneName} ${range(first, Math.min(lanes, first + count) - 1)}`;
  const layerSpan = (band: number): string =>
    `layers ${range(band * wiring.cardLayers, Math.min(layers, (band + 1) * wiring.cardLayers) - 1)}`;
  const every = (test: (channel: number) => boolean): number[] =>
    Array.from({ length: channels }, (_, channel) => channel).filter(test);
  const seamsAbreast = Math.max(1, cardsAbreast - 1);
  return {
    channel: (index) => channelInWords(axes, index),
    chip: (index) =>
      `chip ${index % chipsAbreast} of layer ${Math.floor(index / chipsAbreast)} ` +
      `(${laneSpan((index % chipsAbreast) * wiring.chipLanes, wiring.chipLanes)})`,
    card: (index) =>
      `front-end card ${index} (${layerSpan(Math.floor(index / cardsAbreast))}, ` +
      `${laneSpan((index % cardsAbreast) * wiring.cardLanes, wiring.cardLanes)})`,
    seam(index) {
      const first = Math.floor(index / seamsAbreast) * cardsAbreast + (index % seamsAbreast);
      return `border of front-end cards ${first} and ${first + 1}`;
    },
    channelsOf(what, index) {
      if (what === 'channel') return [index];
      if (what === 'chip') return every((channel) => chipOf[channel] === index);
      if (what === 'card') return every((channel) => cardOf[channel] === index);
      const [band, seam] = [Math.floor(index / seamsAbreast), index % seamsAbreast];
      const lane = (seam + 1) * wiring.cardLanes - 1;
      return every(
        (channel) =>
          Math.floor(channel / lanes / wiring.cardLayers) === band &&
          (channel % lanes === lane || channel % lanes === lane + 1),
      );
    },
  };
};

/** A bin of a histogram by its axes: physical where they have a unit. */
export const binInWords = (axes: readonly Axis[], bin: number): string => {
  const at = coordinatesOf(
    bin,
    axes.map(({ size }) => size),
  );
  return axes
    .map(({ name, unit, origin, step }, axis) => {
      const value = Number((origin + at[axis]! * step).toPrecision(6));
      return unit === '' ? `${name} ${value}` : `${name} ${value} ${unit}`;
    })
    .join(', ');
};
