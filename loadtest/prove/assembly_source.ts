/**
 * Packets of a detector with troubles, straight onto the token topic: regions out of order, missing, sent twice, and
 * late by some time frames. Everything follows from a seed. It refuses to run ahead of what the broker acknowledges.
 */

import type { InstrumentCard } from '../../src/domain/instrument.ts';
import { FidelityReason, LayerCodec, LayerKind } from '../../src/domain/packet.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../../src/domain/quantity.ts';
import type { Bus, OutputRecord } from '../../src/ports/bus.ts';
import { encodeInstants, instantsHeader } from '../../src/wire/instants.ts';
import { encodePacket } from '../../src/wire/packet.ts';

/** Whose data it is. */
export const troubledRun = 7;

export interface TroubledPlan {
  readonly card: InstrumentCard;
  readonly topic: string;
  readonly partitions: number;
  /** Wall time of the first time frame, and event time between two. */
  readonly startNanos: bigint;
  readonly spacingNanos: bigint;
  /** Bytes of the one layer each packet has. */
  readonly payloadBytes: number;
  readonly random: () => number;
}

/** Shares of packets in trouble, and by how many time frames a late one is late at most. */
const missingShare = 0.01;
const twiceShare = 0.01;
const lateShare = 0.02;
const lateFramesMax = 400;
/** Of one time frame in so many nothing is late and nothing is missing. */
const troubledShare = 0.4;

const packetOf = (plan: TroubledPlan, number: number, region: number): Uint8Array => {
  const { card, payloadBytes, startNanos, spacingNanos, partitions, random } = plan;
  const payload = new Uint8Array(payloadBytes);
  for (let i = 0; i < Math.min(8, payloadBytes); i += 1) payload[i] = Math.floor(256 * random());
  return encodePacket({
    identity: {
      sourceName: card.regions[region]!,
      messageId: messageId(Math.floor(number / partitions)),
      timestampNanos: epochNanos(startNanos + BigInt(number) * spacingNanos),
      durationNanos: durationNanos(card.timeFrameNanos),
      run: run(troubledRun),
      timeFrame: timeFrameNumber(number),
      instrumentId: card.id,
      instrumentHash: card.hash,
    },
    modelId: 'proof/1',
    modelHash: cardHash('0123456789abcdef'),
    hitCount: 1,
    rawByteCount: 100,
    layers: [{ kind: LayerKind.tokens, codec: LayerCodec.tokenRans1, symbolCount: 1, payload }],
    scores: [],
    pValue: 1,
    policyVersion: policyVersion(1),
    reason: FidelityReason.ordinary,
  });
};

interface TroubledSource {
  /** Records of the next time frame, with those of earlier ones whose delay is over. */
  next(): OutputRecord[];
  /** What is still late. */
  rest(): OutputRecord[];
}

const troubledSource = (plan: TroubledPlan): TroubledSource => {
  const { card, random, topic, partitions } = plan;
  const late: { readonly atFrame: number; readonly record: OutputRecord }[] = [];
  let number = 0;

  const recordOf = (region: number): OutputRecord => ({
    topic,
    partition: number % partitions,
    key: Buffer.from(String(number)),
    value: packetOf(plan, number, region),
    headers: { [instantsHeader]: encodeInstants({ intended: plan.startNanos }) },
  });

  return {
    next() {
      const troubled = random() < troubledShare;
      const records: OutputRecord[] = [];
      for (let region = 0; region < card.regions.length; region += 1) {
        const fate = troubled ? random() : 1;
        if (fate < missingShare) continue;
        const record = recordOf(region);
        if (fate < missingShare + lateShare)
          late.push({ atFrame: number + Math.ceil(lateFramesMax * random() ** 4), record });
        else records.push(record);
        if (fate > 1 - twiceShare && fate < 1) records.push(record);
      }
      // Any order, as regions that race for the broker give.
      if (troubled) records.sort(() => random() - 0.5);
      number += 1;
      for (let i = late.length - 1; i >= 0; i -= 1)
        if (late[i]!.atFrame <= number) records.push(late.splice(i, 1)[0]!.record);
      return records;
    },
    rest: () => late.splice(0).map(({ record }) => record),
  };
};

/** Sends `framesPerSecond` time frames a second until told to stop; resolves with how many records it sent. */
const sendTroubled = async (
  bus: Bus,
  source: TroubledSource,
  framesPerSecond: number,
  signal: AbortSignal,
): Promise<number> => {
  const startMs = performance.now();
  let frames = 0;
  let sent = 0;
  const send = async (records: readonly OutputRecord[]): Promise<void> => {
    sent += records.length;
    await bus.send(records);
  };
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - startMs) * framesPerSecond) / 1000);
    const records: OutputRecord[] = [];
    for (; frames < due; frames += 1) records.push(...source.next());
    if (records.length > 0) await send(records);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await send(source.rest());
  return sent;
};

/** A source at work, from now on; its stop resolves with how many records it sent. */
export const startTroubled = (
  bus: Bus,
  plan: Omit<TroubledPlan, 'startNanos' | 'spacingNanos'>,
  framesPerSecond: number,
): { stop(): Promise<number> } => {
  const source = troubledSource({
    ...plan,
    startNanos: BigInt(Date.now()) * 1_000_000n,
    spacingNanos: BigInt(Math.round(1e9 / framesPerSecond)),
  });
  const stopping = new AbortController();
  const sending = sendTroubled(bus, source, framesPerSecond, stopping.signal);
  sending.catch(() => {}); // told by stop; until then what fails first is told first
  return {
    stop() {
      stopping.abort();
      return sending;
    },
  };
};
