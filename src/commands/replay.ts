/**
 * `tessera replay`: computes the packets of recorded frames again, each under the policy snapshot and pressure
 * its recorded packet names, and compares them byte for byte. It refuses to write: it only reads and judges.
 */

import { createHash } from 'node:crypto';
import { Fault } from '../domain/fault.ts';
import type { FrameIdentity } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import { limits } from '../domain/limits.ts';
import { FidelityReason } from '../domain/packet.ts';
import type { PolicySnapshot, Pressure } from '../domain/policy.ts';
import type { Bus } from '../ports/bus.ts';
import type { Lane } from '../ports/lane.ts';
import type { Log } from '../ports/telemetry.ts';
import { recordedPolicies } from '../services/policy.ts';
import type { Topics } from '../services/topics.ts';
import { openFrame } from '../wire/frame.ts';
import { decodePacket } from '../wire/packet.ts';

export interface ReplaySummary {
  /** Distinct packets on the topic. */
  readonly packets: number;
  /** Frames on the topic whose packet was found. */
  readonly frames: number;
  readonly identical: number;
  readonly different: number;
  /** Frames without a packet: refused, or not processed yet. */
  readonly withoutPacket: number;
  /** Packets whose policy snapshot is no longer on the topic: they cannot be judged. */
  readonly withoutPolicy: number;
  /** The first few that differ, in words. */
  readonly differences: readonly string[];
}

export interface ReplayParts {
  readonly bus: Bus;
  readonly lane: Lane;
  readonly card: InstrumentCard;
  readonly topics: Topics;
  readonly builtIn: PolicySnapshot;
  readonly log: Log;
}

interface Recorded {
  readonly digest: string;
  readonly policyVersion: number;
  readonly pressure: Pressure;
}

const differencesShown = 10;
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');
const nameOf = (identity: FrameIdentity): string =>
  `${identity.sourceName} run ${identity.run} time frame ${identity.timeFrame} message ${identity.messageId}`;

const pressureOf = (reason: FidelityReason): Pressure =>
  reason === FidelityReason.shedFrame
    ? 'shed-frames'
    : reason === FidelityReason.shedRefinement
      ? 'shed-refinement'
      : 'none';

const recordedPackets = async (bus: Bus, topic: string): Promise<Map<string, Recorded>> => {
  const recorded = new Map<string, Recorded>();
  const bufferBytesMax = limits.partitionQueueBytesMax;
  for await (const { value } of bus.read({
    topic,
    from: { at: 'beginning' },
    untilEnd: true,
    bufferBytesMax,
  })) {
    const packet = decodePacket(value);
    recorded.set(nameOf(packet.identity), {
      digest: digestOf(value),
      policyVersion: packet.policyVersion,
      pressure: pressureOf(packet.reason),
    });
    if (recorded.size >= limits.replayPacketsMax) break;
  }
  return recorded;
};

interface Waiting {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly recorded: Recorded;
}

export const replayRecorded = async (parts: ReplayParts): Promise<ReplaySummary> => {
  const { bus, lane, card, topics } = parts;
  const policies = await recordedPolicies(bus, topics.policy, parts.builtIn, parts.log);
  const recorded = await recordedPackets(bus, topics.tokens);
  const seen = new Set<string>();
  const differences: string[] = [];
  let [frames, identical, withoutPacket, withoutPolicy] = [0, 0, 0, 0];

  /** Frames gathered under one snapshot and pressure: what one lane job takes. */
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    waitingBytes = 0;
    if (batch.length === 0) return;
    const { policyVersion, pressure } = batch[0]!.recorded;
    const policy = policies.get(policyVersion)!;
    const { results } = await lane.process({ frames: batch.map(({ bytes }) => bytes), policy, pressure });
    results.forEach((result, index) => {
      const one = batch[index]!;
      const now = result.end === 'refused' ? `refused now: ${result.code}` : digestOf(result.packet);
      if (now === one.recorded.digest) identical += 1;
      else if (differences.length < differencesShown) differences.push(`${one.name}: ${now}`);
    });
    frames += batch.length;
  };

  const from = { at: 'beginning' } as const;
  const bufferBytesMax = limits.partitionQueueBytesMax;
  for await (const record of bus.read({ topic: topics.frames, from, untilEnd: true, bufferBytesMax })) {
    const name = identityName(record.value, card);
    const match = name === null ? undefined : recorded.get(name);
    // A repeated frame was refused as a duplicate; its packet belongs to the first of them.
    if (name === null || match === undefined || seen.has(name)) {
      withoutPacket += 1;
      continue;
    }
    seen.add(name);
    if (!policies.has(match.policyVersion)) {
      withoutPolicy += 1;
      continue;
    }
    const first = waiting[0]?.recorded;
    const sameJob = first?.policyVersion === match.policyVersion && first.pressure === match.pressure;
    if (!sameJob || waiting.length >= limits.jobFramesMax || waitingBytes >= limits.batchBytesMax)
      await flush();
    waiting.push({ name, bytes: record.value, recorded: match });
    waitingBytes += record.value.byteLength;
  }
  await flush();
  return {
    packets: recorded.size,
    frames,
    identical,
    different: frames - identical,
    withoutPacket,
    withoutPolicy,
    differences,
  };
};

/** The name of a frame that opens; null for one that was refused. */
const identityName = (bytes: Uint8Array, card: InstrumentCard): string | null => {
  try {
    return nameOf(openFrame(bytes, card).identity);
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
};
