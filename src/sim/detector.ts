/**
 * The simulated chamber: the numbers of an instrument card's `conditions`, checked, and the geometry that follows
 * from its axes. Refuses a card whose conditions are missing or whose axes are not layer, azimuth and time.
 */

import { Fault } from '../domain/fault.ts';
import type { Axis, InstrumentCard } from '../domain/instrument.ts';

/** Numbers the simulation needs; their meaning and sources are in instruments/README.md. */
const numbers = [
  'fieldTesla',
  'driftVelocityCmPerNs',
  'halfLengthCm',
  'absorberRadiusCm',
  'primaryClustersPerCm',
  'electronsPerCm',
  'diffusionTransverseCmPerSqrtCm',
  'diffusionLongitudinalCmPerSqrtCm',
  'avalancheSigmaCm',
  'arrivalSigmaCm',
  'polyaTheta',
  'peakingNanos',
  'adcPerElectron',
  'channelGainSpread',
  'crossTalk',
  'noiseAdc',
  'deadChannelShare',
  'hotChannelShare',
  'hotChannelNoiseAdc',
  'turnsMax',
  'electronTurnsMax',
  'radiationLengthCm',
  'energyLossGevPerCm',
  'secondariesPerTrack',
  'secondaryPtGev',
  'collisionRateHz',
  'centralShare',
  'vertexSigmaZCm',
] as const;

export type Conditions = Readonly<Record<(typeof numbers)[number], number>>;

export interface Detector {
  readonly conditions: Conditions;
  readonly layers: number;
  readonly pads: number;
  readonly bins: number;
  readonly sectors: number;
  readonly regionCount: number;
  /** Inner radius of each layer and, last, the outer radius, cm. */
  readonly radii: Float64Array;
  /** Azimuth of the centre of pad 0 inside its sector, and of one pad, rad. */
  readonly padOrigin: number;
  readonly padStep: number;
  readonly sectorStep: number;
  readonly binNanos: number;
  readonly frameNanos: number;
  readonly thresholdAdc: number;
  readonly adcMax: number;
}

/** Longest time from a collision to the end of its last pulse: full drift and ten bins of shaping. */
export const reachNanos = (detector: Detector): number =>
  detector.conditions.halfLengthCm / detector.conditions.driftVelocityCmPerNs + 10 * detector.binNanos;

const axisOf = (card: InstrumentCard, index: number, name: string, unit: string): Axis => {
  const axis = card.axes[index];
  if (axis?.name !== name || axis.unit !== unit) {
    throw new Fault('card-invalid', `${card.id}: to simulate it, axis ${index} must be ${name} in ${unit}`);
  }
  return axis;
};

/** Half the regions look at z > 0, half at z < 0, each half in equal sectors of azimuth from 0. */
export const prepareDetector = (card: InstrumentCard): Detector => {
  const layer = axisOf(card, 0, 'layer', 'cm');
  const azimuth = axisOf(card, 1, 'azimuth', 'rad');
  const time = axisOf(card, 2, 'time', 'ns');
  const missing = numbers.filter((name) => !Number.isFinite(card.conditions[name]));
  if (missing.length > 0) {
    throw new Fault('card-invalid', `${card.id}: conditions lack the numbers ${missing.join(', ')}`);
  }
  if (card.regions.length % 2 !== 0) {
    throw new Fault('card-invalid', `${card.id}: to simulate it, its regions must be two equal halves`);
  }
  const sectors = card.regions.length / 2;
  return {
    // A plain object of its own: a card's record may be one whose every look-up is slow.
    conditions: { ...Object.fromEntries(numbers.map((name) => [name, card.conditions[name]])) } as Conditions,
    layers: layer.size,
    pads: azimuth.size,
    bins: time.size,
    sectors,
    regionCount: card.regions.length,
    radii: Float64Array.from({ length: layer.size + 1 }, (_, i) => layer.origin + (i - 0.5) * layer.step),
    padOrigin: azimuth.origin,
    padStep: azimuth.step,
    sectorStep: (2 * Math.PI) / sectors,
    binNanos: time.step,
    frameNanos: Number(card.timeFrameNanos),
    thresholdAdc: card.thresholdAdc,
    adcMax: 2 ** card.adcBits - 1,
  };
};
