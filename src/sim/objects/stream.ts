/**
 * Crossings as a trigger's objects: a hard collision of one of several classes, or none, among soft ones. The normal
 * stream is a mixture; a class can also be asked for alone. Pure in (seed, number): any event, in any order. Refuses
 * nothing; the card and the lists were checked before.
 */

import type { ObjectRecord } from '../../domain/frame.ts';
import type { ObjectsCard } from '../../domain/instrument.ts';
import { createPrng, type Prng } from '../../kernels/prng.ts';
import type { Split } from '../particles.ts';
import { etaTowers, openCalorimeter, openHit, phiTowers, softLibrary, strike } from './calorimeter.ts';
import { type EventDraw, type EventStore, eventDraw, Kind } from './events.ts';
import { type FoundMuon, openTrigger } from './trigger.ts';

/** What a crossing holds besides pile-up. */
export const classes = ['crossing', 'qcd', 'w', 'z', 'tt', 'a4l', 'lq', 'h0', 'hc'] as const;
export type EventClass = (typeof classes)[number];
export const signals = ['a4l', 'lq', 'h0', 'hc'] as const satisfies readonly EventClass[];

/**
 * Shares of the normal stream. One half is crossings as they come, prescaled; the other is what a loose pre-selection
 * passes, in the proportions of the ADC2021 benchmark (Sci. Data 9, 118 (2022): W 59.2 %, QCD 33.8 %, Z 6.7 %, top
 * 0.3 %).
 */
export const mixture: readonly (readonly [EventClass, number])[] = [
  ['crossing', 0.5],
  ['w', 0.296],
  ['qcd', 0.169],
  ['z', 0.0335],
  ['tt', 0.0015],
];

/** One of these (GeV) makes a hard collision pass the pre-selection. */
const passes = { met: 80, egamma: 20, muon: 14, jet: 50 } as const;
/** A class whose events hardly ever pass is taken as it is after so many. */
const triesMax = 2000;

export interface Knobs {
  /** Soft collisions a crossing, on average. */
  readonly pileUp: number;
  /** Of the calorimeter. */
  readonly gain: number;
  /** Towers a crossing with noise of 1.5 GeV and more, on average. */
  readonly noisyTowers: number;
}

export const nominal: Knobs = { pileUp: 50, gain: 1, noisyTowers: 2 };

export type ListName = 'soft' | Exclude<EventClass, 'crossing'>;

export interface ObjectEvent {
  readonly class: EventClass;
  /** Which event of its class's list the hard collision is; −1 of a crossing without one. */
  readonly source: number;
  /** Crossings looked at until one passed; 1 where nothing was asked of it. */
  readonly tries: number;
  readonly records: readonly ObjectRecord[];
}

type Crossing = Pick<ObjectEvent, 'source' | 'records'>;

export interface ObjectStream {
  /** An event of the normal stream. */
  normal(number: number, knobs?: Knobs): ObjectEvent;
  /** An event of one class, pre-selected as in the normal stream. */
  of(wanted: EventClass, number: number, knobs?: Knobs): ObjectEvent;
}

const noiseFromGev = 1.5;
/** Fake and decay muons a soft collision. */
const softMuons = 8e-4;

/**
 * The muon trigger's answer to a muon, or null: efficiency falls below 4 GeV, the inverse of pT is known to a fifth,
 * and one in twenty is known to a half only.
 */
const foundMuon = (pt: number, eta: number, phi: number, prng: Prng): FoundMuon | null => {
  if (Math.abs(eta) > 2.4 || prng.uniform() > 0.94 / (1 + Math.exp(3 * (3.5 - pt)))) return null;
  const spread = prng.uniform() < 0.05 ? 0.5 : 0.2;
  const inverse = Math.max(1 / 255, (1 + spread * prng.gaussian()) / pt);
  return { pt: 1 / inverse, eta: eta + 0.02 * prng.gaussian(), phi: phi + 0.02 * prng.gaussian() };
};

