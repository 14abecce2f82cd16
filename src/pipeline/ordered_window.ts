/**
 * A bounded window of batches that compute side by side and settle one by one, in the order they came.
 * It refuses to settle anything after a failure: whoever owns the window drops what was not settled.
 */

export interface OrderedWindow {
  /** Resolves when there is room for one more batch, or rejects with the failure that ended the window. */
  room(): Promise<void>;
  /**
   * Adds a batch already computing; `settle` runs when it and all before it are done. Only after `room`.
   */
  add<Result>(computing: Promise<Result>, settle: (result: Result) => Promise<void>): void;
  /** Resolves when all added batches have settled; rejects with the first failure. */
  drained(): Promise<void>;
  readonly inFlight: number;
}

export const openOrderedWindow = (batchesMax: number): OrderedWindow => {
  let inFlight = 0;
  let failure: { readonly error: unknown } | null = null;
  let tail: Promise<void> = Promise.resolve();
  let wake: (() => void) | null = null;

  const leave = (): void => {
    inFlight -= 1;
    wake?.();
    wake = null;
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
    add(computing, settle) {
      inFlight += 1;
      const before = tail;
      // A batch that fails while an earlier one is settling must not count as an unhandled rejection.
      computing.catch(() => undefined);
      tail = before
        .then(async () => {
          if (failure !== null) return;
          await settle(await computing);
        })
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(leave);
    },
    async drained() {
      await tail;
      if (failure !== null) throw failure.error;
    },
    get inFlight() {
      return inFlight;
    },
  };
};
