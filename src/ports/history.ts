/**
 * What we ask of a small store in this process's reach: entries of a few kinds by key and instant, the oldest of a kind gone
 * once it has its full number. Embedded, so it answers at once. `adapters/sqlite` keeps it in one file; the contract is tested by
 * `test/ports/history.contract.ts`.
 */

export interface Entry {
  readonly key: string;
  /** ms since the epoch. */
  readonly atMs: number;
  readonly value: Uint8Array;
}

export interface EntryQuery {
  /** Instants in [from, before). */
  readonly fromMs?: number;
  readonly beforeMs?: number;
  /** Newest first is the default; of one instant, later written first. */
  readonly order?: 'newest' | 'oldest';
}

/** Every call may throw `store-full` or `store-failed`; both are retryable, and after either nothing was changed. */
export interface History {
  /** What happened to the store at its opening, in a sentence for people; null where it was as left. */
  readonly setAside: string | null;
  /** Keeps an entry over one of its kind and key that may be there, then lets the oldest beyond `entriesMax` go. */
  put(kind: string, entries: readonly Entry[], entriesMax: number): void;
  get(kind: string, key: string): Entry | null;
  /** One that is not there is removed already. */
  remove(kind: string, key: string): void;
  /** May be left early; nothing is written to its kind meanwhile. */
  list(kind: string, query?: EntryQuery): Iterable<Entry>;
  /** Idempotent. */
  close(): void;
}
