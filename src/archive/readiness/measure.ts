/**
 * Whether a run is fit to learn from, in figures: the questions AIDRIN asks of a dataset (Hiniduma et al., SSDBM 2024,
 * arXiv:2406.19256): completeness, duplicates, outliers, balance, correlation, and what readout adds: use of tokens and
 * drift along the run. Takes time frames in order; refuses to give one grade.
 */

import type { InstrumentCard } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import { FidelityReason } from '../../domain/packet.ts';
import { sha256Of } from '../../wire/files/sha256.ts';
import type { PacketRow } from '../packet_rows.ts';
import { type ColumnLook, evenness, lookAt, openSample, rankCorrelation } from './columns.ts';
import { openTokenUse, type SymbolUse, type TokenDrift } from './tokens.ts';

export interface SeenPacket {
  readonly row: PacketRow;
  /** Of the token layer; null where it was not read or there is none. */
  readonly tokens: Uint8Array | null;
  /** Decoded, where it was asked for. */
  readonly symbols: Uint8Array | null;
}

export interface SeenTimeFrame {
  readonly timeFrame: number;
  /** Reason of the last revision; null where no event row is there. */
  readonly reason: number | null;
  readonly packets: readonly SeenPacket[];
}

export interface RegionLook {
  readonly region: number;
  readonly name: string;
  readonly packets: number;
  /** Of the time frames it could have been in. */
  readonly presentShare: number;
  readonly meanHits: number;
}

export interface Slice extends TokenDrift {
  readonly fromTimeFrame: number;
  readonly timeFrames: number;
  readonly packets: number;
  readonly meanHits: number;
  /** Standard error of that mean. */
  readonly meanHitsError: number;
  readonly rareShare: number;
  readonly presentShare: number;
}

export interface Measured {
  readonly completeness: {
    readonly timeFrames: number;
    /** Share of time frames with a packet of every region that sent any in the run. */
    readonly completeShare: number;
    /** Numbers between the first and last time frame that are not there. */
    readonly absentTimeFrames: number;
    readonly packets: number;
    readonly shed: number;
    readonly reasons: Readonly<Record<string, number>>;
    readonly regions: readonly RegionLook[];
    readonly silentRegions: readonly string[];
  };
  readonly duplicates: {
    /** Packets of a time frame and region that is there already, and of a message_id that is. */
    readonly places: number;
    /** Packets whose tokens, not empty, are another's byte for byte. */
    readonly contents: number;
    readonly contentsAsked: number;
  };
  readonly columns: readonly ColumnLook[];
  readonly balance: {
    readonly reasons: Readonly<Record<string, number>>;
    /** Evenness of hits over regions that sent any, 0 … 1. */
    readonly activityEvenness: number;
    readonly emptyShare: number;
  };
  readonly tokens: { readonly packets: number; readonly use: readonly SymbolUse[] };
  readonly drift: readonly Slice[];
  readonly correlation: {
    readonly columns: readonly string[];
    /** Spearman, row by row; null where one of the two does not vary. */
    readonly matrix: readonly (readonly (number | null)[])[];
  };
}

const reasonNames = Object.fromEntries(Object.entries(FidelityReason).map(([name, value]) => [value, name]));
const eventReasons = ['complete', 'deadline', 'amendment', 'pressure', 'drained'];

export const slicesMost = 20;
const sampleRowsMax = 8192;
/** Contents remembered for duplicates: 64 bits each, some ten megabytes. */
const contentsMax = 200_000;
/** Tokens of fewer symbols are often equal by chance. */
const contentSymbolsMin = 32;

const fixedColumns = [
  'hit_count',
  'raw_byte_count',
  'token_bytes',
  'token_symbols',
  'log10_p_value',
] as const;
const tokenKind = 1;

const valuesOf = ({ row }: SeenPacket, scores: readonly string[]): number[] => {
  const token = row.layers.find(({ kind }) => kind === tokenKind);
  const score = new Map(row.scores.map(({ name, value }) => [name, value]));
  return [
    row.hitCount,
    row.rawByteCount,
    token?.byteCount ?? Number.NaN,
    token?.symbolCount ?? Number.NaN,
    row.pValue > 0 ? Math.log10(row.pValue) : Number.NaN,
    ...scores.map((name) => score.get(name) ?? Number.NaN),
  ];
};

