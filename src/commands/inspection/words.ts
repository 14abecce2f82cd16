/**
 * Any message of ours in words: one row for a table, and the same in full as labelled lines and as plain data.
 * It refuses nothing: what cannot be read is told with its fault, because that is what a person came to see.
 */

import type { EventModelCard } from '../../domain/archive/event_model.ts';
import { Fault } from '../../domain/fault.ts';
import type { FrameIdentity } from '../../domain/frame.ts';
import { FrameEncoding } from '../../domain/frame.ts';
import { type InstrumentCard, patchSpan, spanInWords, voxelCount } from '../../domain/instrument.ts';
import {
  type Anomaly,
  FidelityReason,
  type Finding,
  type Layer,
  LayerCodec,
  LayerKind,
} from '../../domain/packet.ts';
import { decodeAnomaly } from '../../wire/anomaly.ts';
import { openFrame } from '../../wire/frame.ts';
import { decodePacket } from '../../wire/packet.ts';
import { bytesInWords, grouped } from '../output.ts';
import { alarmHeadings, alarmTellers, jsonKind } from './alarm_words.ts';
import { clustersTold } from './clusters_words.ts';
import { eventHeadings, eventTold } from './event_words.ts';
import { objectsTold, slotInWords } from './objects_words.ts';
import { refusedTold, serviceHeadings, serviceTellers } from './service_words.ts';
import { type Heading, heading, identifierOf, instant, type Told } from './told.ts';

const whose = [['run', 'right'], ['time frame', 'right'], ['source']] as const;
const headings: Readonly<Record<string, Heading>> = {
  tk00: heading(
    ...whose,
    ['hits', 'right'],
    ['frame', 'right'],
    ['packet', 'right'],
    ['ratio', 'right'],
    ['score', 'right'],
    ['p-value', 'right'],
    ['reason'],
    ['layers'],
  ),
  tf00: heading(
    ...whose,
    ['message', 'right'],
    ['hits', 'right'],
    ['frame', 'right'],
    ['encoding'],
    ['starts'],
  ),
  an00: heading(
    ...whose,
    ['score', 'right'],
    ['p-value', 'right'],
    ['threshold', 'right'],
    ['verdict'],
    ['driven by'],
  ),
  ...eventHeadings,
  ...serviceHeadings,
  ...alarmHeadings,
};
const otherHeading = heading(['identifier'], ['bytes', 'right'], ['what']);
export const headingOf = (kind: string): Heading => headings[kind] ?? otherHeading;

