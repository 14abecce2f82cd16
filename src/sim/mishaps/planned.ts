/**
 * Mishaps of the catalogue put into a running simulation from a chosen moment on, in a chosen region: what a test or a drill of
 * shifters asks for, as `dead-card:region=tpc_outer_n03,after=40s`. Refuses kinds, regions and strengths that there are not.
 */

import { Fault } from '../../domain/fault.ts';
import type { Digits, FrameIdentity } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { createPrng } from '../../kernels/prng.ts';
import { prepareChannels } from '../channels.ts';
import { prepareDetector } from '../detector.ts';
import { prepareResponse } from '../response.ts';
import { catalogue, type MishapKind } from './catalogue.ts';
import { wiring } from './site.ts';

export interface PlannedMishap {
  readonly kind: MishapKind;
  readonly region: number;
  /** Since the first time frame is sent, ms; it holds up to `untilMs`. */
  readonly afterMs: number;
  readonly untilMs: number;
  readonly strength: number;
  /** Where it strikes; a busy channel of the first frame it meets where nobody said. */
  readonly channel: number | null;
}

const wrong = (text: string, what: string): Fault =>
  new Fault('config-invalid', `--mishap '${text}': ${what}`);
const dashed = (name: string): string => name.replaceAll(' ', '-');

const seconds = (text: string, value: string): number => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(value);
  if (match === null) throw wrong(text, `'${value}' is no length of time, as 40s`);
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[match[2] as 'ms' | 's' | 'm'];
};

/** First channel of a front-end card, counted across lanes first, as a monitor names them. */
const firstOfCard = (card: InstrumentCard, index: number): number => {
  const lanes = card.axes.at(-2)!.size;
  const abreast = Math.ceil(lanes / wiring.cardPads);
  return Math.floor(index / abreast) * wiring.cardLayers * lanes + (index % abreast) * wiring.cardPads;
};

const readOne = (text: string, card: InstrumentCard): PlannedMishap => {
  const [name, rest = ''] = text.split(':', 2) as [string, string?];
  const kind = catalogue.find((one) => dashed(one.name) === name);
  if (kind === undefined)
    throw wrong(
      text,
      `there is no '${name}'; there are ${catalogue.map((one) => dashed(one.name)).join(', ')}`,
    );
  const pairs = rest.split(',').filter((pair) => pair !== '');
  const values = new Map(pairs.map((pair) => pair.split('=', 2) as [string, string]));
  const known = ['region', 'after', 'for', 'strength', 'channel', 'card'];
  for (const key of values.keys())
    if (!known.includes(key)) throw wrong(text, `'${key}' is none of ${known.join(', ')}`);
  const regionName = values.get('region') ?? card.regions[0]!;
  const region = /^\d+$/.test(regionName) ? Number(regionName) : card.regions.indexOf(regionName);
  if (card.regions[region] === undefined)
    throw wrong(text, `${card.id} has no region '${regionName}'; the first is ${card.regions[0]}`);
  const number = (key: string, least: number, most: number): number | null => {
    const value = values.get(key);
    if (value === undefined) return null;
    if (Number(value) >= least && Number(value) <= most) return Number(value);
    throw wrong(text, `${key} lies between ${least} and ${most}`);
  };
  const channels = card.axes.slice(0, -1).reduce((product, { size }) => product * size, 1);
  const onCard = number('card', 0, Math.ceil(channels / (wiring.cardLayers * wiring.cardPads)) - 1);
  const afterMs = seconds(text, values.get('after') ?? '0s');
  const lengthMs = values.has('for') ? seconds(text, values.get('for')!) : Number.POSITIVE_INFINITY;
  return {
    kind,
    region,
    afterMs,
    untilMs: afterMs + lengthMs,
    strength: number('strength', 0, kind.strengths.at(-1)!) ?? kind.strengths.at(-1)!,
    channel: onCard === null ? number('channel', 0, channels - 1) : firstOfCard(card, onCard),
  };
};

/** Mishaps of a plan, `;` between them; none of an empty one. Throws config-invalid. */
export const readMishaps = (plan: string, card: InstrumentCard): readonly PlannedMishap[] => {
  const texts = plan.split(';').filter((text) => text.trim() !== '');
  if (texts.length > 0 && card.kind !== 'digits')
    throw wrong(plan, `${card.id} has no hits; mishaps strike instruments of hits`);
  return texts.map((text) => readOne(text.trim(), card));
};

interface Plain {
  readonly identity: FrameIdentity;
  readonly digits: Digits;
}
interface Source<Frame extends Plain> {
  timeFrame(number: number): readonly Frame[];
}
/** A frame, and the names of the mishaps that struck it. */
type Struck<Frame extends Plain> = Frame & { readonly struck?: readonly string[] };

/**
 * The source with mishaps in it. Frames of a pool that come again are struck alike, so that they are packed once.
 * @param rate time frames a second: what makes an instant a number
 */
export const withMishaps = <Frame extends Plain>(
  source: Source<Frame>,
  mishaps: readonly PlannedMishap[],
  parts: { readonly card: InstrumentCard; readonly rate: number; readonly seed: number },
): Source<Struck<Frame>> => {
  if (mishaps.length === 0) return source;
  const { card, rate, seed } = parts;
  const detector = prepareDetector(card);
  const response = prepareResponse(detector);
  const { gain } = prepareChannels(detector, [seed]);
  const adcMax = 2 ** card.adcBits - 1;
  const struck = mishaps.map(() => new WeakMap<Digits, Digits>());
  const places = mishaps.map(({ channel }) => channel);
  const firstOf = (ms: number): number => (rate > 0 ? Math.ceil((ms / 1000) * rate) : ms);
  const busy = ({ count, voxel }: Digits): number => Math.floor(voxel[count >> 1]! / detector.bins);

  const strike = (i: number, number: number, digits: Digits, earlier: Digits): Digits => {
    const { kind, region, strength } = mishaps[i]!;
    const known = struck[i]!.get(digits);
    if (known !== undefined) return known;
    if (digits.count > 0) places[i] ??= busy(digits);
    // What particles do is new in every frame; what electronics do stays.
    const key = kind.amid === 'pp' ? [number] : [];
    const site = {
      ...{ detector, response, region, digits, earlier, adcMax },
      gain: gain[region]!,
      prng: createPrng(seed, 7, i, ...key),
    };
    const place = places[i] ?? null;
    const harm = kind.strike(
      place === null || kind.amid === 'pp' ? site : { ...site, channel: place },
      strength,
    );
    struck[i]!.set(digits, harm.digits);
    return harm.digits;
  };
  return {
    timeFrame(number) {
      const frames = source.timeFrame(number);
      const active = [...mishaps.keys()].filter(
        (i) => number >= firstOf(mishaps[i]!.afterMs) && number < firstOf(mishaps[i]!.untilMs),
      );
      if (active.length === 0) return frames;
      const before = number === 0 ? frames : source.timeFrame(number - 1);
      return frames.map((frame, region) => {
        let { digits } = frame;
        const here = active.filter((i) => mishaps[i]!.region === region);
        for (const i of here) digits = strike(i, number, digits, before[region]!.digits);
        return { ...frame, digits, struck: here.map((i) => dashed(mishaps[i]!.kind.name)) };
      });
    },
  };
};
