/**
 * The event token level: a few symbols that tell the summaries of a time frame's regions, and the summaries back. From
 * what packets say of themselves, by a network of whole numbers, so that the tokens are a function of packets and card
 * alone, equal on every machine. Order does not matter; regions that are absent count as the mean of those there. It
 * refuses a region twice or out of range, and tokens of another model.
 */

import { type EventField, type EventModelCard, summaryFields } from '../domain/archive/event_model.ts';
import type { CarriedPacket } from '../domain/archive/partial_event.ts';
import { Fault } from '../domain/fault.ts';
import { LayerKind, type Packet } from '../domain/packet.ts';
import { runLayers } from '../kernels/integer_network.ts';
import { decodePacket } from '../wire/packet.ts';

/** What one packet says of its region. */
export interface RegionSummary {
  /** Index of the region in its instrument's card. */
  readonly region: number;
  readonly hitCount: number;
  /** Bytes and symbols of the token layer; 0 where it was shed. */
  readonly tokenBytes: number;
  readonly symbolCount: number;
  /** Token surprise, bits; 0 where nothing was scored. */
  readonly surprise: number;
  /** 0 … 1. */
  readonly pValue: number;
}

export const summaryOf = (region: number, packet: Packet): RegionSummary => {
  const tokens = packet.layers.find(({ kind }) => kind === LayerKind.tokens);
  return {
    region,
    hitCount: packet.hitCount,
    tokenBytes: tokens?.payload.length ?? 0,
    symbolCount: tokens?.symbolCount ?? 0,
    surprise: packet.scores[0]?.value ?? 0,
    pValue: packet.pValue,
  };
};

/** Cells of a number: 2 … 254 are evenly laid, 1 is the number 0 in octaves, 0 a region that is absent. */
const cellsOfRange = 253;
const double = new DataView(new ArrayBuffer(8));

/** 64 · log2, linear between powers of two, rounded down: exponent and first six bits of the double itself. */
const octavesOf = (value: number): number => {
  double.setFloat64(0, value);
  return (double.getInt32(0) >> 14) - (1023 << 6);
};

const cellOf = (value: number, { scale, low, high }: EventField): number => {
  // Smaller numbers than a double's normal ones are as good as 0; no field is negative in octaves.
  if (scale === 'octaves' && !(value >= 2 ** -1022)) return 1;
  const scaled = scale === 'octaves' ? octavesOf(value) : value;
  return Math.min(255, Math.max(2, 2 + Math.floor(((scaled - low) * cellsOfRange) / (high - low))));
};

/** The middle of what has this cell; the least and greatest cell hold what is beyond, too. */
const middleOf = (cell: number, { scale, low, high }: EventField): number => {
  const scaled = low + ((cell - 1.5) * (high - low)) / cellsOfRange;
  if (scale === 'linear') return scaled;
  if (cell < 2) return 0;
  const octave = Math.floor(scaled / 64);
  return 2 ** octave * (1 + scaled / 64 - octave);
};

/** Cells of all regions, region by region; null where there is no region at all. */
const cellsOf = (summaries: readonly RegionSummary[], { regionCount, fields }: EventModelCard) => {
  if (summaries.length === 0) return null;
  const width = fields.length;
  const cells = new Uint8Array(regionCount * width);
  const sums = new Float64Array(width);
  for (const summary of summaries) {
    const at = summary.region * width;
    if (!(summary.region < regionCount) || cells[at] !== 0)
      throw new Error(`region ${summary.region} of ${regionCount} is there twice or not in the card`);
    fields.forEach((field, i) => {
      const cell = cellOf(summary[field.name], field);
      cells[at + i] = cell;
      sums[i]! += cell;
    });
  }
  for (let at = 0; at < cells.length; at += width)
    if (cells[at] === 0)
      for (let i = 0; i < width; i++) cells[at + i] = Math.floor(sums[i]! / summaries.length);
  return cells;
};

/**
 * Symbols of a time frame, `card.symbols` of them, each below levels^symbolDigits; none where no region is there.
 * Summaries in any order, at most one a region.
 */
export const eventTokensOf = (summaries: readonly RegionSummary[], card: EventModelCard): Uint16Array => {
  const cells = cellsOf(summaries, card);
  if (cells === null) return new Uint16Array(0);
  const digits = runLayers(card.network.encoder, cells);
  return Uint16Array.from({ length: card.symbols }, (_, symbol) => {
    let joined = 0;
    for (let d = 0; d < card.symbolDigits; d++)
      joined = joined * card.levels + digits[symbol * card.symbolDigits + d]!;
    return joined;
  });
};

/** The summary of a packet as it was carried; null where it cannot be read. */
const summaryOrNothing = ({ region, packet }: CarriedPacket): RegionSummary | null => {
  try {
    return summaryOf(region, decodePacket(packet));
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
};

/**
 * What an assembler asks: the tokens of the packets of one time frame, a function of them alone. A packet that cannot be
 * read, or whose region has one already, counts as absent.
 * @param model null: instruments without an event model have no event tokens
 */
export const eventTokenizer =
  (model: EventModelCard | null) =>
  (packets: readonly CarriedPacket[]): number[] => {
    if (model === null) return [];
    const byRegion = new Map<number, RegionSummary>();
    for (const carried of packets) {
      if (carried.region >= model.regionCount || byRegion.has(carried.region)) continue;
      const summary = summaryOrNothing(carried);
      if (summary !== null) byRegion.set(carried.region, summary);
    }
    return [...eventTokensOf([...byRegion.values()], model)];
  };

/**
 * The summaries that tokens stand for, of every region; which of them are there, the event's mask says. How near they
 * are is in the card's metrics. Null where the tokens are not ones this model makes.
 */
export const summariesOf = (tokens: ArrayLike<number>, card: EventModelCard): RegionSummary[] | null => {
  const { symbols, symbolDigits, levels, digitStep, fields, regionCount } = card;
  if (tokens.length !== symbols) return null;
  const inputs = new Uint8Array(symbols * symbolDigits);
  for (let symbol = 0; symbol < symbols; symbol++) {
    let rest = tokens[symbol]!;
    if (!(rest < levels ** symbolDigits)) return null;
    for (let d = symbolDigits - 1; d >= 0; d--) {
      inputs[symbol * symbolDigits + d] = (rest % levels) * digitStep;
      rest = Math.floor(rest / levels);
    }
  }
  const cells = runLayers(card.network.decoder, inputs);
  const of = (region: number, field: number): number =>
    middleOf(cells[region * fields.length + field]!, fields[field]!);
  return Array.from({ length: regionCount }, (_, region) => ({
    region,
    hitCount: Math.round(of(region, 0)),
    tokenBytes: Math.round(of(region, 1)),
    symbolCount: Math.round(of(region, 2)),
    surprise: of(region, summaryFields.indexOf('surprise')),
    pValue: Math.min(1, of(region, summaryFields.indexOf('pValue'))),
  }));
};
