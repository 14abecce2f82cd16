/**
 * Follows `<i>_policy`: the newest fidelity policy for new batches, and every recorded one for replays.
 * It refuses to go backwards: an older version that arrives late changes nothing, and what is on the topic comes before
 * this process's own settings, also as the first.
 */

import { Fault } from '../domain/fault.ts';
import { limits } from '../domain/limits.ts';
import type { PolicySnapshot } from '../domain/policy.ts';
import type { Bus, BusRecord } from '../ports/bus.ts';
import type { Log } from '../ports/telemetry.ts';
import { decodePolicy } from '../wire/policy.ts';

export interface PolicyFollower {
  readonly current: PolicySnapshot;
  /** Whether the current one is on the topic: until then it is this process's own, and no replay can find it. */
  readonly isRecorded: boolean;
  /** Reads to the topic's end; the newest committed snapshot is current when it resolves. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

const readSnapshot = (record: BusRecord, log: Log): PolicySnapshot | null => {
  try {
    return decodePolicy(record.value);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn({ topic: record.topic, offset: String(record.offset), fault: error.code }, error.detail);
    return null;
  }
};

/** @param builtIn what holds until a snapshot is on the topic */
export const followPolicy = async (
  bus: Bus,
  topic: string,
  builtIn: PolicySnapshot,
  log: Log,
): Promise<PolicyFollower> => {
  let current = builtIn;
  let isRecorded = false;
  const take = (record: BusRecord): void => {
    const snapshot = readSnapshot(record, log);
    if (
      snapshot === null ||
      (isRecorded ? snapshot.version <= current.version : snapshot.version < current.version)
    )
      return;
    current = snapshot;
    isRecorded = true;
  };
  // Only the newest matter: the last few records hold it, whatever the topic's length.
  const refresh = async (): Promise<void> => {
    const [partition] = await bus.offsets(topic);
    const low = partition?.low ?? 0n;
    const recent = (partition?.high ?? 0n) - limits.policyTailRecords;
    const offset = recent > low ? recent : low;
    const from = { at: 'offset', offset } as const;
    const bufferBytesMax = limits.controlBufferBytesMax;
    for await (const record of bus.read({ topic, from, untilEnd: true, bufferBytesMax })) take(record);
  };
  await refresh();

  const stopping = new AbortController();
  const following = (async () => {
    const from = { at: 'end' } as const;
    const bufferBytesMax = limits.controlBufferBytesMax;
    for await (const record of bus.read({ topic, from, bufferBytesMax, signal: stopping.signal }))
      take(record);
  })();
  following.catch((error: unknown) => {
    log.warn({ topic, error: String(error) }, 'policy snapshots are no longer followed; the last one holds');
  });
  return {
    get current() {
      return current;
    },
    get isRecorded() {
      return isRecorded;
    },
    refresh,
    async stop() {
      stopping.abort();
      await following.catch(() => undefined);
    },
  };
};

/** Every snapshot still on the topic, by version, with the built-in one: what a replay judges by. */
export const recordedPolicies = async (
  bus: Bus,
  topic: string,
  builtIn: PolicySnapshot,
  log: Log,
): Promise<ReadonlyMap<number, PolicySnapshot>> => {
  const byVersion = new Map<number, PolicySnapshot>([[builtIn.version, builtIn]]);
  const bufferBytesMax = limits.controlBufferBytesMax;
  for await (const record of bus.read({ topic, from: { at: 'beginning' }, untilEnd: true, bufferBytesMax })) {
    const snapshot = readSnapshot(record, log);
    if (snapshot !== null) byVersion.set(snapshot.version, snapshot);
  }
  return byVersion;
};
