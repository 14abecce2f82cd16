/**
 * Bursts: false alarms over years of simulated background, every event of it seen by the finder itself, and the share of
 * injected bursts that are found, by their size. Refuses to skip quiet stretches: what is said of a year is a whole year.
 */

import { openBurstFinder, secondsPerYear } from '../../../src/anomaly/bursts/finder.ts';
import type { Plot } from '../../../src/archive/report/plot.ts';
import type { BurstState } from '../../../src/domain/burst.ts';
import { createPrng, type Prng } from '../../../src/kernels/prng.ts';
import { halfStrength, wilson } from './nulls.ts';
import type { Part, PartQuestion, Row } from './part.ts';

const windowsMs = [100, 300, 1000, 3000, 10_000];
const budgets = [
  { name: '1/week', perYear: 365.25 / 7 },
  { name: '1/year', perYear: 1 },
] as const;
/** At 1 Hz a quarter of a century is 8 · 10⁸ events: what a minute or two of one core see. */
const backgrounds = [
  { hertz: 0.01, years: 100 },
  { hertz: 0.1, years: 100 },
  { hertz: 1, years: 100 },
] as const;
const beginMs = 1.7e12;

/** Upper end of Garwood's 95 % interval of a Poisson mean (Biometrika 28, 1936), by bisection. */
const upperMean = (count: number): number => {
  const below = (mean: number): number => {
    let [term, sum] = [Math.exp(-mean), 0];
    for (let k = 0; k <= count; k++) {
      sum += term;
      term *= mean / (k + 1);
    }
    return sum;
  };
  if (count > 600) return count + 2 * Math.sqrt(count) + 3;
  let [low, high] = [count, 2 * count + 10];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (below(middle) > 0.025) low = middle;
    else high = middle;
  }
  return high;
};

interface Background {
  readonly events: number;
  /** Of each budget. */
  readonly alarms: readonly number[];
  /** As it stood after the years. */
  readonly states: readonly BurstState[];
}

/** One stream of background, seen by a finder for each budget. */
const watchBackground = (hertz: number, years: number, seed: number): Background => {
  const prng = createPrng(seed, hertz * 1000, 1);
  const finders = budgets.map(({ perYear }) => openBurstFinder({ windowsMs, falseAlarmsPerYear: perYear }));
  const alarms = budgets.map(() => 0);
  const endMs = beginMs + years * secondsPerYear * 1000;
  const meanMs = 1000 / hertz;
  let events = 0;
  for (let atMs = beginMs + meanMs * prng.exponential(); atMs < endMs; atMs += meanMs * prng.exponential()) {
    events += 1;
    for (let i = 0; i < finders.length; i++) {
      const tellings = finders[i]!.observe(atMs);
      if (tellings.length > 0) for (const { kind } of tellings) alarms[i]! += kind === 'begun' ? 1 : 0;
    }
  }
  return { events, alarms, states: finders.map((finder) => finder.state()) };
};

/** When the events of a burst come, s after its begin. */
const profiles: readonly { readonly name: string; readonly draw: (prng: Prng) => number }[] = [
  // Some two thirds of a supernova's neutrinos come in the first seconds: 95 % of these come within 10 s.
  { name: 'exponential decay, 95 % in 10 s', draw: (prng) => (prng.exponential() * 10) / Math.log(20) },
  { name: 'flat over 10 s', draw: (prng) => prng.uniform() * 10 },
];

/** Whether a burst of `size` events on top of background is found. */
const found = (
  state: BurstState,
  perYear: number,
  hertz: number,
  size: number,
  draw: (prng: Prng) => number,
  prng: Prng,
): boolean => {
  const finder = openBurstFinder({ windowsMs, falseAlarmsPerYear: perYear }, { ...state, episode: null });
  const [fromMs, toMs] = [state.lastMs!, state.lastMs! + 60_000];
  const instants = Array.from({ length: size }, () => fromMs + 20_000 + 1000 * draw(prng));
  const meanMs = 1000 / hertz;
  for (let atMs = fromMs + meanMs * prng.exponential(); atMs < toMs; atMs += meanMs * prng.exponential())
    instants.push(atMs);
  instants.sort((a, b) => a - b);
  return instants.some((atMs) => finder.observe(atMs).some(({ kind }) => kind === 'begun'));
};

const sizes = [2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40];

const measure = async ({ quick, seed }: PartQuestion) => {
  const rows: Row[] = [];
  const ratios: Record<string, number | null> = {};
  const curves: Plot['curves'][number][] = [];
  let [worst, worstUpper] = [0, 0];
  const trials = quick ? 40 : 1000;
  for (const { hertz, years: wanted } of backgrounds) {
    const years = quick ? wanted / (100 * Math.max(1, hertz * 10)) : wanted;
    const { events, alarms, states } = watchBackground(hertz, years, seed);
    for (const [i, { name, perYear }] of budgets.entries()) {
      const allowed = years * perYear;
      worst = Math.max(worst, alarms[i]! / allowed);
      worstUpper = Math.max(worstUpper, upperMean(alarms[i]!) / allowed);
      rows.push({
        part: 'bursts: false alarms',
        background_hertz: hertz,
        years,
        events,
        budget: name,
        allowed,
        alarms: alarms[i]!,
        alarms_upper_95: upperMean(alarms[i]!),
        over_budget: alarms[i]! / allowed,
      });
      for (const { name: profile, draw } of profiles) {
        const prng = createPrng(seed, hertz * 1000, i, profile.length);
        const efficiencies = sizes.map((size) => {
          let hits = 0;
          for (let n = 0; n < trials; n++)
            hits += found(states[i]!, perYear, hertz, size, draw, prng) ? 1 : 0;
          return { size, efficiency: hits / trials, ...wilson(hits, trials) };
        });
        const half = halfStrength(
          sizes,
          efficiencies.map(({ efficiency }) => efficiency),
        );
        for (const { size, efficiency, low, high } of efficiencies)
          rows.push({
            part: 'bursts: found',
            background_hertz: hertz,
            budget: name,
            profile,
            events: size,
            efficiency,
            low,
            high,
            half_at_events: half,
          });
        const key = `burst_events_half_found_${hertz}_hz_${name.replace('1/', 'per_')}`;
        if (draw === profiles[0]!.draw) {
          ratios[key] = half;
          curves.push({
            name: `${hertz} Hz, ${name}`,
            points: efficiencies.map(({ size, efficiency, low, high }) => ({
              x: size,
              y: efficiency,
              low,
              high,
            })),
          });
        }
      }
    }
  }
  ratios.burst_false_alarms_per_year_over_budget = worst;
  ratios.burst_false_alarms_per_year_over_budget_upper_95 = worstUpper;
  const kinds = backgrounds.map(({ hertz, years }) => `${years} years at ${hertz} Hz`).join(', ');
  return {
    rows,
    ratios,
    plots: [
      {
        title: 'Bursts found (exponential decay, 95 % in 10 s)',
        x: { title: 'events of the burst', log: true },
        y: { title: 'share found', from: 0, to: 1 },
        curves,
      },
    ],
    note: quick
      ? 'Bursts: a hundredth of the background years and few injections; a budget of whole years says little there.'
      : `Bursts: ${kinds} of Poisson background in full, every event seen by the finders of both budgets, which learn their background from it; windows of 0.1, 0.3, 1, 3 and 10 s share each budget. ${trials} injections a point.`,
  };
};

export const bursts: Part = { name: 'bursts', title: 'Bursts: false alarms and efficiency', measure };
