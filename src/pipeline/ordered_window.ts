/**
 * A bounded window of batches that compute side by side and settle in the order they came: while some settle, those
 * that finish behind them gather, and settle together next. It refuses to settle anything after a failure: whoever
 * owns the window drops what was not settled.
 */

export interface OrderedWindow<Result> {
  /** Resolves when there is room for one more batch, or rejects with the failure that ended the window. */
  room(): Promise<void>;
  /** Adds a batch already computing; it settles when it and all before it are done. Only after `room`. */
  add(computing: Promise<Result>): void;
  /** Resolves when all added batches have settled; rejects with the first failure. */
  drained(): Promise<void>;
  readonly inFlight: number;
}

/** @param settle takes what finished in a row, in order (never none); it is called again only when it has settled */
export const openOrderedWindow = <Result>(
  batchesMax: number,
  settle: (results: readonly Result[]) => Promise<void>,
): OrderedWindow<Result> => {
  /** In order of arrival; `done` holds the result once there is one. */
  const waiting: { readonly computing: Promise<Result>; done: { readonly result: Result } | null }[] = [];
  let inFlight = 0;
  let failure: { readonly error: unknown } | null = null;
  let running: Promise<void> | null = null;
  let wake: (() => void) | null = null;

  const left = (count: number): void => {
    inFlight -= count;
    wake?.();
    wake = null;
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      try {
        await waiting[0]!.computing;
        const results: Result[] = [];
        for (let next = waiting[0]; next?.done != null; next = waiting[results.length])
          results.push(next.done.result);
        await settle(results);
        waiting.splice(0, results.length);
        left(results.length);
      } catch (error) {
        failure = { error };
        left(waiting.splice(0).length);
      }
    }
    running = null;
  };

  return {
    async room() {
      // One caller by contract: a single waiting place is enough.
      while (failure === null && inFlight >= batchesMax)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (failure !== null) throw failure.error;
    },
    add(computing) {
      const entry: (typeof waiting)[number] = { computing, done: null };
      // A batch that fails while an earlier one is settling must not count as an unhandled rejection.
      computing.then(
        (result) => {
          entry.done = { result };
        },
        () => undefined,
      );
      if (failure !== null) return;
      inFlight += 1;
      waiting.push(entry);
      running ??= run();
    },
    async drained() {
      await running;
      if (failure !== null) throw failure.error;
    },
    get inFlight() {
      return inFlight;
    },
  };
};
