/**
 * Looks into a sampled share of frames: those of a time frame whose packets just came are fetched from where they lie, and
 * counted together with their tokens. Refuses to hurry or to queue: of time frames that wait, only the newest is looked into; and
 * to count a time frame in part, or in two cycles: regions are compared as having seen the same.
 */

import { hasClusters } from '../../../codec/objects/shapes.ts';
import { packetSymbols } from '../../../codec/packet.ts';
import { prepareTokenReader } from '../../../codec/token_reader.ts';
import { Fault } from '../../../domain/fault.ts';
import type { Digits } from '../../../domain/frame.ts';
import type { InstrumentCard } from '../../../domain/instrument.ts';
import { hitsPerFrameMax, limits } from '../../../domain/limits.ts';
import type { ModelCard } from '../../../domain/model.ts';
import type { Packet } from '../../../domain/packet.ts';
import { addClusters, type PacketLayout } from '../../../dqm/cycles/packets.ts';
import { openSampler } from '../../../dqm/cycles/sampling.ts';
import { openGathered, type Spans } from '../../../dqm/cycles/spans.ts';
import type { Watch } from '../../../dqm/cycles/watch.ts';
import type { Watched } from '../../../dqm/cycles/watched.ts';
import { openClusterFinder, sumClusters } from '../../../kernels/clusters/cluster_sums.ts';
import type { BusRecord } from '../../../ports/bus.ts';
import { openFrame, readDigits } from '../../../wire/frame.ts';
import type { Intake } from './intake.ts';
import type { LookedAt } from './packet_watch.ts';

/** Time frames that one region may be ahead of another, as packets of so many are waited for. */
const aheadMax = 3;
/** One frame in so many has its clusters found. */
const clustersEvery = 5;

export interface FrameLooks {
  /** Offers a time frame; the one that waited is forgotten. */
  offer(one: LookedAt): void;
  /** Frames looked into since it was last asked. */
  count(): number;
  readonly done: Promise<void>;
}

/** Digits read into scratch that is used again, and a copy of each region's last. */
const openReader = (card: InstrumentCard) => {
  const room = hitsPerFrameMax(card);
  const scratch = { voxel: new Uint32Array(room), adc: new Uint16Array(room) };
  return (bytes: Uint8Array) => {
    const open = openFrame(bytes, card);
    const { run, timeFrame } = open.identity;
    const read = (): Digits => ({ count: readDigits(open, card, scratch), ...scratch });
    return { region: open.region as number, run: run as number, timeFrame: timeFrame as number, read };
  };
};

const kept = ({ count, voxel, adc }: Digits): Digits => ({
  count,
  voxel: voxel.slice(0, count),
  adc: adc.slice(0, count),
});

