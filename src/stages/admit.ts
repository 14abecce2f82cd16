/**
 * Admits decoded frames of one partition in order: stale, far-future and duplicate ones are refused against
 * the partition's own event-time watermark, never the wall clock, so that old data replays. It refuses to let
 * one odd frame decide: a single wild timestamp or message_id is outlived by the next good frames.
 */

import type { FaultCode } from '../domain/fault.ts';
import { limits } from '../domain/limits.ts';

/** What admission looks at in one frame. */
export interface Arrival {
  readonly region: number;
  readonly run: number;
  readonly messageId: number;
  readonly timestampNanos: bigint;
}

export interface Admission {
  /** null: admitted, and the state has advanced; otherwise why not. */
  admit(arrival: Arrival): FaultCode | null;
  /** Event time up to which this partition has come, 0n before the first frame. */
  readonly watermarkNanos: bigint;
  /** The state as the text that is committed with the input offset (Kafka allows 4,096 bytes). */
  toMetadata(): string;
}

const metadataBytesMax = 4000;
const version = 'a2';

interface State {
  watermark: bigint;
  run: number;
  /** Last message_id of each region, −1 before the first, and the run it belongs to. */
  readonly lastId: Float64Array;
  readonly lastRun: Float64Array;
  /** Event time of the frame that carried it. */
  readonly lastNanos: BigInt64Array;
}

/** Reads what `toMetadata` wrote; anything else (another version, another group's text) is a fresh start. */
const restore = (metadata: string, regionCount: number): State => {
  const state: State = {
    watermark: 0n,
    run: -1,
    lastId: new Float64Array(regionCount).fill(-1),
    lastRun: new Float64Array(regionCount).fill(-1),
    lastNanos: new BigInt64Array(regionCount),
  };
  const [kind, watermark, run, ids] = metadata.split(';');
  if (kind !== version || !/^\d+$/.test(watermark ?? '') || !/^\d+$/.test(run ?? '')) return state;
  state.watermark = BigInt(watermark!);
  state.run = Number(run);
  ids?.split(',').forEach((entry, region) => {
    const [id, ahead] = entry.split('.').map((digits) => Number.parseInt(digits, 36));
    if (region < regionCount && Number.isSafeInteger(id) && Number.isSafeInteger(ahead)) {
      state.lastId[region] = id!;
      state.lastRun[region] = state.run;
      state.lastNanos[region] = state.watermark + BigInt(ahead!);
    }
  });
  return state;
};

export const openAdmission = (regionCount: number, metadata: string): Admission => {
  const state = restore(metadata, regionCount);
  // A time far ahead that several frames agree on is a gap in the data, not a wild frame.
  let ahead = { timestamp: 0n, frames: 0 };

  /** Whether a frame far ahead of the watermark may pass, and whether the watermark follows it. */
  const judgeAhead = (arrival: Arrival): FaultCode | null => {
    const distance = arrival.timestampNanos - ahead.timestamp;
    const agrees = ahead.frames > 0 && distance <= limits.futureNanos && -distance <= limits.futureNanos;
    ahead = agrees
      ? { timestamp: ahead.timestamp, frames: ahead.frames + 1 }
      : { timestamp: arrival.timestampNanos, frames: 1 };
    if (ahead.frames >= limits.aheadFramesToBelieve) {
      state.watermark = arrival.timestampNanos;
      state.run = arrival.run;
      ahead = { timestamp: 0n, frames: 0 };
      return null;
    }
    // The first frames of a later run begin far ahead by nature: they pass, the watermark waits for more.
    return arrival.run > state.run ? null : 'frame-future';
  };

  const judgeTime = (arrival: Arrival): FaultCode | null => {
    const { timestampNanos } = arrival;
    if (state.watermark === 0n) {
      state.watermark = timestampNanos;
      state.run = arrival.run;
      return null;
    }
    if (timestampNanos > state.watermark + limits.futureNanos) return judgeAhead(arrival);
    if (timestampNanos < state.watermark - limits.staleNanos) return 'frame-stale';
    ahead = { timestamp: 0n, frames: 0 };
    if (timestampNanos > state.watermark) {
      const furthest = state.watermark + limits.watermarkStepNanos;
      state.watermark = timestampNanos;
      if (timestampNanos > furthest) state.watermark = furthest;
      state.run = arrival.run;
    }
    return null;
  };

  const seen = ({ region, run, messageId, timestampNanos }: Arrival): boolean => {
    const last = state.lastId[region]!;
    if (state.lastRun[region] !== run) return false;
    // Later than whatever carried the last id, it is new: then that id was wild, by less than the window.
    if (timestampNanos > state.lastNanos[region]!) return false;
    // Far below the last id, it is the last one that was wild (or the source began anew), not this one.
    return messageId <= last && last - messageId < limits.duplicateWindowIds;
  };

  return {
    admit(arrival) {
      if (seen(arrival)) return 'frame-duplicate';
      const fault = judgeTime(arrival);
      if (fault !== null) return fault;
      state.lastId[arrival.region] = arrival.messageId;
      state.lastRun[arrival.region] = arrival.run;
      state.lastNanos[arrival.region] = arrival.timestampNanos;
      return null;
    },
    get watermarkNanos() {
      return state.watermark;
    },
    toMetadata() {
      if (state.watermark === 0n) return '';
      const head = `${version};${state.watermark};${state.run};`;
      const ids = Array.from(state.lastId, (id, region) => {
        if (state.lastRun[region] !== state.run || id < 0) return '-';
        return `${id.toString(36)}.${(state.lastNanos[region]! - state.watermark).toString(36)}`;
      }).join(',');
      // An instrument with very many regions keeps its watermark over a restart, not its last ids.
      return head.length + ids.length <= metadataBytesMax ? head + ids : head;
    },
  };
};
