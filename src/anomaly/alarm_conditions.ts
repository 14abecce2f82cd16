/**
 * What is an alarm of a running tessera: the causes, each with its delays, and how heartbeats are judged for them.
 * Pure; refuses to count twice: a condition's count is what has happened since the service's last heartbeat.
 */

import type { AlarmRule, Condition, Severity } from '../domain/alarm.ts';
import { severities } from '../domain/alarm.ts';
import { limits } from '../domain/limits.ts';
import type { Beat } from '../wire/alarms/beat.ts';

/** Who must act on each is the person on shift; what needs nobody is no alarm. */
export const alarmRules = {
  /** A bug of ours, never to be waited for; a heartbeat is one moment, so it is no race either. */
  books: { raiseAfterMs: 0, clearAfterMs: 60_000, unit: 'seconds' },
  'frames-refused': { raiseAfterMs: 0, clearAfterMs: 60_000, unit: 'frames' },
  /** Its window is 10 s long: three of them, so that a start or a hand-over is no alarm. */
  'latency-budget': { raiseAfterMs: 30_000, clearAfterMs: 60_000, unit: 'seconds' },
  lag: { raiseAfterMs: 10_000, clearAfterMs: 60_000, unit: 'seconds' },
  /** A run may pause for a moment; a minute is a stop. */
  'input-silent': { raiseAfterMs: 50_000, clearAfterMs: 30_000, unit: 'seconds' },
  /** A partition is taken over within 15 s of a kill: twice that. */
  'partitions-unowned': { raiseAfterMs: 30_000, clearAfterMs: 10_000, unit: 'seconds' },
  /** A controller needs some chunks to follow a change; a minute out of its band is a rate that is not held. */
  'rate-out-of-band': { raiseAfterMs: 60_000, clearAfterMs: 60_000, unit: 'seconds' },
  /** Tokens and control frames that alone exceed the budget need a person; a busy moment does not. */
  'byte-budget': { raiseAfterMs: 60_000, clearAfterMs: 60_000, unit: 'seconds' },
  /** A buffer that sends its content again is broken from the first time on. */
  'repeated-frames': { raiseAfterMs: 0, clearAfterMs: 60_000, unit: 'frames' },
  /** A store may hiccup; what is not archived waits on the bus for as long as that keeps it. */
  'archive-waiting': { raiseAfterMs: 5_000, clearAfterMs: 10_000, unit: 'seconds' },
  /** The chain before the archive is seconds long; what is waited for longer is down. */
  'run-unclosed': { raiseAfterMs: 30_000, clearAfterMs: 10_000, unit: 'seconds' },
  /** A monitor says bad only of what is rare twice, or very rare: it is not waited for again. */
  'detector-quality': { raiseAfterMs: 0, clearAfterMs: 10_000, unit: 'seconds' },
  /** Its own false-alarm budget is its hysteresis. */
  'anomaly-burst': { raiseAfterMs: 0, clearAfterMs: 60_000, unit: 'bursts' },
} as const satisfies Readonly<Record<string, AlarmRule>>;
export type AlarmCause = keyof typeof alarmRules;

/** Latency over its budget by this much is no nuisance any more. */
const latencyMajorRatio = 10;
/** A queue that takes longer than this to work off is lag, ms. */
const lagMsMax = 30_000;
/** From this share of a second's frames on, refusals are the rule: the source is wrong, not a frame. */
const refusedMajorShare = 0.1;
const refusedMajorMin = 10;
/** A source slower than one frame in this time is silent, ms. */
const silentMs = 10_000;

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const condition = (cause: AlarmCause, severity: Severity, count = 0, message = ''): Condition => ({
  cause,
  severity,
  count: severity === 'ok' ? 0 : count,
  message,
});

const sum = (beat: Beat, what: 'received' | 'refused'): number =>
  beat.books.reduce((total, book) => total + book[what], 0);

