/**
 * Finds bursts in a stream of weighted instants: sliding windows of several lengths at once, each with its share of one
 * budget of false alarms, against a background that is learnt from the stream. Deterministic in event time. Refuses
 * instants that run backwards by counting them at the last one.
 */

import type { Burst, BurstState, BurstTelling } from '../../domain/burst.ts';
import { limits } from '../../domain/limits.ts';
import { openBackground } from './background.ts';
import { fullWindowsPerSecond, thresholdsOf, windowPValue } from './tails.ts';
import { openCountedWindows, openWeightedWindows } from './windows.ts';

export const secondsPerYear = 365.25 * 86_400;

export interface BurstOptions {
  /** Lengths of the windows in ms, rising; at most `limits.burstWindowsMax`. */
  readonly windowsMs: readonly number[];
  /** Budget of all windows together, above 0. */
  readonly falseAlarmsPerYear: number;
  /** Whether events have weights; else each weighs 1 and its weight is not looked at. */
  readonly weighted?: boolean;
}

/** An episode under way. */
interface OpenEpisode {
  readonly firstMs: number;
  fullMs: number;
  weight: number;
  toldWeight: number;
  lastMs: number;
  readonly most: number[];
  readonly instantsMs: number[];
}

export interface BurstFinder {
  /** Events per second of the background as it is known, 0 before it is. */
  readonly backgroundPerSecond: number;
  /** From how many events on each window is full; 0: nothing is known yet. */
  readonly thresholds: readonly number[];
  /** An event. @param weight above 0; kept in steps of 1/1024, so that sums are exact */
  observe(atMs: number, weight?: number): readonly BurstTelling[];
  /** The stream was alive until then, though without an event. */
  advance(toMs: number): readonly BurstTelling[];
  state(): BurstState;
}

const weightSteps = 1024;
/** One for all, so that an event that tells nothing allocates nothing. */
const nothing: readonly BurstTelling[] = [];

