/**
 * Packets as rows: everything a packet says but its layers' payloads, which lie in files of their own, a rung each.
 * From both the tk00 message comes back byte for byte; where it would not (another encoder wrote it), the row keeps
 * the message as it came. Refuses to lose a byte.
 */

import type { Table } from '../domain/archive/column.ts';
import { Fault } from '../domain/fault.ts';
import type { FidelityReason, Packet, Score } from '../domain/packet.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../domain/quantity.ts';
import { type InstantName, type Instants, instantNames } from '../wire/instants.ts';
import { encodePacket, isEncodingOf } from '../wire/packet.ts';
import {
  bigintIn,
  bytesIn,
  type Cells,
  isAbsent,
  numberIn,
  numbersIn,
  placeColumns,
  textIn,
} from './cells.ts';

/** What all packets of a file share; it stands in the file's notes. */
export interface FileIdentity {
  readonly run: number;
  readonly instrumentId: string;
  readonly instrumentHash: string;
}

/** A layer without its payload. */
export interface LayerHead {
  readonly kind: number;
  readonly codec: number;
  readonly symbolCount: number;
  readonly byteCount: number;
}

export interface PacketRow {
  readonly timeFrame: number;
  /** Index of the region in the instrument card. */
  readonly region: number;
  /** Of the partial event that brought it. */
  readonly revision: number;
  readonly sourceName: string;
  readonly messageId: number;
  readonly startNanos: bigint;
  readonly durationNanos: bigint;
  readonly modelId: string;
  readonly modelHash: string;
  readonly hitCount: number;
  readonly rawByteCount: number;
  readonly pValue: number;
  readonly policyVersion: number;
  readonly reason: number;
  readonly layers: readonly LayerHead[];
  readonly scores: readonly Score[];
  /** Wall instants of its way; null where nobody wrote them. */
  readonly instants: Instants | null;
  /** The message as it came, where its bytes do not follow from the rest. */
  readonly verbatim: Uint8Array | null;
}

/** Apart from any score, whatever its name is. */
const instantColumn = (name: InstantName) => `at_${name}_ns`;
const scorePrefix = 'score_';

const instantsIn = (cells: Cells): Instants | null =>
  isAbsent(cells, instantColumn('received'))
    ? null
    : (Object.fromEntries(
        instantNames.map((name) => [name, bigintIn(cells, instantColumn(name))]),
      ) as unknown as Instants);

const layersIn = (cells: Cells): LayerHead[] => {
  const [kinds, codecs, symbols, bytes] = ['layer_kind', 'layer_codec', 'layer_symbols', 'layer_bytes'].map(
    (name) => numbersIn(cells, name),
  ) as [number[], number[], number[], number[]];
  return kinds.map((kind, i) => ({
    kind,
    codec: codecs[i] ?? 0,
    symbolCount: symbols[i] ?? 0,
    byteCount: bytes[i] ?? 0,
  }));
};

const scoresIn = (cells: Cells, names: readonly string[]): Score[] =>
  names
    .filter((name) => !isAbsent(cells, scorePrefix + name))
    .map((name) => ({ name, value: numberIn(cells, scorePrefix + name) }));

/** Names of the scores a packets file has, in order, from its columns. */
export const scoreNamesOf = (columns: readonly string[]): string[] =>
  columns.filter((name) => name.startsWith(scorePrefix)).map((name) => name.slice(scorePrefix.length));

/** The packets table of a file whose packets have these scores, in this order. */
export const packetTable = (scoreNames: readonly string[]): Table<PacketRow> => ({
  columns: [
    placeColumns.timeFrame,
    placeColumns.region,
    placeColumns.revision,
    placeColumns.sourceName,
    placeColumns.messageId,
    placeColumns.startNanos,
    placeColumns.durationNanos,
    { name: 'model', type: 'text', nullable: false, nature: 'few', of: (row) => row.modelId },
    { name: 'model_hash', type: 'text', nullable: false, nature: 'few', of: (row) => row.modelHash },
    { name: 'hit_count', type: 'u32', nullable: false, nature: 'mixed', of: (row) => row.hitCount },
    { name: 'raw_byte_count', type: 'u32', nullable: false, nature: 'mixed', of: (row) => row.rawByteCount },
    { name: 'p_value', type: 'f64', nullable: false, nature: 'real', of: (row) => row.pValue },
    { name: 'policy_version', type: 'u32', nullable: false, nature: 'few', of: (row) => row.policyVersion },
    { name: 'reason', type: 'u16', nullable: false, nature: 'few', of: (row) => row.reason },
    {
      name: 'layer_kind',
      type: 'u16s',
      nullable: false,
      nature: 'few',
      of: (row) => row.layers.map(({ kind }) => kind),
    },
    {
      name: 'layer_codec',
      type: 'u16s',
      nullable: false,
      nature: 'few',
      of: (row) => row.layers.map(({ codec }) => codec),
    },
    {
      name: 'layer_symbols',
      type: 'u32s',
      nullable: false,
      nature: 'mixed',
      of: (row) => row.layers.map(({ symbolCount }) => symbolCount),
    },
    {
      name: 'layer_bytes',
      type: 'u32s',
      nullable: false,
      nature: 'mixed',
      of: (row) => row.layers.map(({ byteCount }) => byteCount),
    },
    ...scoreNames.map((score) => ({
      name: scorePrefix + score,
      type: 'f64' as const,
      nullable: true,
      nature: 'real' as const,
      of: (row: PacketRow) => row.scores.find(({ name }) => name === score)?.value ?? null,
    })),
    ...instantNames.map((instant) => ({
      name: instantColumn(instant),
      type: 'i64' as const,
      nullable: true,
      nature: 'rising' as const,
      of: (row: PacketRow) => row.instants?.[instant] ?? null,
    })),
    { name: 'verbatim', type: 'bytes', nullable: true, nature: 'coded', of: (row) => row.verbatim },
  ],
  rowOf: (cells) => ({
    timeFrame: numberIn(cells, 'time_frame'),
    region: numberIn(cells, 'region'),
    revision: numberIn(cells, 'revision'),
    sourceName: textIn(cells, 'source_name'),
    messageId: numberIn(cells, 'message_id'),
    startNanos: bigintIn(cells, 'start_ns'),
    durationNanos: bigintIn(cells, 'duration_ns'),
    modelId: textIn(cells, 'model'),
    modelHash: textIn(cells, 'model_hash'),
    hitCount: numberIn(cells, 'hit_count'),
    rawByteCount: numberIn(cells, 'raw_byte_count'),
    pValue: numberIn(cells, 'p_value'),
    policyVersion: numberIn(cells, 'policy_version'),
    reason: numberIn(cells, 'reason'),
    layers: layersIn(cells),
    scores: scoresIn(cells, scoreNames),
    instants: instantsIn(cells),
    verbatim: isAbsent(cells, 'verbatim') ? null : bytesIn(cells, 'verbatim'),
  }),
});