const judgeBooks = (now: Beat, seconds: number): Condition => {
  const wrong = now.books.find(({ balanced }) => !balanced);
  return wrong === undefined
    ? condition('books', 'ok')
    : condition('books', 'major', seconds, `the books of ${wrong.service} do not balance`);
};

const judgeRefused = (now: Beat, before: Beat | null): Condition => {
  const count = sum(now, 'refused') - (before === null ? 0 : sum(before, 'refused'));
  if (count <= 0) return condition('frames-refused', 'ok');
  const frames = sum(now, 'received') - (before === null ? 0 : sum(before, 'received'));
  const usual = count >= refusedMajorMin && count >= refusedMajorShare * frames;
  const earlier = new Map(before?.refused.map((one) => [one.code, one.count]));
  const fresh = now.refused.map((one) => ({
    code: one.code,
    count: one.count - (earlier.get(one.code) ?? 0),
  }));
  const [most] = fresh.sort((a, b) => b.count - a.count);
  const as = most === undefined ? '' : `, most as ${most.code}`;
  const message = `frames are refused${as}: ${whole(count)} of the last ${whole(Math.max(count, frames))}`;
  return condition('frames-refused', usual ? 'major' : 'minor', count, message);
};

const judgeLatency = ({ latency }: Beat, seconds: number): Condition => {
  const total = latency.find(({ stage }) => stage === 'total');
  if (total?.p99Ms == null || total.p99Ms <= total.budgetMs) return condition('latency-budget', 'ok');
  const severity = total.p99Ms > latencyMajorRatio * total.budgetMs ? 'major' : 'minor';
  const message = `p99 is ${whole(total.p99Ms)} ms from intended send to commit; the budget is ${total.budgetMs} ms`;
  return condition('latency-budget', severity, seconds, message);
};

const judgeLag = ({ flow, out }: Beat, seconds: number): Condition => {
  const { pressure, lagFrames } = flow;
  if (pressure === 'shed-frames')
    return condition('lag', 'major', seconds, `${whole(lagFrames)} frames behind: frames are shed`);
  if (pressure === 'shed-refinement')
    return condition('lag', 'minor', seconds, `${whole(lagFrames)} frames behind: refinement is shed`);
  const workMs = (lagFrames / Math.max(out.framesPerSecond, 1e-9)) * 1000;
  if (lagFrames === 0 || workMs <= lagMsMax) return condition('lag', 'ok');
  const rate = `${whole(out.framesPerSecond)} a second leave`;
  return condition('lag', 'minor', seconds, `${whole(lagFrames)} frames behind, and ${rate}`);
};

/** Causes that a part of the process judges itself and says in its heartbeat. */
const readCauses = [
  'rate-out-of-band',
  'byte-budget',
  'repeated-frames',
  'archive-waiting',
  'run-unclosed',
  'detector-quality',
  'anomaly-burst',
] as const satisfies readonly AlarmCause[];

const readConditions = (now: Beat, before: Beat | null, seconds: number): Condition[] =>
  readCauses.map((cause) => {
    const reading = now.conditions.find((one) => one.cause === cause);
    if (reading === undefined || reading.severity === 'ok') return condition(cause, 'ok');
    const earlier = before?.conditions.find((one) => one.cause === cause)?.total ?? 0;
    const count = alarmRules[cause].unit === 'seconds' ? seconds : Math.max(0, reading.total - earlier);
    return condition(cause, reading.severity, count, reading.message);
  });

/** A service as it is watched: its newest heartbeat, and what that says of each cause that is its own. */
export interface WatchedService {
  readonly beat: Beat;
  /** Broker time of the heartbeat, ms since the epoch. */
  readonly atMs: number;
  readonly conditions: readonly Condition[];
  /** When frames last came, as far as it has been watched, ms since the epoch. */
  readonly arrivedMs: number;
}

/** A service that started this lately has told nothing yet: its counts begin at nothing, ms. */
const youngMs = 30_000;

