/**
 * Waits for a store that is full or away, and says so while it does: what is asked of it is tried again until it
 * answers, so that nothing has to be forgotten. Refuses to wait for anything else.
 */

import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { ConditionReading } from '../../domain/status.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';

export const isStoreFault = (error: unknown): boolean =>
  error instanceof Fault && (error.code === 'store-full' || error.code === 'store-failed');

export interface Patience {
  /** What is waited for, in words; [] when nothing is. */
  readonly waitingFor: readonly string[];
  /** For the alarm of the same name. */
  readonly condition: ConditionReading;
  /** The result of `act`, whenever that is. Throws the store's fault when `given` aborts. */
  until<Result>(act: () => Promise<Result>, given: AbortSignal): Promise<Result>;
}

/** @param changed is called whenever a wait begins or ends */
export const openPatience = (clock: Clock, log: Log, changed: () => void): Patience => {
  const waits = new Map<symbol, Fault>();
  let total = 0;
  const first = (): Fault | undefined => waits.values().next().value;
  return {
    get waitingFor() {
      const fault = first();
      return fault === undefined ? [] : [`the archive's store: ${fault.code}: ${fault.detail}`];
    },
    get condition() {
      const fault = first();
      const message = fault === undefined ? '' : `nothing is archived: ${fault.detail}`;
      const severity = fault === undefined ? ('ok' as const) : ('major' as const);
      return { cause: 'archive-waiting', severity, total, message };
    },
    async until(act, given) {
      const wait = Symbol('wait');
      for (;;) {
        try {
          const result = await act();
          if (waits.delete(wait)) {
            log.info({}, 'the store answers again: archiving goes on');
            changed();
          }
          return result;
        } catch (error) {
          const known = waits.has(wait);
          if (!(error instanceof Fault && isStoreFault(error)) || given.aborted) {
            if (waits.delete(wait)) changed();
            throw error;
          }
          if (!known) {
            total += 1;
            log.warn({ fault: error.code }, `${error.detail}: no more is taken until the store answers`);
          }
          waits.set(wait, error);
          if (!known) changed();
          await clock.sleep(limits.archiveRetryMs, given);
        }
      }
    },
  };
};