/** The muon that a soft collision seems to have: soft mostly, one in twenty reconstructed far too hard. */
const softMuon = (prng: Prng): FoundMuon => ({
  pt: prng.uniform() < 0.05 ? 5 * Math.exp(2.5 * prng.uniform()) : 3 + 1.5 * prng.exponential(),
  eta: 4.8 * (prng.uniform() - 0.5),
  phi: 2 * Math.PI * prng.uniform(),
});

export const openObjectStream = (
  card: ObjectsCard,
  lists: Readonly<Record<ListName, EventStore>>,
  options: { readonly seed: number; readonly split: Split },
): ObjectStream => {
  const { seed, split } = options;
  const calorimeter = openCalorimeter();
  const trigger = openTrigger(card);
  const soft = softLibrary(lists.soft, split);
  const draws = new Map<EventClass, EventDraw>();
  for (const name of classes) if (name !== 'crossing') draws.set(name, eventDraw(lists[name], split));
  const thresholds = card.groups.map(({ name }) => {
    const { offset, step } = card.fields.find((field) => field.name === 'pt')!;
    return (passes[name as keyof typeof passes] - offset) / step;
  });
  const ptAt = card.fields.findIndex(({ name }) => name === 'pt');
  const hit = openHit();

  /** Returns which event of the list it was. */
  const addHard = (name: EventClass, prng: Prng, muons: FoundMuon[]): number => {
    if (name === 'crossing') return -1;
    const { ends, kind, pt, eta, phi } = lists[name];
    const event = draws.get(name)!.at(prng.uniform());
    const side = prng.uniform() < 0.5 ? -1 : 1;
    const turn = 2 * Math.PI * prng.uniform();
    for (let i = event === 0 ? 0 : ends[event - 1]!; i < ends[event]!; i++) {
      const [at, about] = [side * eta[i]!, phi[i]! + turn];
      if (kind[i] === Kind.muon || kind[i] === Kind.antimuon) {
        const muon = foundMuon(pt[i]!, at, about, prng);
        if (muon !== null) muons.push(muon);
      } else if (strike(kind[i]!, pt[i]!, at, about, prng, hit)) calorimeter.addHit(hit);
    }
    return event;
  };

  const crossing = (name: EventClass, prng: Prng, knobs: Knobs): Crossing => {
    const muons: FoundMuon[] = [];
    calorimeter.clear();
    const source = addHard(name, prng, muons);
    // A hard collision's own soft particles are those of one more soft event.
    const softCount = prng.poisson(knobs.pileUp) + (name === 'crossing' ? 0 : 1);
    for (let i = 0; i < softCount; i++) {
      const place = prng.uniform();
      const turned = prng.uint32();
      calorimeter.addSoft(soft, soft.draw.at(place), (turned >>> 1) % phiTowers, (turned & 1) === 1);
    }
    for (let i = prng.poisson(softMuons * softCount); i > 0; i--) muons.push(softMuon(prng));
    for (let i = prng.poisson(knobs.noisyTowers); i > 0; i--) {
      const [row, column] = [Math.floor(prng.uniform() * etaTowers), Math.floor(prng.uniform() * phiTowers)];
      calorimeter.addNoise(row, column, noiseFromGev + prng.exponential());
    }
    calorimeter.close(knobs.gain);
    return { source, records: trigger.find(calorimeter.towers, muons, prng) };
  };

  const isPassed = (records: readonly ObjectRecord[]): boolean =>
    records.some(({ group, values }) => values[ptAt]! >= thresholds[group]!);

  const selected = (name: EventClass, prng: Prng, knobs: Knobs): ObjectEvent => {
    let found = crossing(name, prng, knobs);
    let tries = 1;
    if (name !== 'crossing')
      for (; !isPassed(found.records) && tries < triesMax; tries++) found = crossing(name, prng, knobs);
    return { class: name, tries, ...found };
  };

  return {
    normal(number, knobs = nominal) {
      const prng = createPrng(seed, 21, number);
      let place = prng.uniform();
      for (const [name, share] of mixture) {
        if (place < share) return selected(name, prng, knobs);
        place -= share;
      }
      return selected('crossing', prng, knobs);
    },
    of: (wanted, number, knobs = nominal) =>
      selected(wanted, createPrng(seed, 22, classes.indexOf(wanted), number), knobs),
  };
};
