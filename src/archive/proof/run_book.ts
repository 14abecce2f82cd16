/**
 * The run book: of each region what was expected, received, kept, shed and refused in a run, so that "was anything
 * lost?" has one answer. Expected are the message_ids from the first to the last seen of each source and partition,
 * which sources count without gaps; what came before the first or after the last cannot be seen by ids, and the time
 * frames without a region are counted beside. Refuses to guess: refusals nobody recorded make the answer open.
 */

/** Ids of one source in one partition, as ranges [from, to) without overlap, rising. */
interface Ids {
  readonly ranges: [from: number, to: number][];
  repeated: number;
}

const addId = (ids: Ids, id: number): boolean => {
  const { ranges } = ids;
  // The range after which the id belongs: ids mostly rise, so that it is the last.
  let low = 0;
  let high = ranges.length;
  const last = ranges.at(-1);
  if (last !== undefined && id >= last[0]) low = high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]![0] <= id) low = middle + 1;
    else high = middle;
  }
  const before = ranges[low - 1];
  const after = ranges[low];
  if (before !== undefined && id < before[1]) {
    ids.repeated += 1;
    return false;
  }
  const [joinsBefore, joinsAfter] = [before?.[1] === id, after?.[0] === id + 1];
  if (joinsBefore && joinsAfter) {
    before![1] = after![1];
    ranges.splice(low, 1);
  } else if (joinsBefore) before![1] = id + 1;
  else if (joinsAfter) after![0] = id;
  else ranges.splice(low, 0, [id, id + 1]);
  return true;
};

export interface RegionBook {
  readonly region: number;
  readonly name: string;
  readonly expected: number;
  /** received = kept + shed + refused; expected = received + lost. */
  readonly received: number;
  readonly kept: number;
  readonly shed: number;
  readonly refused: number;
  readonly lost: number;
  /** Packets whose message_id was there already; not among the received. */
  readonly repeated: number;
  /** Time frames of the run in which it has no packet. */
  readonly absent: number;
}

/** Ids that never came: count of them from `fromId`. */
export interface Gap {
  readonly region: number;
  readonly partition: number;
  readonly fromId: number;
  readonly count: number;
}

export interface RunBook {
  readonly layout: 1;
  readonly run: number;
  readonly timeFrames: number;
  /** Whether the run's refusals were recorded where the book was made; without them a refused frame counts as lost. */
  readonly refusalsKnown: boolean;
  /** Refused messages of any run whose source or message_id could not be read: each may be one that counts as lost. */
  readonly unnamed: number;
  readonly regions: readonly RegionBook[];
  readonly total: Omit<RegionBook, 'region' | 'name'>;
  readonly gapCount: number;
  /** The first of them. */
  readonly gaps: readonly Gap[];
  readonly answer: string;
}

export interface Arrival {
  readonly partition: number;
  readonly region: number;
  readonly messageId: number;
}

const gapsShown = 256;

const answerOf = ({ lost }: RunBook['total'], run: number, known: boolean, unnamed: number): string => {
  if (lost === 0) return `Nothing was lost in run ${run}.`;
  const frames = `${lost} frame${lost === 1 ? '' : 's'}`;
  if (known && unnamed > 0)
    return `${frames} of run ${run} never became packets; ${unnamed} refused message${unnamed === 1 ? '' : 's'} could not be told whose they were.`;
  return known
    ? `${frames} of run ${run} ${lost === 1 ? 'was' : 'were'} lost.`
    : `${frames} of run ${run} never became packets: lost, or refused (refusals were not recorded with the run).`;
};

const sumOf = (regions: readonly RegionBook[]): RunBook['total'] => {
  const total = { expected: 0, received: 0, kept: 0, shed: 0, refused: 0, lost: 0, repeated: 0, absent: 0 };
  for (const region of regions)
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += region[name];
  return total;
};

/** @param regionNames of the instrument card, in its order */
export const openRunBook = (run: number, regionNames: readonly string[]) => {
  const ids = new Map<string, Ids>();
  const tally = regionNames.map(() => ({ kept: 0, shed: 0, refused: 0, frames: 0 }));
  const idsOf = ({ partition, region }: Arrival): Ids => {
    const key = `${region}/${partition}`;
    const found = ids.get(key) ?? { ranges: [], repeated: 0 };
    ids.set(key, found);
    return found;
  };
  const knows = ({ region }: Arrival): boolean => region < tally.length;
  let timeFrames = 0;
  let unnamed = 0;
  return {
    /** A packet; with `shed` it has no layers. */
    packet(arrival: Arrival, shed: boolean): void {
      if (!knows(arrival) || !addId(idsOf(arrival), arrival.messageId)) return;
      tally[arrival.region]![shed ? 'shed' : 'kept'] += 1;
    },
    refusal(arrival: Arrival): void {
      if (knows(arrival) && addId(idsOf(arrival), arrival.messageId)) tally[arrival.region]!.refused += 1;
    },
    /** A refused message that does not say whose it was. */
    unnamedRefusal(): void {
      unnamed += 1;
    },
    /** One time frame, with the regions it has packets of. */
    timeFrame(regions: Iterable<number>): void {
      timeFrames += 1;
      for (const region of new Set(regions)) if (region < tally.length) tally[region]!.frames += 1;
    },
    close(refusalsKnown: boolean): RunBook {
      const gaps: Gap[] = [];
      let gapCount = 0;
      const perRegion = regionNames.map(() => ({ expected: 0, received: 0, repeated: 0 }));
      const streams = [...ids].map(([key, one]) => ({
        place: key.split('/').map(Number) as [number, number],
        one,
      }));
      streams.sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1]);
      for (const {
        place: [region, partition],
        one: { ranges, repeated },
      } of streams) {
        const sum = perRegion[region]!;
        sum.expected += ranges.at(-1) === undefined ? 0 : ranges.at(-1)![1] - ranges[0]![0];
        sum.received += ranges.reduce((n, [from, to]) => n + to - from, 0);
        sum.repeated += repeated;
        for (let i = 1; i < ranges.length; i += 1) {
          gapCount += 1;
          const fromId = ranges[i - 1]![1];
          if (gaps.length < gapsShown)
            gaps.push({ region, partition, fromId, count: ranges[i]![0] - fromId });
        }
      }
      const regions = perRegion.map(({ expected, received, repeated }, region): RegionBook => {
        const { kept, shed, refused, frames } = tally[region]!;
        const name = regionNames[region]!;
        const [lost, absent] = [expected - received, timeFrames - frames];
        return { region, name, expected, received, kept, shed, refused, lost, repeated, absent };
      });
      const total = sumOf(regions);
      const answer = answerOf(total, run, refusalsKnown, unnamed);
      return { layout: 1, run, timeFrames, refusalsKnown, unnamed, regions, total, gapCount, gaps, answer };
    },
  };
};
