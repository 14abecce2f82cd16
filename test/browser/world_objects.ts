/**
 * Objects, frames and explanations of a made-up monitor: smooth shapes with noise from a seed, so that pages and servers
 * have something to show. Refuses to stand for a detector; no figure in here is quoted anywhere.
 */

import type { FrameShown, ObjectShown, ProjectionShown, Span } from '../../src/dqm/board.ts';
import { createPrng } from '../../src/kernels/prng.ts';

export const worldLayers = 16;
export const worldLanes = 192;
export const worldSamples = 249;
/** Front-end cards: 4 layers × 64 lanes each. */
const cardsAbreast = 3;
export const cardOf = (layer: number, lane: number): number =>
  Math.floor(layer / 4) * cardsAbreast + Math.floor(lane / 64);

const hash = (text: string): number => [...text].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7);

type Axis = ObjectShown['axes'][number];
const axis = (name: string, size: number, unit = '', origin = 0, step = 1): Axis => ({
  name,
  size,
  unit,
  origin,
  step,
});
const azimuth = axis('azimuth', worldLanes, 'rad', 0.00827673, 0.00265469);
const time = axis('time', worldSamples, 'ns', 0, 53);
const adc = axis('adc', 64, 'ADC', 0, 16);
const layer = axis('layer', worldLayers);

interface Plan {
  readonly title: string;
  readonly unit: string;
  readonly axes: readonly Axis[];
  /** Expected content of a bin for one frame. */
  expect(at: readonly number[]): number;
}

const spectrum = (value: number): number => (value < 4 ? 0 : 900 * Math.exp(-(value - 4) / 9));
const plans: Readonly<Record<string, Plan>> = {
  occupancy: {
    title: 'Hits of each channel',
    unit: 'hits',
    axes: [layer, azimuth],
    expect: ([l, a]) => 3.2 * (1 - 0.03 * l!) * (1 + 0.1 * Math.cos(a! / 20)),
  },
  charge: {
    title: 'Charge of each channel',
    unit: 'ADC',
    axes: [layer, azimuth],
    expect: ([l, a]) => 540 * (1 - 0.03 * l!) * (1 + 0.1 * Math.cos(a! / 20)),
  },
  adc: { title: 'ADC values', unit: 'hits', axes: [adc], expect: ([v]) => spectrum(v!) },
  card_adc: {
    title: 'ADC values of each front-end card',
    unit: 'hits',
    axes: [axis('card', 12), adc],
    expect: ([, v]) => spectrum(v!) / 12,
  },
  time: {
    title: 'Hits in time',
    unit: 'hits',
    axes: [time],
    expect: ([t]) => 40 + 4 * Math.sin(t! / 30) - 0.04 * t!,
  },
  pulse_length: {
    title: 'Samples in a row over threshold',
    unit: 'pulses',
    axes: [axis('samples', 32)],
    expect: ([n]) => (n! === 0 ? 0 : 800 * Math.exp(-((n! - 4) ** 2) / 8)),
  },
  symbols: {
    title: 'Token use by position and symbol',
    unit: 'patches',
    axes: [axis('position', 6), axis('symbol', 81)],
    expect: ([p, s]) => 30 / (1 + ((s! * 7 + p! * 13) % 41)),
  },
  bits: {
    title: 'Bits set in the ADC values of each channel',
    unit: 'hits',
    axes: [layer, azimuth, axis('bit', 10)],
    expect: ([, , b]) => 1.6 - 0.1 * b!,
  },
  p_values: {
    title: 'p-values of frames',
    unit: 'frames',
    axes: [axis('p', 50, '', 0, 0.02)],
    expect: () => 0.02,
  },
};
export const worldObjectNames: readonly string[] = Object.keys(plans);

const binsOf = (axes: readonly Axis[]): number => axes.reduce((n, { size }) => n * size, 1);
const positionOf = (axes: readonly Axis[], bin: number): number[] => {
  const at = new Array<number>(axes.length);
  let rest = bin;
  for (let i = axes.length - 1; i >= 0; i--) {
    at[i] = rest % axes[i]!.size;
    rest = Math.floor(rest / axes[i]!.size);
  }
  return at;
};