const nameIn = (list: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(list).find(([, number]) => number === value)?.[0] ?? `${value} (unknown here)`;
const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const identityRow = ({ run, timeFrame, sourceName }: FrameIdentity): string[] => [
  String(run),
  String(timeFrame),
  sourceName,
];
const identityFull = (identity: FrameIdentity): [string, string][] => [
  ['source', `${identity.sourceName}, message ${identity.messageId}`],
  ['time frame', `run ${identity.run}, number ${identity.timeFrame}`],
  ['starts', `${instant(identity.timestampNanos)}, lasts ${grouped(Number(identity.durationNanos))} ns`],
  ['instrument', `${identity.instrumentId} (card ${identity.instrumentHash})`],
];

const score4 = (value: number): string => value.toPrecision(4);
const ratioOf = (of: number, to: number): string => (to === 0 ? '–' : `${(of / to).toFixed(1)}×`);
export const reasonInWords = (reason: number): string => kebab(nameIn(FidelityReason, reason));
export const layerInWords = ({ kind, payload }: Layer): string =>
  `${kebab(nameIn(LayerKind, kind))} ${bytesInWords(payload.byteLength)}`;

const packetTold = (bytes: Uint8Array, card: InstrumentCard): Told => {
  const packet = decodePacket(bytes);
  const { identity, layers, scores } = packet;
  const layersText = layers.map(layerInWords).join(', ') || 'none';
  const dense = voxelCount(card) * 2;
  const clusters = clustersTold(packet, card);
  return {
    kind: 'tk00',
    packet,
    row: [
      ...identityRow(identity),
      grouped(packet.hitCount),
      bytesInWords(packet.rawByteCount),
      bytesInWords(bytes.byteLength),
      ratioOf(packet.rawByteCount, bytes.byteLength),
      scores[0] === undefined ? '–' : score4(scores[0].value),
      score4(packet.pValue),
      reasonInWords(packet.reason),
      layersText,
    ],
    full: [
      ...identityFull(identity),
      ['frame', `${grouped(packet.hitCount)} hits in ${grouped(packet.rawByteCount)} bytes`],
      [
        'packet',
        `${grouped(bytes.byteLength)} bytes: ${ratioOf(packet.rawByteCount, bytes.byteLength)} of the frame, ` +
          `${ratioOf(dense, bytes.byteLength)} of ${bytesInWords(dense)} of dense 16-bit voxels`,
      ],
      ...layers.map((layer): [string, string] => [
        'layer',
        `${kebab(nameIn(LayerKind, layer.kind))} by ${nameIn(LayerCodec, layer.codec)}: ` +
          `${grouped(layer.symbolCount)} symbols in ${grouped(layer.payload.byteLength)} bytes` +
          (layer.symbolCount > 0
            ? `, ${((layer.payload.byteLength * 8) / layer.symbolCount).toFixed(2)} bits each`
            : ''),
      ]),
      ...clusters.lines,
      ...scores.map(({ name, value }): [string, string] => ['score', `${name} ${score4(value)}`]),
      ['p-value', `${score4(packet.pValue)} under policy ${packet.policyVersion}`],
      ['reason', reasonInWords(packet.reason)],
      ['model', `${packet.modelId} (card ${packet.modelHash})`],
    ],
    data: {
      ...packet,
      packetBytes: bytes.byteLength,
      reason: reasonInWords(packet.reason),
      layers: layers.map(({ kind, codec, symbolCount, payload }) => ({
        kind: kebab(nameIn(LayerKind, kind)),
        codec: nameIn(LayerCodec, codec),
        symbolCount,
        bytes: payload.byteLength,
      })),
      ...clusters.data,
    },
  };
};

const frameTold = (bytes: Uint8Array, card: InstrumentCard): Told => {
  const open = openFrame(bytes, card);
  const { identity, hitCount, encoding, payload } = open;
  const name = nameIn(FrameEncoding, encoding);
  const objects = card.kind === 'objects' ? objectsTold(open, card) : null;
  return {
    kind: 'tf00',
    row: [
      ...identityRow(identity),
      String(identity.messageId),
      objects?.count ?? grouped(hitCount),
      bytesInWords(bytes.byteLength),
      name,
      instant(identity.timestampNanos),
    ],
    full: [
      ...identityFull(identity),
      [
        'frame',
        `${objects?.count ?? `${grouped(hitCount)} hits`} in ${grouped(bytes.byteLength)} bytes, ${name}`,
      ],
      ['occupancy', `${((100 * hitCount) / voxelCount(card)).toFixed(3)} %`],
      ...(objects?.lines ?? []),
    ],
    data: {
      identity,
      hitCount,
      ...objects?.data,
      encoding: name,
      frameBytes: bytes.byteLength,
      payloadBytes: payload.byteLength,
    },
  };
};

/** A patch as the cells it begins at: `layer 3, azimuth 16–23, time 40–47`; of objects as the object: `jet 2`. */
export const patchInWords = (patch: number, card: InstrumentCard): string => {
  if (card.kind === 'objects') return slotInWords(patch, card);
  return spanInWords(patchSpan(patch, card), card.axes);
};

const channelsListed = 8;

const findingInWords = ({ scoreName, score, span, channels }: Finding, card: InstrumentCard): string => {
  const where = span.length === 0 ? [] : [spanInWords(span, card.axes)];
  const listed = channels.slice(0, channelsListed).map(({ index }) => index);
  const more = channels.length > listed.length ? ` and ${channels.length - listed.length} more` : '';
  const named = listed.length === 0 ? [] : [`channels ${listed.join(', ')}${more}`];
  return [`${scoreName} ${score4(score)}`, ...where, ...named].join(', ');
};

const anomalyTold = (bytes: Uint8Array, card: InstrumentCard): Told => {
  const anomaly: Anomaly = decodeAnomaly(bytes);
  const driver = anomaly.patches[0];
  return {
    kind: 'an00',
    row: [
      ...identityRow(anomaly.identity),
      score4(anomaly.score),
      score4(anomaly.pValue),
      score4(anomaly.threshold),
      anomaly.verdict,
      driver === undefined
        ? '–'
        : `${patchInWords(driver.patch, card)} (${driver.surpriseBits.toFixed(1)} bits)`,
    ],
    full: [
      ...identityFull(anomaly.identity),
      ['rarest', `${anomaly.scoreName} ${score4(anomaly.score)}`],
      [
        'p-value',
        `${score4(anomaly.pValue)} (${score4(anomaly.pLow)} … ${score4(anomaly.pHigh)} with 95 %), rare under ${score4(anomaly.threshold)} by policy ${anomaly.policyVersion}`,
      ],
      ['verdict', anomaly.verdict],
      ...anomaly.scores.map(({ name, value, pValue }): [string, string] => [
        'score',
        `${name} ${score4(value)}` +
          (pValue < 1 ? `: ${score4(pValue)} of the frames of its size exceed it` : ''),
      ]),
      ...anomaly.patches.map(({ patch, surpriseBits }): [string, string] => [
        'driven by',
        `${patchInWords(patch, card)}: ${surpriseBits.toFixed(1)} bits beyond expectation`,
      ]),
      ...anomaly.findings.map((finding): [string, string] => ['unusual', findingInWords(finding, card)]),
    ],
    data: { ...anomaly },
  };
};

const otherTold = (kind: string, bytes: Uint8Array, what: string): Told => ({
  kind: 'other',
  row: [kind === '' ? '–' : kind, grouped(bytes.byteLength), what],
  full: [
    ['identifier', kind === '' ? 'none' : kind],
    ['bytes', grouped(bytes.byteLength)],
    ['what', what],
  ],
  data: { identifier: kind, bytes: bytes.byteLength, what },
});

type Teller = (bytes: Uint8Array, card: InstrumentCard, eventModel: EventModelCard | null) => Told;
const tellers: Readonly<Record<string, Teller>> = {
  tk00: packetTold,
  tf00: frameTold,
  an00: anomalyTold,
  pe00: eventTold,
  ...serviceTellers,
  ...alarmTellers,
};
/** JSON begins so, and no FlatBuffer of ours: its root would lie 123 bytes in. */
const openingBrace = 0x7b;

/**
 * @param headers of the record, those that are text; none in a file
 * @param eventModel what tells the instrument's event tokens; null: they are told as numbers
 */
export const tell = (
  bytes: Uint8Array,
  card: InstrumentCard,
  headers: Readonly<Record<string, string>> = {},
  eventModel: EventModelCard | null = null,
): Told => {
  if (headers.code !== undefined) return refusedTold(bytes, headers);
  const kind = bytes[0] === openingBrace ? jsonKind(bytes) : identifierOf(bytes);
  const teller = Object.hasOwn(tellers, kind) ? tellers[kind] : undefined;
  if (teller === undefined)
    return otherTold(kind, bytes, bytes.length === 0 ? 'empty' : 'no reader for it here');
  try {
    return teller(bytes, card, eventModel);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return otherTold(kind, bytes, `${error.code}: ${error.detail}`);
  }
};