interface SliceSums {
  timeFrames: number;
  packets: number;
  hits: number;
  squares: number;
  rare: number;
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const count = (into: Record<string, number>, name: string): void => {
  into[name] = (into[name] ?? 0) + 1;
};

export interface MeasureParts {
  readonly card: Pick<InstrumentCard, 'regions'>;
  readonly model: Pick<ModelCard, 'symbolsPerPatch' | 'alphabet'>;
  /** First and last time frame of the run. */
  readonly timeFrames: readonly [number, number];
  /** Columns of scores; others are not looked at. */
  readonly scoreNames: readonly string[];
}

const openDuplicates = () => {
  const contents = new Set<string>();
  const found = { places: 0, contents: 0, contentsAsked: 0 };
  return {
    found,
    look(packets: readonly SeenPacket[]): void {
      found.places += packets.length - new Set(packets.map(({ row }) => row.region)).size;
      for (const { row, tokens } of packets) {
        const symbols = row.layers.find(({ kind }) => kind === tokenKind)?.symbolCount ?? 0;
        if (tokens === null || symbols < contentSymbolsMin || contents.size >= contentsMax) continue;
        found.contentsAsked += 1;
        const key = sha256Of([tokens]).slice(0, 16);
        if (contents.has(key)) found.contents += 1;
        else contents.add(key);
      }
    },
  };
};

export const openMeasure = ({ card, model, timeFrames: [first, last], scoreNames }: MeasureParts) => {
  const slices = Math.max(1, Math.min(slicesMost, last - first + 1));
  const sliceOf = (timeFrame: number): number =>
    Math.min(slices - 1, Math.floor(((timeFrame - first) * slices) / (last - first + 1)));
  const sums: SliceSums[] = Array.from({ length: slices }, () => ({
    timeFrames: 0,
    packets: 0,
    hits: 0,
    squares: 0,
    rare: 0,
  }));
  const regions = card.regions.map(() => ({ packets: 0, hits: 0 }));
  const frameSizes = new Map<number, number>();
  const sample = openSample(sampleRowsMax);
  const use = openTokenUse(model, slices);
  const duplicates = openDuplicates();
  const reasons: Record<string, number> = {};
  const endings: Record<string, number> = {};
  let [timeFrames, packetCount, shed, empty, decoded] = [0, 0, 0, 0, 0];

  const addPacket = (packet: SeenPacket, sum: SliceSums, slice: number): void => {
    const { row, symbols } = packet;
    packetCount += 1;
    if (row.layers.length === 0) shed += 1;
    if (row.hitCount === 0) empty += 1;
    count(reasons, reasonNames[row.reason] ?? String(row.reason));
    const region = regions[row.region];
    if (region !== undefined) {
      region.packets += 1;
      region.hits += row.hitCount;
    }
    sum.packets += 1;
    sum.hits += row.hitCount;
    sum.squares += row.hitCount ** 2;
    if (row.reason === FidelityReason.rare) sum.rare += 1;
    sample.add(valuesOf(packet, scoreNames));
    if (symbols !== null) {
      decoded += 1;
      use.add(symbols, slice);
    }
  };

  const completeness = (): Measured['completeness'] => {
    const sending = regions.filter(({ packets }) => packets > 0).length;
    return {
      timeFrames,
      completeShare: share(frameSizes.get(sending) ?? 0, timeFrames),
      absentTimeFrames: last - first + 1 - timeFrames,
      packets: packetCount,
      shed,
      reasons: endings,
      regions: regions.map(({ packets, hits }, region) => ({
        region,
        name: card.regions[region]!,
        packets,
        presentShare: share(packets, timeFrames),
        meanHits: share(hits, packets),
      })),
      silentRegions: card.regions.filter((_, region) => regions[region]!.packets === 0),
    };
  };
  const drift = (): Slice[] =>
    sums.map((sum, slice) => {
      const mean = share(sum.hits, sum.packets);
      const spread = Math.max(0, share(sum.squares, sum.packets) - mean ** 2);
      const sending = regions.filter(({ packets }) => packets > 0).length;
      return {
        fromTimeFrame: first + Math.ceil((slice * (last - first + 1)) / slices),
        timeFrames: sum.timeFrames,
        packets: sum.packets,
        meanHits: mean,
        meanHitsError: Math.sqrt(share(spread, sum.packets)),
        rareShare: share(sum.rare, sum.packets),
        presentShare: share(sum.packets, sum.timeFrames * sending),
        ...use.drift(slice),
      };
    });

  return {
    timeFrame({ timeFrame, reason, packets }: SeenTimeFrame): void {
      const slice = sliceOf(timeFrame);
      const sum = sums[slice]!;
      timeFrames += 1;
      sum.timeFrames += 1;
      if (reason !== null) count(endings, eventReasons[reason] ?? String(reason));
      const size = new Set(packets.map(({ row }) => row.region)).size;
      frameSizes.set(size, (frameSizes.get(size) ?? 0) + 1);
      duplicates.look(packets);
      for (const packet of packets) addPacket(packet, sum, slice);
    },
    close(): Measured {
      const names = [...fixedColumns, ...scoreNames];
      const columns = names.map((_, i) => sample.rows.map((row) => row[i]!));
      const shown = names.map((_, i) => i).filter((i) => columns[i]!.some(Number.isFinite));
      const active = regions.filter(({ packets }) => packets > 0).map(({ hits }) => hits);
      return {
        completeness: completeness(),
        duplicates: { ...duplicates.found },
        columns: names.map((name, i) => lookAt(name, columns[i]!)).filter((look) => look !== null),
        balance: {
          reasons,
          activityEvenness: evenness(active),
          emptyShare: share(empty, packetCount),
        },
        tokens: { packets: decoded, use: use.use() },
        drift: drift(),
        correlation: {
          columns: shown.map((i) => names[i]!),
          matrix: shown.map((i) => shown.map((j) => rankCorrelation(columns[i]!, columns[j]!))),
        },
      };
    },
  };
};
