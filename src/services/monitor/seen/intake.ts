/**
 * Follows a topic for as long as the monitor runs. Refuses to fall behind for ever and to give up: what is too old is passed
 * over, what fails is begun anew from the end.
 */

import { limits } from '../../../domain/limits.ts';
import type { Bus, BusRecord, ReadFrom } from '../../../ports/bus.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/telemetry.ts';

export interface Intake {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * `take` is called in each partition's order; it may pause the reading by its promise.
 * @param passedOver called when records were left out
 */
export const follow = async (
  { bus, clock, log }: Intake,
  plan: { readonly topic: string; readonly from: ReadFrom; readonly bufferBytesMax: number },
  take: (record: BusRecord) => void | Promise<void>,
  signal: AbortSignal,
  passedOver: () => void = () => {},
): Promise<void> => {
  let { from } = plan;
  while (!signal.aborted) {
    const late = new AbortController();
    const ended = AbortSignal.any([signal, late.signal]);
    try {
      for await (const record of bus.read({ ...plan, from, signal: ended })) {
        const ageMs = Number(clock.nowNanos() / 1_000_000n) - record.timestampMs;
        if (from.at === 'end' && ageMs > limits.dqmLateMs) late.abort();
        else await take(record);
      }
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ topic: plan.topic, error: String(error) }, 'the monitor reads this topic anew');
      await clock.sleep(limits.dqmRetryMs, signal);
    }
    from = { at: 'end' };
    passedOver();
  }
};
