/**
 * Partial events in words: which regions are there, why it was sent, what its packets weigh, and what its event tokens
 * say of the regions beside what the packets say. It refuses nothing; what cannot be read has thrown its Fault before.
 */

import { summariesOf, summaryOf } from '../../codec/event_tokens.ts';
import type { EventModelCard } from '../../domain/archive/event_model.ts';
import { type PartialEvent, PartialEventReason } from '../../domain/archive/partial_event.ts';
import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { decodePartialEvent } from '../../wire/events/partial_event.ts';
import { decodePacket } from '../../wire/packet.ts';
import { bytesInWords, grouped } from '../output.ts';
import { type Heading, heading, instant, type Told } from './told.ts';

export const eventHeadings: Readonly<Record<string, Heading>> = {
  pe00: heading(
    ['run', 'right'],
    ['time frame', 'right'],
    ['revision', 'right'],
    ['regions', 'right'],
    ['packets', 'right'],
    ['bytes', 'right'],
    ['reason'],
    ['event tokens'],
  ),
};

const reasonOf = ({ reason }: PartialEvent): string =>
  Object.entries(PartialEventReason).find(([, number]) => number === reason)?.[0] ??
  `${reason} (unknown here)`;

/** Regions there and not there, by the mask. */
const partsOf = ({ regionCount, present }: PartialEvent) => {
  const is = (region: number): boolean => ((present[region >> 3] ?? 0) & (1 << (region & 7))) !== 0;
  const regions = Array.from({ length: regionCount }, (_, region) => region);
  return { there: regions.filter(is), absent: regions.filter((region) => !is(region)) };
};

/** Regions told one by one; more are summed. */
const listed = 24;

const named = (regions: readonly number[], { regions: names }: InstrumentCard): string =>
  regions
    .slice(0, listed)
    .map((region) => names[region] ?? `region ${region}`)
    .join(', ') + (regions.length > listed ? ` and ${regions.length - listed} more` : '');

/** Hits the packets of a message say, by region; those that cannot be read say nothing. */
const hitsSaid = ({ packets }: PartialEvent): Map<number, number> => {
  const hits = new Map<number, number>();
  for (const { region, packet } of packets)
    try {
      hits.set(region, summaryOf(region, decodePacket(packet)).hitCount);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  return hits;
};

const tokensTold = (event: PartialEvent, card: InstrumentCard, model: EventModelCard | null) => {
  const { eventTokens } = event;
  if (eventTokens.length === 0) return { lines: [['event tokens', 'none']] as [string, string][], data: [] };
  const madeBy = event.eventModel;
  const isKnown = model !== null && (madeBy === null || madeBy.hash === model.hash);
  const told = isKnown ? summariesOf(eventTokens, model) : null;
  const first: [string, string] = ['event tokens', eventTokens.join(' ')];
  if (told === null || model === null)
    return {
      lines: [
        first,
        [
          'they say',
          `nothing to this build: they are of ${madeBy === null ? 'another model' : `${madeBy.id}, card ${madeBy.hash}`}`,
        ],
      ] as [string, string][],
      data: [],
    };
  const there = new Set(partsOf(event).there);
  const hits = hitsSaid(event);
  const regions = told.filter(({ region }) => there.has(region));
  return {
    lines: [
      [first[0], `${first[1]} (by ${model.name}/${model.version})`],
      ...regions.slice(0, listed).map((summary): [string, string] => {
        const said = hits.get(summary.region);
        const beside = said === undefined ? '' : ` (its packet: ${grouped(said)})`;
        return [
          'they say',
          `${named([summary.region], card)}: ${grouped(summary.hitCount)} hits${beside}, tokens ` +
            `${bytesInWords(summary.tokenBytes)}, surprise ${summary.surprise.toFixed(1)} bits`,
        ];
      }),
    ] as [string, string][],
    data: regions,
  };
};

export const eventTold = (bytes: Uint8Array, card: InstrumentCard, model: EventModelCard | null): Told => {
  const event = decodePartialEvent(bytes);
  const { run, timeFrame, revision, part, partCount, regionCount, packets, gaps } = event;
  const { there, absent } = partsOf(event);
  const weight = packets.reduce((sum, { packet }) => sum + packet.length, 0);
  const tokens = tokensTold(event, card, model);
  return {
    kind: 'pe00',
    row: [
      String(run),
      String(timeFrame),
      partCount > 1 ? `${revision}, part ${part + 1} of ${partCount}` : String(revision),
      `${there.length} of ${regionCount}`,
      String(packets.length),
      bytesInWords(bytes.byteLength),
      reasonOf(event),
      event.eventTokens.slice(0, 4).join(' ') + (event.eventTokens.length > 4 ? ' …' : ''),
    ],
    full: [
      ['source', `${event.sourceName}, message ${event.messageId}`],
      ['time frame', `run ${run}, number ${timeFrame}`],
      ['starts', `${instant(event.timestampNanos)}, lasts ${grouped(Number(event.durationNanos))} ns`],
      ['instrument', `${event.instrumentId} (card ${event.instrumentHash})`],
      ['revision', `${revision}, part ${part + 1} of ${partCount}, ${reasonOf(event)}`],
      [
        'regions',
        `${there.length} of ${regionCount}${absent.length === 0 ? '' : `; absent: ${named(absent, card)}`}`,
      ],
      ...gaps.map(({ region, fromId, count }): [string, string] => [
        'lost',
        `${named([region], card)}: ${grouped(count)} messages from ${fromId} on`,
      ]),
      ['packets', `${packets.length} of ${bytesInWords(weight)} in ${grouped(bytes.byteLength)} bytes`],
      ...tokens.lines,
    ],
    data: {
      ...event,
      present: there,
      packets: packets.map(({ region, packet }) => ({ region, bytes: packet.length })),
      reason: reasonOf(event),
      restored: tokens.data,
    },
  };
};
