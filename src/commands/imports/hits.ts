/**
 * Hits as people have them, in any order, on their way to being a frame's digits: checked against the card one
 * by one, then sorted. It refuses a coordinate outside the grid and a voxel that is hit twice.
 */

import { Fault } from '../../domain/fault.ts';
import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { countIn, type RowShape } from './rows.ts';

/** Gathers hits of one frame; `where` tells a person which part of which file they came from. */
export interface HitPile {
  add(voxel: number, adc: number): void;
  readonly count: number;
  /** Sorted digits; the pile is empty afterwards. Throws file-invalid when a voxel is hit twice. */
  digits(where: string): Digits;
}

export const openHitPile = (card: InstrumentCard): HitPile => {
  const scale = 2 ** card.adcBits;
  // Voxel and ADC in one number: sorting is then one native call, and exact below 2^53.
  let hits = new Float64Array(1024);
  let count = 0;
  return {
    add(voxel, adc) {
      if (count === hits.length) {
        const wider = new Float64Array(2 * count);
        wider.set(hits);
        hits = wider;
      }
      hits[count++] = voxel * scale + adc;
    },
    get count() {
      return count;
    },
    digits(where) {
      const sorted = hits.subarray(0, count).sort();
      const voxel = new Uint32Array(count);
      const adc = new Uint16Array(count);
      for (let i = 0; i < count; i++) {
        voxel[i] = Math.floor(sorted[i]! / scale);
        adc[i] = sorted[i]! % scale;
        if (i > 0 && voxel[i] === voxel[i - 1])
          throw new Fault(
            'file-invalid',
            `${where}: ${placeOf(voxel[i]!, card)} is hit twice; sum its samples or drop one`,
          );
      }
      const digits = { count, voxel, adc };
      count = 0;
      return digits;
    },
  };
};

/** A voxel in words: `layer 3, azimuth 17, time 200`. */
export const placeOf = (voxel: number, card: InstrumentCard): string => {
  let rest = voxel;
  return [...card.axes]
    .reverse()
    .map(({ name, size }) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return `${name} ${index}`;
    })
    .reverse()
    .join(', ');
};

export const adcMost = (card: InstrumentCard): number => 2 ** card.adcBits - 1;

/** One row a hit: the instrument's axes and adc. */
export const hitRows = (card: InstrumentCard): RowShape => {
  const sizes = card.axes.map(({ size }) => size);
  const adcLimit = adcMost(card);
  return {
    columns: [...card.axes.map(({ name }) => [name]), ['adc']],
    openPile: () => {
      const pile = openHitPile(card);
      return {
        add(row) {
          let voxel = 0;
          for (let axis = 0; axis < sizes.length; axis++)
            voxel = voxel * sizes[axis]! + countIn(row, axis, 0, sizes[axis]! - 1);
          pile.add(voxel, countIn(row, sizes.length, 1, adcLimit));
        },
        digits: pile.digits,
      };
    },
  };
};