/** Adds the packet's new scores to the file's; says whether the packet has its scores in the file's order. */
const scoresInOrder = (scoreNames: string[], scores: readonly Score[]): boolean => {
  let last = -1;
  let inOrder = true;
  for (const { name } of scores) {
    let at = scoreNames.indexOf(name);
    if (at < 0) at = scoreNames.push(name) - 1;
    if (at <= last) inOrder = false;
    last = at;
  }
  return inOrder;
};

/** Where a packet stands in the archive. */
export interface PacketPlace {
  readonly file: FileIdentity;
  readonly timeFrame: number;
  readonly region: number;
  readonly revision: number;
}

/**
 * @param bytes the tk00 message as it came; `packet` is what was decoded from it
 * @param scoreNames scores of the file so far; those of this packet are added
 */
export const rowOfPacket = (
  bytes: Uint8Array,
  packet: Packet,
  instants: Instants | null,
  place: PacketPlace,
  scoreNames: string[],
): PacketRow => {
  const { identity, layers, scores } = packet;
  const { file } = place;
  const follows =
    scoresInOrder(scoreNames, scores) &&
    identity.run === file.run &&
    identity.timeFrame === place.timeFrame &&
    identity.instrumentId === file.instrumentId &&
    identity.instrumentHash === file.instrumentHash &&
    isEncodingOf(bytes, packet);
  return {
    timeFrame: place.timeFrame,
    region: place.region,
    revision: place.revision,
    sourceName: identity.sourceName,
    messageId: identity.messageId,
    startNanos: identity.timestampNanos,
    durationNanos: identity.durationNanos,
    modelId: packet.modelId,
    modelHash: packet.modelHash,
    hitCount: packet.hitCount,
    rawByteCount: packet.rawByteCount,
    pValue: packet.pValue,
    policyVersion: packet.policyVersion,
    reason: packet.reason,
    layers: layers.map(({ kind, codec, symbolCount, payload }) => ({
      kind,
      codec,
      symbolCount,
      byteCount: payload.length,
    })),
    scores,
    instants,
    verbatim: follows ? null : bytes,
  };
};

/**
 * The tk00 message a row and its layers' payloads came from, byte for byte.
 * @param payloads one for each layer of the row, in order; not looked at where the row keeps the message itself
 * Throws file-invalid when a payload is missing or of another length: its file was deleted, or is another's.
 */
export const packetBytesOf = (
  row: PacketRow,
  payloads: readonly (Uint8Array | undefined)[],
  file: FileIdentity,
): Uint8Array => (row.verbatim === null ? encodePacket(packetOf(row, payloads, file)) : row.verbatim);

/** The packet of a row and its layers' payloads; throws as `packetBytesOf`. */
export const packetOf = (
  row: PacketRow,
  payloads: readonly (Uint8Array | undefined)[],
  file: FileIdentity,
): Packet => ({
  identity: {
    sourceName: row.sourceName,
    messageId: messageId(row.messageId),
    timestampNanos: epochNanos(row.startNanos),
    durationNanos: durationNanos(row.durationNanos),
    run: run(file.run),
    timeFrame: timeFrameNumber(row.timeFrame),
    instrumentId: file.instrumentId,
    instrumentHash: cardHash(file.instrumentHash),
  },
  modelId: row.modelId,
  modelHash: cardHash(row.modelHash),
  hitCount: row.hitCount,
  rawByteCount: row.rawByteCount,
  layers: row.layers.map(({ byteCount, ...head }, layer) => {
    const payload = payloads[layer];
    if (payload?.length !== byteCount)
      throw new Fault(
        'file-invalid',
        `layer ${layer} of time frame ${row.timeFrame}, region ${row.region} has ${payload?.length ?? 'no'} bytes, not ${byteCount}; ask for fewer layers`,
      );
    return { ...head, payload };
  }),
  scores: row.scores,
  pValue: row.pValue,
  policyVersion: policyVersion(row.policyVersion),
  reason: row.reason as FidelityReason,
});
