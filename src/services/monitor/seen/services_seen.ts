/**
 * The services of an instrument as their heartbeats tell: the latest of each, who is silent, and their figures as trends.
 * Refuses to judge: alarms are the keeper's.
 */

import { Fault } from '../../../domain/fault.ts';
import { limits } from '../../../domain/limits.ts';
import type { StatusSnapshot } from '../../../domain/status.ts';
import type { ServiceShown } from '../../../dqm/board.ts';
import type { BusRecord } from '../../../ports/bus.ts';
import { decodeStatus } from '../../../wire/status.ts';

/** What is read of a heartbeat here; other software's have none of it. */
type Figures = Partial<
  Pick<StatusSnapshot, 'state' | 'books' | 'in' | 'out' | 'latency' | 'flow' | 'process' | 'ratio'>
>;

interface Seen {
  readonly atMs: number;
  readonly message: unknown;
}

export interface ServicesSeen {
  take(record: BusRecord): void;
  shown(nowMs: number): readonly ServiceShown[];
  /** Figures of the processors together. */
  trends(nowMs: number): Readonly<Record<string, number | null>>;
  /** Grows with every heartbeat. */
  readonly beats: number;
}

const figuresOf = ({ message }: Seen): Figures => (message ?? {}) as Figures;

const isProcessor = (seen: Seen): boolean => figuresOf(seen).books?.[0]?.service === 'processor';

const sumOf = (values: readonly (number | null | undefined)[]): number | null => {
  const known = values.filter((value) => typeof value === 'number');
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
};
const mostOf = (values: readonly (number | null | undefined)[]): number | null => {
  const known = values.filter((value) => typeof value === 'number');
  return known.length === 0 ? null : Math.max(...known);
};

/** Units of the trends that `trends` gives, by name. */
export const serviceTrendUnits: Readonly<Record<string, string>> = {
  'service/frames in': 'frames/s',
  'service/frames out': 'frames/s',
  'service/ratio': '',
  'service/latency p50': 'ms',
  'service/latency p99': 'ms',
  'service/lag': 'frames',
  'service/processor cores': 'cores',
  'service/processor memory': 'bytes',
};

export const seeServices = (): ServicesSeen => {
  let services = new Map<string, Seen>();
  let beats = 0;
  return {
    take({ value, timestampMs }) {
      try {
        const { serviceId, statusJson } = decodeStatus(value);
        const { message } = JSON.parse(statusJson) as { readonly message?: unknown };
        services.delete(serviceId);
        services.set(serviceId, { atMs: timestampMs, message: message ?? null });
        if (services.size > limits.alarmServicesMax)
          services = new Map([...services].slice(-limits.alarmServicesMax));
        beats += 1;
      } catch (error) {
        // The status topic belongs to all services of a site: what is none of ours is let be.
        if (!(error instanceof Fault || error instanceof SyntaxError)) throw error;
      }
    },
    shown(nowMs) {
      for (const [serviceId, { atMs }] of services)
        if (nowMs - atMs > limits.dqmServiceForgetMs) services.delete(serviceId);
      return [...services]
        .map(([serviceId, { atMs, message }]) => ({
          serviceId,
          atMs,
          silent: nowMs - atMs > limits.alarmServiceSilentMs,
          message,
        }))
        .sort((a, b) => (a.serviceId < b.serviceId ? -1 : 1));
    },
    trends(nowMs) {
      const live = [...services.values()]
        .filter((seen) => isProcessor(seen) && nowMs - seen.atMs <= limits.alarmServiceSilentMs)
        .map(figuresOf);
      const total = live.map(({ latency }) => latency?.find(({ stage }) => stage === 'total'));
      return {
        'service/frames in': sumOf(live.map((one) => one.in?.framesPerSecond)),
        'service/frames out': sumOf(live.map((one) => one.out?.framesPerSecond)),
        'service/ratio': mostOf(live.map((one) => one.ratio?.recent.dense)),
        'service/latency p50': mostOf(total.map((one) => one?.p50Ms)),
        'service/latency p99': mostOf(total.map((one) => one?.p99Ms)),
        'service/lag': sumOf(live.map((one) => one.flow?.lagFrames)),
        'service/processor cores': sumOf(live.map((one) => one.process?.cpuCores)),
        'service/processor memory': sumOf(live.map((one) => one.process?.rssBytes)),
      };
    },
    get beats() {
      return beats;
    },
  };
};