/**
 * What a heartbeat says of the causes of its own service.
 * @param before the one before it; null when it is the first that is seen
 */
export const watchService = (beat: Beat, atMs: number, before: WatchedService | null): WatchedService => {
  const restarted = before !== null && beat.uptimeMs < before.beat.uptimeMs;
  // Of a service met in the middle of its life, what it counted earlier is not news.
  const from = before !== null && !restarted ? before.beat : beat.uptimeMs < youngMs ? null : beat;
  const arrived = sum(beat, 'received') - (from === null ? 0 : sum(from, 'received'));
  const seconds = before === null ? 0 : Math.min(60, Math.max(0, (atMs - before.atMs) / 1000));
  return {
    beat,
    atMs,
    conditions: [
      judgeBooks(beat, seconds),
      judgeRefused(beat, from),
      judgeLatency(beat, seconds),
      judgeLag(beat, seconds),
      ...readConditions(beat, from, seconds),
    ],
    arrivedMs: arrived > 0 || before === null ? atMs : before.arrivedMs,
  };
};

const rank = (severity: Severity): number => severities.indexOf(severity);

/** The worst that any service says of a cause; only the service whose heartbeat just came is counted. */
const together = (
  cause: AlarmCause,
  services: readonly WatchedService[],
  fresh: WatchedService,
): Condition => {
  let worst = condition(cause, 'ok');
  let from = fresh;
  let count = 0;
  for (const service of services) {
    const seen = service.conditions.find((one) => one.cause === cause);
    if (seen === undefined) continue;
    if (service === fresh) ({ count } = seen);
    if (rank(seen.severity) > rank(worst.severity)) [worst, from] = [seen, service];
  }
  const where = services.length > 1 && worst.severity !== 'ok' ? ` (${from.beat.serviceId})` : '';
  return { ...worst, count, message: worst.message + where };
};

const judgeInput = (services: readonly WatchedService[], atMs: number, seconds: number): Condition => {
  const reading = services.filter(({ beat }) => beat.state === 'running' && beat.flow.partitions > 0);
  const silent = reading.length > 0 && reading.every(({ arrivedMs }) => atMs - arrivedMs >= silentMs);
  // Frames that wait and are not taken are lag, not silence.
  const waiting = reading.some(({ beat }) => beat.flow.lagFrames > 0);
  return silent && !waiting
    ? condition('input-silent', 'minor', seconds, 'no frame comes from any source')
    : condition('input-silent', 'ok');
};

const judgeOwners = (services: readonly WatchedService[], partitions: number, seconds: number): Condition => {
  const owned = services.reduce((total, { beat }) => total + beat.flow.partitions, 0);
  if (owned >= partitions) return condition('partitions-unowned', 'ok');
  const message = `${partitions - owned} of ${partitions} partitions are read by no processor: start one`;
  return condition('partitions-unowned', 'major', seconds, message);
};

/** Services that count at an instant: those that beat lately and have not said that they stopped. */
export const living = (services: readonly WatchedService[], atMs: number): WatchedService[] =>
  services
    .filter((one) => atMs - one.atMs <= limits.alarmServiceSilentMs && one.beat.state !== 'stopped')
    .slice(-limits.alarmServicesMax);

/** Causes a service has for itself. */
const ownCauses = ['books', 'frames-refused', 'latency-budget', 'lag', ...readCauses] as const;

/**
 * One condition a cause, of all services together, at the instant of the heartbeat that just came.
 * @param partitions of the frames topic
 */
export const judgeServices = (
  services: readonly WatchedService[],
  fresh: WatchedService,
  partitions: number,
): readonly Condition[] => {
  // A service that says goodbye still has its last counts to tell.
  const own = services.includes(fresh) ? services : [...services, fresh];
  const seconds = 1 / Math.max(1, services.length);
  return [
    ...ownCauses.map((cause) => together(cause, own, fresh)),
    judgeInput(services, fresh.atMs, seconds),
    judgeOwners(services, partitions, seconds),
  ];
};
