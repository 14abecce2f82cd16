/**
 * What we ask of a message bus: partitioned, ordered, replayable topics with transactions that commit outputs
 * and input positions together. `adapters/kafka` is the real one, `adapters/memory` the same contract in one
 * process (it survives nothing). The contract is tested by `test/ports/bus.contract.ts` against both.
 */

export interface BusRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** The broker's create or append time. */
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, Uint8Array>>;
  /**
   * Why the bus could not open what it was handed (a compression it does not know, a batch that is not what it
   * says); `value` is then the batch as it came, and `offset` its last.
   */
  readonly unreadable?: string;
}

export interface OutputRecord {
  readonly topic: string;
  /** Absent: the partitioner chooses by key. */
  readonly partition?: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers?: Readonly<Record<string, Uint8Array>>;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly messageBytesMax: number;
  /** Of each partition; the oldest go first, read or not. */
  readonly retentionBytes?: number;
  readonly retentionMs?: number;
  readonly compacted?: boolean;
}

export type Delivery = 'exactly-once' | 'at-least-once';

/**
 * One assigned partition, positioned. Under exactly-once the partition's transactional producer was connected
 * (which fences and settles any earlier owner) *before* the committed offset was read.
 */
export interface PartitionFeed {
  readonly topic: string;
  readonly partition: number;
  /** Offset the first record will have or exceed, and the metadata committed with it ('' if none). */
  readonly startOffset: bigint;
  readonly startMetadata: string;
  /**
   * Aborts when the partition is lost; a later commit throws `bus-fenced`. Draining does not abort it: `take`
   * returns [] and what was taken may still be committed until `onFeed` settles.
   */
  readonly revoked: AbortSignal;
  /**
   * The next records in order, at least one, at most what is asked; waits for them. [] means the feed has
   * ended (revoked, or draining). One call at a time. Record bytes stay valid until committed; they are the
   * bus's own: never modified, never transferred to a thread.
   */
  take(limit: { readonly recordsMax: number; readonly bytesMax: number }): Promise<readonly BusRecord[]>;
  /**
   * Commits outputs and the next input offset as one: all or nothing for `read_committed` readers. Calls must
   * come in order, one at a time. Transient faults are retried inside; throws `bus-fenced` when another owner
   * took the partition (the caller drops the feed and everything uncommitted), `bus-failed` otherwise.
   * `at-least-once`: outputs are acknowledged first, then the offset is committed. Throws `bus-record`, with
   * nothing committed, when an output is larger than its topic allows. Output bytes are not modified later.
   * Readers see it within milliseconds of this resolving, and all of it once the feed has been drained.
   */
  commit(outputs: readonly OutputRecord[], nextOffset: bigint, metadata: string): Promise<void>;
  /** Records fetched and not yet taken, and how far the partition's end lies ahead of what was taken. */
  readonly backlog: { readonly queuedBytes: number; readonly lagRecords: bigint };
}

export interface Consumption {
  /** Rejects when the consumption fails for good (it does not recover by itself any more). */
  readonly failed: Promise<never>;
  /**
   * Stops fetching, ends all feeds (their `take` returns []), waits until every `onFeed` promise has settled,
   * leaves the group. Idempotent.
   */
  stop(): Promise<void>;
}

export type ReadFrom =
  | { readonly at: 'beginning' }
  | { readonly at: 'end' }
  | { readonly at: 'offset'; readonly offset: bigint }
  /** An offset a partition; a partition that is not named is not read. */
  | { readonly at: 'offsets'; readonly offsets: ReadonlyMap<number, bigint> }
  | { readonly at: 'time'; readonly timestampMs: number };

export interface Bus {
  /** Creates missing topics and widens message limits of existing ones; never shrinks or deletes. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** First and next offset of each partition, as committed readers see them. */
  offsets(topic: string): Promise<readonly { partition: number; low: bigint; high: bigint }[]>;
  /** Offsets and metadata a group has committed; null where it has not. */
  committed(
    group: string,
    topic: string,
  ): Promise<readonly { partition: number; offset: bigint | null; metadata: string }[]>;
  /**
   * Sends outside any transaction, acknowledged by all replicas; heartbeats and the simulator use it. Waits
   * while the bus is full; throws `bus-record` when a record is larger than its topic allows. Once it settles, the
   * bytes of the values are the caller's again, to be written anew.
   */
  send(records: readonly OutputRecord[]): Promise<void>;
  /**
   * Joins a consumer group on one topic; `onFeed` is called once for each partition each time it is assigned,
   * and owns it until its promise settles; within one consumption the partition's next feed waits for that. An
   * `onFeed` that rejects fails the consumption.
   */
  consume(options: {
    readonly group: string;
    readonly topic: string;
    readonly delivery: Delivery;
    /** Where a partition without a committed offset starts. */
    readonly fresh: 'beginning' | 'end';
    readonly queueBytesMax: number;
    readonly onFeed: (feed: PartitionFeed) => Promise<void>;
  }): Promise<Consumption>;
  /**
   * Reads committed records without a group, from all partitions or those named; ends when `signal` aborts
   * or, with `untilEnd`, at the high watermark of the moment of the first `next`. Holds at most
   * `bufferBytesMax` fetched bytes (or one message, if that is larger): a slow reader slows the fetch, not the
   * memory. An offset outside what is kept starts at the nearest end of it.
   */
  read(options: {
    readonly topic: string;
    readonly partitions?: readonly number[];
    readonly from: ReadFrom;
    readonly untilEnd?: boolean;
    readonly bufferBytesMax: number;
    readonly signal?: AbortSignal;
  }): AsyncIterable<BusRecord>;
  /** Closes every producer and connection; consumptions are stopped first. Idempotent. */
  close(): Promise<void>;
}
