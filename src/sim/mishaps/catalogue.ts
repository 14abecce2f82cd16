/**
 * The catalogue of mishaps anomaly scores are judged against: each kind with its strength on a fixed grid, its unit, and
 * the instrument on which it means most. Pure: a site and a strength give one harm. Refuses to hide a kind.
 */

import { beamBackground, displacedVertex, heavyTrack, monopole, spark } from './intruders.ts';
import {
  bitFlips,
  cardGain,
  deadCard,
  deadChannels,
  gainDrop,
  hotChannels,
  noiseBurst,
  repeatedFrame,
  stuckBit,
  timeShift,
  wrongGeometry,
} from './readout.ts';
import type { Harm, Site } from './site.ts';

export interface MishapKind {
  readonly name: string;
  readonly unit: string;
  /** Ascending: the fixed grid on which it is measured. */
  readonly strengths: readonly number[];
  /** Where its channels are the fault's own: an explanation can be judged by them. */
  readonly touchesChannels: boolean;
  /** The collisions amid which it is judged first: crowded frames show channels, empty ones show particles. */
  readonly amid: 'auau' | 'pp';
  readonly strike: (site: Site, strength: number) => Harm;
}

const counts = [1, 2, 4, 8, 16, 32, 64] as const;
const shares = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5] as const;
const channelFault = { touchesChannels: true, amid: 'auau' } as const;
const particle = { touchesChannels: true, amid: 'pp' } as const;

export const catalogue: readonly MishapKind[] = [
  { name: 'dead channels', unit: 'channels', strengths: counts, ...channelFault, strike: deadChannels },
  { name: 'hot channels', unit: 'channels', strengths: counts, ...channelFault, strike: hotChannels },
  {
    name: 'dead card',
    unit: 'channels',
    strengths: [4, 8, 16, 32, 64, 128, 256],
    ...channelFault,
    strike: deadCard,
  },
  {
    name: 'gain drop',
    unit: 'share',
    strengths: shares,
    touchesChannels: false,
    amid: 'auau',
    strike: gainDrop,
  },
  { name: 'card gain drop', unit: 'share', strengths: shares, ...channelFault, strike: cardGain },
  {
    name: 'noise burst',
    unit: 'channels',
    strengths: [4, 8, 16, 32, 64, 128, 256],
    ...channelFault,
    strike: noiseBurst,
  },
  {
    name: 'time shift',
    unit: 'time bins',
    strengths: [1, 2, 3, 5, 8, 12, 20],
    ...channelFault,
    strike: timeShift,
  },
  {
    name: 'bit flips',
    unit: 'share of a chip’s words',
    strengths: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3],
    ...channelFault,
    strike: bitFlips,
  },
  { name: 'stuck bit', unit: 'channels', strengths: counts, ...channelFault, strike: stuckBit },
  {
    name: 'wrong geometry',
    unit: 'channels swapped',
    strengths: counts,
    ...channelFault,
    strike: wrongGeometry,
  },
  {
    name: 'repeated frame',
    unit: 'share of channels',
    strengths: [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1],
    touchesChannels: false,
    amid: 'auau',
    strike: repeatedFrame,
  },
  { name: 'spark', unit: 'radius in pads', strengths: [0.5, 1, 2, 3, 5, 8, 12], ...particle, strike: spark },
  {
    name: 'beam background',
    unit: 'cm',
    strengths: [1, 2, 5, 10, 20, 40, 100],
    ...particle,
    strike: beamBackground,
  },
  {
    name: 'displaced vertex',
    unit: 'tracks',
    strengths: [1, 2, 3, 4, 6, 8, 12],
    ...particle,
    strike: displacedVertex,
  },
  {
    name: 'heavy track',
    unit: 'times least ionisation',
    strengths: [1, 1.5, 2, 3, 4, 6, 10],
    ...particle,
    strike: heavyTrack,
  },
  {
    name: 'monopole',
    unit: 'times least ionisation',
    strengths: [1.5, 2, 3, 5, 8, 12, 20],
    ...particle,
    strike: monopole,
  },
];