/** Throws RangeError on options that are none, which is our own mistake. */
export const openBurstFinder = (options: BurstOptions, from: BurstState | null = null): BurstFinder => {
  const { windowsMs } = options;
  const count = windowsMs.length;
  if (
    count < 1 ||
    count > limits.burstWindowsMax ||
    windowsMs.some((ms, i) => !(ms > (windowsMs[i - 1] ?? 0)))
  )
    throw new RangeError(`windows of ${windowsMs.join(', ')} ms`);
  if (!(options.falseAlarmsPerYear > 0)) throw new RangeError(`${options.falseAlarmsPerYear} alarms a year`);
  const longestMs = windowsMs.at(-1)!;
  const perSecond = options.falseAlarmsPerYear / secondsPerYear;
  const background = openBackground(from?.background ?? null);
  const weighted = options.weighted === true;
  const windows = (weighted ? openWeightedWindows : openCountedWindows)(windowsMs, background.take);
  const seconds = windowsMs.map((ms) => ms / 1000);
  /** From how many events on, and from which sum of weights on, each window is full. */
  let least: number[] = seconds.map(() => 0);
  const fullFrom = new Float64Array(count);
  let lastMs = from?.lastMs ?? Number.NEGATIVE_INFINITY;
  let known = -1;
  /** Once a day of slots is known, the same counts come again and again. */
  let remembered = { live: 0, thresholds: new Map<number, number[]>() };
  let episode: OpenEpisode | null = null;

  const learn = (): void => {
    known = background.version;
    const { scale, count: events, seconds: live } = background.known;
    if (live !== remembered.live) remembered = { live, thresholds: new Map() };
    least = remembered.thresholds.get(events) ?? thresholdsOf(background.known, seconds, perSecond, least);
    if (remembered.thresholds.size < limits.burstThresholdsKept) remembered.thresholds.set(events, least);
    for (let j = 0; j < count; j++) fullFrom[j] = least[j]! * scale;
    windows.fullFrom(fullFrom);
  };
  /** Before the background has come that far it tells nothing new; its slots only ever end later. */
  let toldUntilMs = Number.NEGATIVE_INFINITY;
  /** Lets events go that are older than the longest window. */
  const slide = (atMs: number): void => {
    windows.slide(atMs);
    const old = atMs - longestMs;
    if (old < toldUntilMs) return;
    background.advance(old);
    if (background.version !== known) learn();
    toldUntilMs = background.slotEndMs;
  };

  const burstOf = ({ firstMs, lastMs: end, weight, most, instantsMs }: OpenEpisode): Burst => {
    const { known: by } = background;
    const rates = most.map((sum, j) => fullWindowsPerSecond(by, seconds[j]!, sum / by.scale));
    const best = rates.indexOf(Math.min(...rates));
    const others = most[best]! / by.scale - 1;
    const backgroundPerSecond = (by.count * by.scale) / by.seconds;
    return {
      firstMs,
      lastMs: end,
      weight,
      expected: (backgroundPerSecond * (end - firstMs)) / 1000,
      windowMs: windowsMs[best]!,
      windowWeight: most[best]!,
      threshold: fullFrom[best]!,
      falseAlarmsPerSecond: count * rates[best]!,
      pValue: Math.min(1, count * windowPValue(by, seconds[best]!, others)),
      backgroundPerSecond,
      instantsMs: [...instantsMs],
    };
  };
  const begin = (window: number, atMs: number): OpenEpisode => {
    const instantsMs = windows.instants(window);
    const weight = windows.sum(window);
    return {
      firstMs: instantsMs[0]!,
      fullMs: atMs,
      weight,
      toldWeight: weight,
      lastMs: atMs,
      most: seconds.map((_, j) => windows.sum(j)),
      instantsMs: instantsMs.slice(0, limits.burstInstantsTold),
    };
  };
  const prolong = (now: OpenEpisode, atMs: number, weight: number): void => {
    now.weight += weight;
    now.lastMs = atMs;
    if (now.instantsMs.length < limits.burstInstantsTold) now.instantsMs.push(atMs);
    for (let j = 0; j < count; j++) now.most[j] = Math.max(now.most[j]!, windows.sum(j));
  };
  /** Before time goes on: what has ended by then. */
  const settle = (atMs: number): readonly BurstTelling[] => {
    if (episode === null) return nothing;
    const over = atMs >= episode.fullMs + longestMs;
    const lasting = !over && atMs - episode.firstMs > limits.burstPatienceMs;
    if (!over && !lasting) return nothing;
    const tellings = [{ kind: over ? 'ended' : 'lasting', burst: burstOf(episode) } as const];
    episode = null;
    if (lasting) {
      background.beginAnew(atMs - longestMs);
      learn();
    }
    return tellings;
  };
  const standStill = (atMs: number): void => {
    // All that was seen is background by then; the silence itself is none.
    slide(lastMs + longestMs);
    background.advance(lastMs);
    background.skip(atMs - longestMs);
  };
  const moveTo = (atMs: number): readonly BurstTelling[] => {
    const tellings = settle(atMs);
    if (atMs - lastMs > 2 * longestMs && background.standsStill(atMs - lastMs)) standStill(atMs);
    lastMs = atMs;
    slide(atMs);
    return tellings;
  };
  if (from !== null) {
    for (const [i, atMs] of from.instantsMs.entries()) windows.push(atMs, from.weights[i]!);
    if (from.episode !== null)
      episode = { ...from.episode, most: [...from.episode.most], instantsMs: [...from.episode.instantsMs] };
  }
  learn();

  return {
    get backgroundPerSecond() {
      const { count: events, seconds: live, scale } = background.known;
      return live > 0 ? (events * scale) / live : 0;
    },
    get thresholds() {
      return least;
    },
    observe(time, rawWeight = 1) {
      const atMs = Math.max(time, lastMs);
      if (lastMs === Number.NEGATIVE_INFINITY) {
        background.advance(atMs - longestMs);
        lastMs = atMs;
      }
      // One comparison in the common case: no burst, and no silence.
      const ended = episode !== null || atMs - lastMs > 2 * longestMs ? moveTo(atMs) : nothing;
      lastMs = atMs;
      slide(atMs);
      const weight = weighted ? Math.max(1, Math.round(rawWeight * weightSteps)) / weightSteps : 1;
      windows.push(atMs, weight);
      const window = windows.full();
      if (window >= 0) background.maskUntil(atMs + longestMs);
      if (episode === null) {
        if (window < 0) return ended;
        episode = begin(window, atMs);
        return [...ended, { kind: 'begun', burst: burstOf(episode) }];
      }
      prolong(episode, atMs, weight);
      if (window >= 0) episode.fullMs = atMs;
      if (episode.weight < 2 * episode.toldWeight) return nothing;
      episode.toldWeight = episode.weight;
      return [{ kind: 'grown', burst: burstOf(episode) }];
    },
    advance: (toMs) => (toMs > lastMs && lastMs > Number.NEGATIVE_INFINITY ? moveTo(toMs) : nothing),
    state() {
      return {
        lastMs: lastMs === Number.NEGATIVE_INFINITY ? null : lastMs,
        instantsMs: windows.instants(count - 1),
        weights: windows.weights(count - 1),
        background: background.state(),
        episode: episode === null ? null : structuredClone(episode),
      };
    },
  };
};