export const worldObject = (options: {
  readonly region: string;
  readonly name: string;
  readonly span: Span;
  readonly frames: number;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Front-end card that gives nothing. */
  readonly deadCard: number | null;
  readonly withReference: boolean;
}): ObjectShown | null => {
  const { region, name, span, frames, fromMs, untilMs, deadCard, withReference } = options;
  const plan = Object.hasOwn(plans, name) ? plans[name]! : null;
  if (plan === null) return null;
  const prng = createPrng(hash(region), hash(name), Math.floor(untilMs / 1000) % 65_536);
  const size = binsOf(plan.axes);
  const expected = Array.from({ length: size }, (_, bin) => plan.expect(positionOf(plan.axes, bin)) * frames);
  const dead = (bin: number): boolean => {
    if (deadCard === null) return false;
    const [first, second] = positionOf(plan.axes, bin);
    return plan.axes[0]!.name === 'layer'
      ? cardOf(first!, second!) === deadCard
      : plan.axes[0]!.name === 'card' && first === deadCard;
  };
  const values = expected.map((mean, bin) => (dead(bin) ? 0 : prng.poisson(mean)));
  const total = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0);
  const scale = total(values) / Math.max(1, total(expected));
  const reference = withReference ? expected.map((mean) => mean * scale) : null;
  const pulls =
    reference?.map((mean, bin) => (values[bin]! - mean) / Math.sqrt(Math.max(1, mean * 1.02))) ?? null;
  return {
    region,
    name,
    title: plan.title,
    unit: plan.unit,
    axes: plan.axes,
    span,
    fromMs,
    untilMs,
    frames,
    values,
    reference,
    pulls,
    spread: reference === null ? null : 1,
  };
};

/** A frame with some tracks and a hot chip, in three projections. */
export const worldFrame = (id: string, region: string, timeFrame: number): FrameShown => {
  const prng = createPrng(hash(id), 1);
  const size = { layer: worldLayers, azimuth: worldLanes, time: worldSamples };
  const units = { layer: '', azimuth: 'rad', time: 'ns' };
  type Name = keyof typeof size;
  const blank = (across: Name, up: Name): ProjectionShown & { values: number[] } => ({
    across: { name: across, unit: units[across], size: size[across] },
    up: { name: up, unit: units[up], size: size[up] },
    values: new Array<number>(size[across] * size[up]).fill(0),
  });
  const make = (noise: number): ProjectionShown[] => {
    const views = [blank('azimuth', 'layer'), blank('time', 'layer'), blank('time', 'azimuth')];
    const draw = createPrng(hash(id), 2);
    for (let track = 0; track < 40; track++) {
      const [lane0, time0] = [draw.uniform() * worldLanes, draw.uniform() * worldSamples];
      const [slope, drift] = [draw.gaussian() * 1.5, draw.gaussian() * 4];
      for (let l = 0; l < worldLayers; l++) {
        const lane = Math.round(lane0 + slope * l + noise * prng.gaussian());
        const at = Math.round(time0 + drift * l + noise * prng.gaussian());
        if (lane < 0 || lane >= worldLanes || at < 0 || at >= worldSamples) continue;
        const charge = 64 + Math.floor(300 * draw.uniform());
        const place = { layer: l, azimuth: lane, time: at };
        for (const view of views) {
          const bin = place[view.up.name as Name] * view.across.size + place[view.across.name as Name];
          view.values[bin] = view.values[bin]! + charge;
        }
      }
    }
    return views;
  };
  const blame = blank('azimuth', 'layer');
  const [hotLayer, hotLane] = [hash(id) % worldLayers, (hash(id) >>> 8) % (worldLanes - 8)];
  for (let l = 0; l < 8; l++) blame.values[hotLayer * worldLanes + hotLane + l] = 1 / (2 + l);
  const kept = hash(id) % 4 !== 0;
  return {
    id,
    region,
    timeFrame,
    hits: 640,
    packet: { layers: ['tokens', 'occupancy', '10 planes', 'remainder'], reason: 'rare', bytes: 41_203 },
    raw: kept ? make(0) : null,
    decoded: make(0.6),
    blame,
    missing: kept ? [] : ['the raw frame is no longer on the bus: it is kept for ten minutes'],
  };
};
