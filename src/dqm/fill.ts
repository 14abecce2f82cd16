/**
 * Frames and tokens into the MonitorObjects of one region, without allocating by hit. Refuses nothing: hits ascend and
 * lie on the grid, symbols lie in the alphabet (`wire` and `codec` checked them).
 */

import type { Digits } from '../domain/frame.ts';
import { adcBins, cardTimeStep, hitBins, type ObjectLayout, pulseBins, repeatBins } from './layout.ts';

export interface Filler {
  /** Adds one frame of hits to `into` (a region's array). */
  addHits(digits: Digits, into: Float64Array): void;
  /** Adds how much of a frame is as it was in the frame before of its region. */
  addRepeats(digits: Digits, before: Digits, into: Float64Array): void;
  /** Adds the symbols of so many patches, `symbolsPerPatch` each. */
  addSymbols(symbols: Uint8Array, patchCount: number, into: Float64Array): void;
}

const bump = (into: Float64Array, at: number, by = 1): void => {
  into[at] = into[at]! + by;
};

/** Scratch is made once: one filler a thread. */
export const openFiller = (layout: ObjectLayout): Filler => {
  const { plans, samples, lanes, adcBits, cardOf } = layout;
  const adcShift = adcBits - Math.log2(adcBins);
  const cardTimes = plans.card_time.axes[1]!.size;
  /** Channel of the last hit at each time. */
  const lastAt = new Int32Array(samples);

  const addPulse = (length: number, channel: number, into: Float64Array): void => {
    bump(into, plans.pulse_length.offset + Math.min(length, pulseBins - 1));
    if (length === 1) bump(into, plans.alone.offset + channel);
  };

  const addHit = (channel: number, bin: number, adc: number, into: Float64Array): void => {
    bump(into, plans.occupancy.offset + channel);
    bump(into, plans.charge.offset + channel, adc);
    const bits = plans.bits.offset + channel * adcBits;
    for (let bit = 0; bit < adcBits; bit++) if ((adc >>> bit) & 1) bump(into, bits + bit);
    const card = cardOf[channel]!;
    bump(into, plans.adc.offset + (adc >>> adcShift));
    bump(into, plans.card_adc.offset + card * adcBins + (adc >>> adcShift));
    bump(into, plans.time.offset + bin);
    bump(into, plans.card_time.offset + card * cardTimes + Math.floor(bin / cardTimeStep));
    if (lastAt[bin] === channel - 1 && channel % lanes > 0) bump(into, plans.pairs.offset + channel - 1);
    lastAt[bin] = channel;
  };

  const addHits = ({ count, voxel, adc }: Digits, into: Float64Array): void => {
    lastAt.fill(-2);
    let [length, previous] = [0, -2];
    for (let hit = 0; hit < count; hit++) {
      const at = voxel[hit]!;
      const channel = Math.floor(at / samples);
      const bin = at - channel * samples;
      if (length > 0 && (at !== previous + 1 || bin === 0)) {
        addPulse(length, Math.floor(previous / samples), into);
        length = 0;
      }
      length += 1;
      previous = at;
      addHit(channel, bin, adc[hit]!, into);
    }
    if (length > 0) addPulse(length, Math.floor(previous / samples), into);
    bump(into, plans.hits.offset + Math.min(hitBins - 1, Math.floor(4 * Math.log2(1 + count))));
  };

  const addRepeats = (digits: Digits, before: Digits, into: Float64Array): void => {
    let [same, other] = [0, 0];
    for (let hit = 0; hit < digits.count; hit++) {
      const at = digits.voxel[hit]!;
      while (other < before.count && before.voxel[other]! < at) other += 1;
      if (other < before.count && before.voxel[other] === at && before.adc[other] === digits.adc[hit])
        same += 1;
    }
    const share = same / Math.max(1, digits.count);
    const bin = share === 0 ? 0 : Math.max(1, Math.round(repeatBins - 1 + 2 * Math.log2(share)));
    bump(into, plans.repeats.offset + bin);
  };

  const { symbolsPerPatch, alphabet, symbolDigits, levels } = layout;
  const levelsMax = plans.digits.axes[1]!.size;
  const addSymbols = (symbols: Uint8Array, patchCount: number, into: Float64Array): void => {
    for (let patch = 0; patch < patchCount; patch++)
      for (let position = 0; position < symbolsPerPatch; position++) {
        let rest = symbols[patch * symbolsPerPatch + position]!;
        bump(into, plans.symbols.offset + position * alphabet + rest);
        for (let digit = (position + 1) * symbolDigits - 1; digit >= position * symbolDigits; digit--) {
          bump(into, plans.digits.offset + digit * levelsMax + (rest % levels[digit]!));
          rest = Math.floor(rest / levels[digit]!);
        }
      }
  };
  return { addHits, addRepeats, addSymbols };
};
