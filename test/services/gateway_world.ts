/**
 * What gateway tests stand on: the memory bus with an instrument's topics, packets and anomalies made to order,
 * and the real lane inline. It refuses to fake a port.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryBus } from '../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../src/adapters/memory/clock.ts';
import { createMemoryLane } from '../../src/adapters/memory/lane.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createTelemetry } from '../../src/adapters/telemetry/telemetry.ts';
import { firstPolicy } from '../../src/anomaly/fidelity.ts';
import { builtInTables } from '../../src/codec/ladder/tables.ts';
import { parseTables } from '../../src/codec/ladder/tables_file.ts';
import type { Digits, FrameIdentity } from '../../src/domain/frame.ts';
import { type Anomaly, FidelityReason, type Packet } from '../../src/domain/packet.ts';
import {
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../../src/domain/quantity.ts';
import { openLane } from '../../src/lane.ts';
import type { Lane } from '../../src/ports/lane.ts';
import { topicSpecs, topicsOf } from '../../src/services/topics.ts';
import { encodeAnomaly } from '../../src/wire/anomaly.ts';
import { parseInstrumentCard, parseModelCard } from '../../src/wire/card.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { encodePacket } from '../../src/wire/packet.ts';

const root = join(import.meta.dirname, '..', '..');
const textOf = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

export const card = parseInstrumentCard(textOf('instruments', 'sphenix-tpc-auau.json'));
export const modelFolder = join(root, 'models', card.model.name, String(card.model.version));
export const model = parseModelCard(
  textOf('models', card.model.name, String(card.model.version), 'card.json'),
);
export const topics = topicsOf(card.id);
export const partitions = 4;

/** The bus and the clock that stamps its records. */
export const openBus = async () => {
  const clock = createVirtualClock();
  const bus = createMemoryBus({ clock });
  await bus.ensureTopics(topicSpecs(card, partitions, 512 * 1024 * 1024));
  return { bus, clock };
};

/** Telemetry whose log lines are kept, not printed. */
export const openTelemetry = () => {
  const lines: string[] = [];
  const adapter = createTelemetry({
    service: 'gateway',
    version: '0',
    level: 'info',
    target: { kind: 'json', write: (text) => void lines.push(text) },
  });
  return { ...adapter, lines };
};

/** What the card names, or the built-in tables while it names none: as a lane chooses. */
export const ladderTables = () =>
  card.tables === undefined
    ? builtInTables(card)
    : parseTables(textOf('instruments', card.tables.file), card);

/** The real stages over the real encoder, in this thread. */
export const openInlineLane = async (): Promise<Lane> => {
  const setup = {
    instrument: card,
    model,
    encoderPath: join(modelFolder, model.encoder.file),
    provider: 'cpu',
    ladderTables: card.tables === undefined ? null : textOf('instruments', card.tables.file),
  } as const;
  return createMemoryLane(await openLane(setup, createSystemClock()));
};
export const plainPolicy = { ...firstPolicy(), prescale: 0 };

export const identity = (number: number, region: number): FrameIdentity => ({
  sourceName: card.regions[region]!,
  messageId: messageId(number),
  timestampNanos: epochNanos(1_750_000_000_000_000_000n + BigInt(number) * card.timeFrameNanos),
  durationNanos: durationNanos(card.timeFrameNanos),
  run: run(7),
  timeFrame: timeFrameNumber(number),
  instrumentId: card.id,
  instrumentHash: card.hash,
});

export const packet = (
  number: number,
  options: { region?: number; bytes?: number; rare?: boolean } = {},
): Packet => ({
  identity: identity(number, options.region ?? 0),
  modelId: `${model.name}/${model.version}`,
  modelHash: model.hash,
  hitCount: 10 + number,
  rawByteCount: 1000 + number,
  layers: [{ kind: 1, codec: 1, symbolCount: 4, payload: new Uint8Array(options.bytes ?? 16).fill(number) }],
  scores: [{ name: 'surprise', value: number / 8 }],
  pValue: options.rare === true ? 0.001 : 0.5,
  policyVersion: policyVersion(3),
  reason: options.rare === true ? FidelityReason.rare : FidelityReason.ordinary,
});

export const anomaly = (number: number, region = 0): Anomaly => ({
  identity: identity(number, region),
  scoreName: 'surprise',
  score: 4.5,
  pValue: 0.001,
  pLow: 0,
  pHigh: 1,
  threshold: 0.01,
  verdict: 'rare',
  patches: [{ patch: 17, surpriseBits: 12 }],
  policyVersion: policyVersion(3),
  findings: [],
  scores: [],
});

export const packetRecord = (made: Packet, partition = 0) => ({
  topic: topics.tokens,
  partition,
  key: Buffer.from(String(made.identity.timeFrame)),
  value: encodePacket(made),
});
export const anomalyRecord = (made: Anomaly, partition = 0) => ({
  topic: topics.anomalies,
  partition,
  key: Buffer.from(String(made.identity.timeFrame)),
  value: encodeAnomaly(made),
});

/** A frame with `count` hits spread over the grid. */
export const frame = (number: number, count: number): Uint8Array => {
  const voxel = Uint32Array.from({ length: count }, (_, i) => i * 37);
  const adc = Uint16Array.from({ length: count }, (_, i) => 64 + ((i * 13) % 900));
  const digits: Digits = { count, voxel, adc };
  return encodeFrame(identity(number, number % card.regions.length), digits, card);
};
