/**
 * One member of a consumer group: joins, keeps beating, and says which partitions are its own and when they no
 * longer are. Refuses to fetch or commit: that is the feeds' work.
 */

import type { Log } from '../../ports/telemetry.ts';
import { type Broker, type Cluster, createConsumerGroup, forgetMember } from './client/cluster.ts';
import { errorType, isLost, isPassing, patienceMs, pause, toFault } from './client/request.ts';

export interface MemberIdentity {
  readonly memberId: string;
  readonly generationId: number;
  readonly coordinator: Broker;
}

export interface Membership {
  /** Of the generation at hand; null between generations. */
  readonly identity: MemberIdentity | null;
  /** Gives everything up and joins again: what a fenced feed asks for. */
  rejoin(): void;
  /** Leaves the group; `onRevoked` is called first. Idempotent. */
  leave(): Promise<void>;
}

// A member that beats this often learns of a rebalance this soon; the coordinator hardly notices.
const beatMs = 500;

export function joinGroup(options: {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly group: string;
  readonly topic: string;
  readonly sessionTimeoutMs: number;
  readonly onAssigned: (partitions: readonly number[]) => void;
  readonly onRevoked: () => void;
  readonly onFailed: (cause: unknown) => void;
}): Membership {
  const { cluster, log, group: groupId, topic, sessionTimeoutMs } = options;
  const group = createConsumerGroup(cluster, log, { group: groupId, topic, sessionTimeoutMs });
  let joined = false;
  let leaving = false;
  let rejoining = false;
  let wakeUp: () => void = () => {};

  const nap = (ms: number): Promise<void> =>
    new Promise((done) => {
      const timer = setTimeout(done, ms);
      wakeUp = () => {
        clearTimeout(timer);
        done();
      };
    });

  const join = async (): Promise<void> => {
    const deadlineMs = performance.now() + patienceMs;
    while (!leaving) {
      try {
        await group.connect();
        await group.joinAndSync();
        return;
      } catch (cause) {
        const again = isPassing(cause) || errorType(cause) === 'REBALANCE_IN_PROGRESS' || forgotten(cause);
        if (!again || performance.now() > deadlineMs) throw cause;
        if (forgotten(cause)) forgetMember(group);
        await pause(100);
      }
    }
  };
  const forgotten = (cause: unknown): boolean =>
    ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID'].includes(errorType(cause));

  // Beats until the group changes. A lost broker is not a lost partition: fencing decides that.
  const beat = async (): Promise<void> => {
    let lostSinceMs: number | null = null;
    while (!leaving && !rejoining) {
      await nap(beatMs);
      if (leaving || rejoining) return;
      try {
        await group.heartbeat({ interval: 0 });
        lostSinceMs = null;
      } catch (cause) {
        if (errorType(cause) === 'REBALANCE_IN_PROGRESS') return;
        if (forgotten(cause)) {
          forgetMember(group);
          return;
        }
        lostSinceMs ??= performance.now();
        if (!isPassing(cause) || performance.now() - lostSinceMs > patienceMs) throw cause;
        // The coordinator may have moved: joining looks it up anew.
        if (!isLost(cause)) return;
        await cluster.refreshMetadata().catch(() => {});
      }
    }
  };

  const run = async (): Promise<void> => {
    try {
      while (!leaving) {
        await join();
        if (leaving) return;
        rejoining = false;
        joined = true;
        const mine = group.assigned().find((one) => one.topic === topic);
        options.onAssigned(mine?.partitions ?? []);
        await beat();
        joined = false;
        options.onRevoked();
      }
    } catch (cause) {
      joined = false;
      options.onRevoked();
      options.onFailed(toFault(cause, `taking part in the group ${groupId}`));
    }
  };
  const running = run();

  const leave = async (): Promise<void> => {
    leaving = true;
    wakeUp();
    await running;
    await group.leave().catch(() => {}); // the session ends by itself where the broker is away
  };
  let left: Promise<void> | null = null;
  return {
    get identity() {
      const { memberId, generationId, coordinator } = group;
      if (!joined || memberId === null || generationId === null || coordinator === null) return null;
      return { memberId, generationId, coordinator };
    },
    rejoin() {
      rejoining = true;
      wakeUp();
    },
    leave() {
      left ??= leave();
      return left;
    },
  };
}