export const lookIntoFrames = (
  intake: Intake,
  parts: {
    readonly topic: string;
    readonly card: InstrumentCard;
    readonly model: ModelCard;
    readonly watched: Watched;
    readonly packets: PacketLayout;
    readonly spans: () => Spans;
    /** A frame was counted. */
    readonly onFrame: Watch['frame'];
    /** Processor time of this thread, ms. */
    readonly busyMs: () => number;
  },
  signal: AbortSignal,
): FrameLooks => {
  const { bus, clock, log } = intake;
  const { topic, card, model, watched, packets, spans, busyMs, onFrame } = parts;
  const clusters = hasClusters(card) ? openClusterFinder(card) : null;
  const filler = watched.openFiller();
  const dueOf = watched.parts.openDue();
  const tokens = prepareTokenReader(model, card);
  const read = openReader(card);
  const sampler = openSampler(limits.dqmSampleShare, clock.nowMs());
  const gathered = openGathered(card.regions.length, watched.size + packets.size);
  const last = new Map<number, Digits>();
  /** By partition and region, the newest frame counted where one look takes many: the next may begin before its end. */
  const reached = new Map<string, { readonly run: number; readonly timeFrame: number }>();
  let [waiting, wake, turn, counted] = [null as LookedAt | null, () => {}, 0, 0];

  const addSymbols = (packet: Packet, into: Float64Array): void => {
    const symbols = packetSymbols(packet, model, tokens.tables);
    if (symbols !== null) filler.addSymbols(symbols.symbols, symbols.patchCount, into);
  };

  const addFrame = (region: number, digits: Digits, packet: Packet | undefined): void => {
    const into = gathered.values[region]!.subarray(0, watched.size);
    const had = watched.parts.of(into);
    filler.addHits(digits, into);
    const parts = watched.parts.of(into);
    for (let part = 0; part < parts.length; part++) parts[part] = parts[part]! - had[part]!;
    onFrame(region, parts, dueOf?.(digits) ?? null);
    const before = last.get(region);
    if (before !== undefined) filler.addRepeats(digits, before, into);
    last.set(region, kept(digits));
    if (packet !== undefined && watched.framesAhead === 0) addSymbols(packet, into);
    // Clusters cost as much as all the rest: of every region in turn.
    if (clusters !== null && (turn + region) % clustersEvery === 0)
      addClusters(
        packets,
        clusters.sums,
        sumClusters(digits, clusters),
        gathered.values[region]!.subarray(watched.size),
      );
    gathered.frames[region] = gathered.frames[region]! + 1;
    turn += 1;
  };

  /**
   * Whether the record is of the time frame, or may be looked into with it. Regions may be some time frames ahead of each other;
   * those that are further on end the look.
   */
  const takeRecord = ({ value }: BusRecord, one: LookedAt): 'taken' | 'other' | 'beyond' => {
    const frame = read(value);
    const ahead = frame.run === one.run ? frame.timeFrame - one.timeFrame : -1;
    if (ahead < 0) return 'other';
    if (ahead > 0 && watched.framesAhead === 0) return ahead > aheadMax ? 'beyond' : 'other';
    const place = `${one.partition}/${frame.region}`;
    const before = reached.get(place);
    if (watched.framesAhead > 0 && before?.run === frame.run && frame.timeFrame <= before.timeFrame)
      return 'other';
    reached.set(place, frame);
    addFrame(frame.region, frame.read(), ahead > 0 ? undefined : one.packets.get(frame.region));
    return 'taken';
  };

  const look = async (one: LookedAt): Promise<void> => {
    const ended = new AbortController();
    const records = bus.read({
      topic,
      partitions: [one.partition],
      from: { at: 'time', timestampMs: one.sentMs },
      untilEnd: true,
      bufferBytesMax: limits.dqmLookBytesMax,
      signal: AbortSignal.any([signal, ended.signal]),
    });
    let [taken, passed, turnMs] = [0, 0, clock.nowMs()];
    const ofRun = spans();
    try {
      for await (const record of records) {
        const fromMs = busyMs();
        const what = takeRecord(record, one);
        sampler.took(busyMs() - fromMs);
        taken += what === 'taken' ? 1 : 0;
        passed += what === 'other' ? 1 : 0;
        if (taken === one.packets.size + watched.framesAhead) return;
        if (what === 'beyond' || passed > limits.dqmLookRecordsMax) return;
        if (clock.nowMs() - turnMs > limits.dqmTurnMs) {
          await clock.sleep(0, signal);
          turnMs = clock.nowMs();
        }
      }
    } finally {
      ended.abort();
      const isWhole = watched.framesAhead > 0 || taken === one.packets.size;
      if (isWhole && spans() === ofRun) {
        gathered.giveTo(ofRun.filling);
        counted += taken;
      } else gathered.forget();
    }
  };

  const looking = async (): Promise<void> => {
    while (!signal.aborted) {
      const one = waiting;
      if (one === null || !sampler.ready(clock.nowMs())) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const rest = new AbortController();
        await Promise.race([woken, clock.sleep(limits.dqmIdleMs, AbortSignal.any([signal, rest.signal]))]);
        rest.abort();
        continue;
      }
      waiting = null;
      try {
        await look(one);
      } catch (error) {
        const unreadable = error instanceof Fault;
        if (!unreadable) throw error;
        log.warn({ topic, fault: error.code }, error.detail);
      }
    }
  };
  return {
    offer(one) {
      // Where many frames are looked into at once, tokens are those of packets as they come.
      if (watched.framesAhead > 0)
        for (const [region, packet] of one.packets)
          addSymbols(packet, spans().filling.values[region]!.subarray(0, watched.size));
      waiting = one;
      wake();
    },
    count() {
      const now = counted;
      counted = 0;
      return now;
    },
    done: looking(),
  };
};
