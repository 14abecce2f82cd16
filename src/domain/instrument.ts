/**
 * What an instrument is: a detector set-up described by data (its instrument card), never by code.
 * Refuses nothing itself; `wire/card.ts` checks a card's JSON before it becomes one of these.
 */

import type { CardHash, DurationNanos } from './quantity.ts';

/** One axis of a frame's grid; `size` cells, index 0 … size−1. */
export interface Axis {
  readonly name: string;
  readonly size: number;
  /** Physical coordinate of an index: origin + index · step, in `unit` (cm, ns, rad). */
  readonly unit: string;
  readonly origin: number;
  readonly step: number;
}

/** Which model tokenizes this instrument's frames. */
export interface ModelRef {
  readonly name: string;
  readonly version: number;
}

/** What cards of both kinds say: a grid of named axes, outermost first; a voxel's index is row-major over them. */
interface SharedCard {
  readonly id: string;
  readonly title: string;
  readonly axes: readonly Axis[];
  readonly adcBits: number;
  /** Zero suppression: no kept sample lies below it (ADC counts). */
  readonly thresholdAdc: number;
  /** Cells of one patch along each axis, in the order of `axes`. */
  readonly patch: readonly number[];
  /** `source_name` of each region; the region index is the position here. */
  readonly regions: readonly string[];
  readonly timeFrameNanos: DurationNanos;
  readonly model: ModelRef;
  /** Static tables of the ladder above the tokens, beside the card; absent until they are fitted. */
  readonly tables?: { readonly file: string; readonly sha256: string };
  /** What its scores know of its channels and of good frames, beside the card; absent until it is fitted. */
  readonly scores?: { readonly file: string; readonly sha256: string };
  /** Free-form conditions the simulator uses (gain, diffusion, rates), with their validity. */
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly hash: CardHash;
}

/** Frames of hits on the grid. */
interface DigitsCard extends SharedCard {
  readonly kind: 'digits';
}

/** Objects of one sort; a frame has at most `countMax` of them, each with these fields of the card. */
export interface ObjectGroup {
  readonly name: string;
  readonly countMax: number;
  readonly fields: readonly string[];
}

/** One number of an object: an integer of `bits` bits that stands for offset + step · integer, in `unit`. */
export interface ObjectField {
  readonly name: string;
  readonly unit: string;
  readonly bits: number;
  readonly offset: number;
  readonly step: number;
}

/**
 * Frames of records of named numbers. Their grid is derived (`wire/cards/instrument.ts`): axes `slot` (each group's
 * `countMax` places, group after group) × `field`; a voxel holds the integer + 1; one object is one patch.
 */
export interface ObjectsCard extends SharedCard {
  readonly kind: 'objects';
  readonly groups: readonly ObjectGroup[];
  readonly fields: readonly ObjectField[];
}

export type InstrumentCard = DigitsCard | ObjectsCard;

/** Cells in one frame of this instrument. */
export const voxelCount = (card: InstrumentCard): number => card.axes.reduce((n, axis) => n * axis.size, 1);

/** Where an index of a grid lies along each axis, outermost first. */
export const coordinatesOf = (index: number, sizes: readonly number[]): number[] => {
  const coordinates = new Array<number>(sizes.length).fill(0);
  let rest = index;
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    coordinates[axis] = rest % sizes[axis]!;
    rest = Math.floor(rest / sizes[axis]!);
  }
  return coordinates;
};

/** Patches along each axis; those at an axis' end may reach beyond it. */
export const patchesPerAxis = (card: Pick<InstrumentCard, 'axes' | 'patch'>): number[] =>
  card.axes.map(({ size }, axis) => Math.ceil(size / card.patch[axis]!));

/** A range of indices along an axis, the end excluded. */
export interface AxisSpan {
  readonly from: number;
  readonly to: number;
}

/** Cells of a patch along each axis; one at an axis' end stops there. */
export const patchSpan = (patch: number, card: Pick<InstrumentCard, 'axes' | 'patch'>): AxisSpan[] =>
  coordinatesOf(patch, patchesPerAxis(card)).map((at, axis) => {
    const step = card.patch[axis]!;
    return { from: at * step, to: Math.min((at + 1) * step, card.axes[axis]!.size) };
  });

/** A part of the grid as a person says it: `layer 3, azimuth 16–23`. */
export const spanInWords = (span: readonly AxisSpan[], axes: readonly Pick<Axis, 'name'>[]): string =>
  span
    .map(({ from, to }, axis) => {
      const name = axes[axis]?.name ?? `axis ${axis}`;
      return `${name} ${from === to - 1 ? from : `${from}–${to - 1}`}`;
    })
    .join(', ');
