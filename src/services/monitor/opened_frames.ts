/**
 * A frame opened for looking: the raw one from where it lies on the bus, its packet decoded by the tokens alone and by the
 * ladder, and its blame. Refuses to guess: what is gone from the bus is said to be gone.
 */

import type { LadderTables } from '../../codec/ladder/tables.ts';
import { packetLadder } from '../../codec/packet.ts';
import { prepareTokenReader, readTokens } from '../../codec/token_reader.ts';
import { Fault } from '../../domain/fault.ts';
import type { Digits, FrameIdentity } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { hitsPerFrameMax, limits } from '../../domain/limits.ts';
import type { ModelCard } from '../../domain/model.ts';
import { type Anomaly, LayerKind, type Packet } from '../../domain/packet.ts';
import type { AnomalyShown, FrameShown } from '../../dqm/board.ts';
import { reasonNames } from '../../dqm/cycles/packets.ts';
import { anomalyShown } from '../../dqm/shown/anomalies.ts';
import { idOf, readId } from '../../dqm/shown/feed.ts';
import { blameOf, projectionsOf } from '../../dqm/shown/projections.ts';
import type { Bus, BusRecord, ReadFrom } from '../../ports/bus.ts';
import type { Model } from '../../ports/model.ts';
import { decodeAnomaly } from '../../wire/anomaly.ts';
import { openFrame, readDigits } from '../../wire/frame.ts';
import { decodeInstants, instantsHeader, sentAt } from '../../wire/instants.ts';
import { decodePacket, identifyPacket } from '../../wire/packet.ts';
import type { Topics } from '../topics.ts';
import type { PeopleKept } from './kept/people.ts';
import { itemOf, type RareFrame, type RareFramesKept } from './kept/rare_frames.ts';

export interface OpenedParts {
  readonly bus: Bus;
  readonly topics: Topics;
  readonly card: InstrumentCard;
  readonly model: ModelCard;
  readonly tables: LadderTables;
  /** The model's decoder, opened when it is first asked for; null where tokens are of objects already. */
  readonly decoder: (() => Promise<Model>) | null;
  readonly rare: RareFramesKept;
  readonly people: PeopleKept;
}

export interface OpenedFrames {
  anomaly(id: string): Promise<AnomalyShown | null>;
  frame(id: string): Promise<FrameShown | null>;
  close(): Promise<void>;
}

type Wanted = NonNullable<ReturnType<typeof readId>>;

const isOf = (
  { run, timeFrame, sourceName }: Pick<FrameIdentity, 'run' | 'timeFrame' | 'sourceName'>,
  wanted: Wanted,
): boolean => run === wanted.run && timeFrame === wanted.timeFrame && sourceName === wanted.region;

export const openFrames = (parts: OpenedParts): OpenedFrames => {
  const { bus, topics, card, model, tables, rare, people } = parts;
  let opening: Promise<Model> | null = null;

  /** The first record of a partition that `pick` takes, from some place on. */
  const find = async <T>(
    topic: string,
    partition: number,
    from: ReadFrom,
    untilMs: number,
    pick: (record: BusRecord) => T | null,
  ): Promise<T | null> => {
    const ended = new AbortController();
    try {
      let seen = 0;
      for await (const record of bus.read({
        ...{ topic, partitions: [partition], from, untilEnd: true, signal: ended.signal },
        bufferBytesMax: limits.dqmLookBytesMax,
      })) {
        if (record.timestampMs > untilMs || ++seen > limits.dqmLookRecordsMax) return null;
        const found = readable(() => pick(record));
        if (found !== null) return found;
      }
      return null;
    } finally {
      ended.abort();
    }
  };

  const anomalyOf = ({ partition, offset }: RareFrame, id: string): Promise<Anomaly | null> =>
    find(
      topics.anomalies,
      partition,
      { at: 'offset', offset: BigInt(offset) },
      Number.MAX_VALUE,
      ({ value }) => {
        const anomaly = decodeAnomaly(value);
        return idOf(anomaly) === id ? anomaly : null;
      },
    );

  const packetOf = ({ partition, atMs }: RareFrame, wanted: Wanted) =>
    find(
      topics.tokens,
      partition,
      { at: 'time', timestampMs: atMs - limits.dqmSearchMs },
      atMs + limits.dqmSearchMs,
      ({ value, headers }) => {
        if (!isOf(identifyPacket(value), wanted)) return null;
        const header = headers[instantsHeader];
        const sentNanos = header === undefined ? 0n : sentAt(decodeInstants(header));
        return {
          packet: decodePacket(value),
          bytes: value.byteLength,
          sentMs: Number(sentNanos / 1_000_000n),
        };
      },
    );

  const rawOf = ({ partition }: RareFrame, sentMs: number, wanted: Wanted) =>
    find(
      topics.frames,
      partition,
      { at: 'time', timestampMs: sentMs },
      sentMs + limits.dqmSearchMs,
      ({ value }): Digits | null => {
        const open = openFrame(value, card);
        if (!isOf(open.identity, wanted)) return null;
        const room = Math.min(hitsPerFrameMax(card), open.hitCount);
        const into = { voxel: new Uint32Array(room), adc: new Uint16Array(room) };
        return { count: readDigits(open, card, into), ...into };
      },
    );

  const byTokens = async (packet: Packet): Promise<Digits | null> => {
    if (parts.decoder === null || !packet.layers.some(({ kind }) => kind === LayerKind.tokens)) return null;
    opening ??= parts.decoder();
    const { run } = await opening;
    return readTokens(prepareTokenReader(model, card), packet, run);
  };

  const shownOf = async (id: string, row: RareFrame, wanted: Wanted): Promise<FrameShown> => {
    const found = await packetOf(row, wanted);
    const raw = found === null || found.sentMs === 0 ? null : await rawOf(row, found.sentMs, wanted);
    const ladder = found === null ? null : packetLadder(found.packet, card, tables);
    const exact = raw ?? (ladder?.exact === true ? ladder.digits : null);
    const decoded = found === null ? null : await byTokens(found.packet);
    const anomaly = await anomalyOf(row, id);
    const channels = anomaly?.findings.find((finding) => finding.channels.length > 0)?.channels ?? [];
    const blame = card.kind === 'objects' ? null : blameOf(channels, card);
    const missing = [
      found === null && 'its packet is not on the bus any more',
      exact === null && 'its raw frame is not on the bus any more, and its packet is not lossless',
      found !== null && decoded === null && 'its packet has no tokens to decode',
      blame === null && 'its scores were not explained: it is not rare enough',
    ].filter((text) => text !== false);
    return {
      id,
      region: wanted.region,
      timeFrame: wanted.timeFrame,
      hits: found?.packet.hitCount ?? exact?.count ?? 0,
      packet:
        found === null
          ? null
          : {
              layers: layersInWords(found.packet),
              reason: reasonNames[found.packet.reason] ?? 'unknown',
              bytes: found.bytes,
            },
      raw: exact === null ? null : projectionsOf(exact, card),
      decoded: decoded === null ? null : projectionsOf(decoded, card),
      blame,
      missing,
    };
  };

  return {
    async anomaly(id) {
      const row = rare.get(id);
      if (row === null) return null;
      const anomaly = await anomalyOf(row, id);
      const labels = people
        .labels()
        .filter((label) => label.id === id)
        .reverse();
      if (anomaly !== null) return anomalyShown(anomaly, card, row.atMs, labels);
      const words = 'its message is not on the bus any more';
      return {
        ...itemOf(row),
        words,
        pLow: null,
        pHigh: null,
        scores: [],
        findings: [],
        patches: [],
        labels,
      };
    },
    async frame(id) {
      const wanted = readId(id);
      const row = wanted === null ? null : rare.get(id);
      return row === null ? null : shownOf(id, row, wanted!);
    },
    async close() {
      await (await opening)?.close();
    },
  };
};

/** What cannot be read is not what is looked for. */
const readable = <T>(read: () => T | null): T | null => {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
};

const layersInWords = ({ layers }: Packet): string[] => {
  const planes = layers.filter(({ kind }) => kind === LayerKind.plane).length;
  const has = (kind: number): boolean => layers.some((layer) => layer.kind === kind);
  return [
    has(LayerKind.tokens) && 'tokens',
    has(LayerKind.occupancy) && 'occupancy',
    planes > 0 && (planes === 1 ? '1 plane' : `${planes} planes`),
    has(LayerKind.remainder) && 'remainder (lossless)',
    has(LayerKind.objects) && 'clusters',
  ].filter((text) => text !== false);
};
