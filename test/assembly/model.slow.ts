/**
 * What an assembler should do, told as simply as it can be: nothing is bounded, nothing forgotten, nothing restored, every
 * time frame has a list of what came. Slow and independent of `src/assembly`.
 */

import { PartialEventReason } from '../../src/domain/archive/partial_event.ts';
import { frameNanos, identityOf, type Scenario, type Sent } from './world.ts';

export interface ModelEvent {
  readonly timeFrame: number;
  readonly revision: number;
  readonly reason: number;
  /** Regions this event carries, and regions of all revisions. */
  readonly regions: readonly number[];
  readonly present: readonly number[];
  /** Ids told missing, as region:id. */
  readonly missing: readonly string[];
}

interface ModelFrame {
  readonly number: number;
  readonly seen: Set<number>;
  revision: number;
  waiting: number[];
  missing: Set<string>;
  openedMs: number;
  opening: number;
}

export const expected = (
  { settings, batches }: Scenario,
  kills: boolean,
): { events: ModelEvent[]; refused: string[] } => {
  const frames = new Map<number, ModelFrame>();
  const lastIds = new Map<number, number>();
  const events: ModelEvent[] = [];
  const refused: string[] = [];
  let [nowMs, watermark, openings] = [0, 0n, 0];

  const take = ({ timeFrame, region, messageId }: Sent): void => {
    const frame = frames.get(timeFrame) ?? {
      ...{ number: timeFrame, seen: new Set<number>(), revision: -1, waiting: [] as number[] },
      ...{ missing: new Set<string>(), openedMs: 0, opening: 0 },
    };
    frames.set(timeFrame, frame);
    if (frame.seen.has(region)) {
      refused.push(`packet-duplicate ${timeFrame}/${region}`);
      return;
    }
    if (frame.waiting.length === 0) Object.assign(frame, { openedMs: nowMs, opening: openings++ });
    frame.seen.add(region);
    frame.waiting.push(region);
    const last = lastIds.get(region);
    if (last === undefined || messageId > last) {
      for (let id = (last ?? messageId) + 1; id < messageId; id += 1) frame.missing.add(`${region}:${id}`);
      lastIds.set(region, messageId);
    } else for (const one of frames.values()) one.missing.delete(`${region}:${messageId}`);
    const { timestampNanos } = identityOf(timeFrame);
    if (timestampNanos > watermark) watermark = timestampNanos;
  };

  for (const { packets, afterMs, killed } of batches) {
    nowMs += afterMs;
    // Who is started anew cannot know for how long a time frame has waited.
    if (kills && killed) for (const frame of frames.values()) frame.openedMs = nowMs;
    packets.forEach(take);
    const open = [...frames.values()].filter(({ waiting }) => waiting.length > 0);
    for (const frame of open.sort((a, b) => a.opening - b.opening)) {
      const complete = frame.seen.size === settings.regionCount;
      const due = watermark >= identityOf(frame.number).timestampNanos + frameNanos + settings.deadlineNanos;
      if (!complete && !due && nowMs - frame.openedMs < settings.backstopMs) continue;
      frame.revision += 1;
      const first = complete ? PartialEventReason.complete : PartialEventReason.deadline;
      events.push({
        timeFrame: frame.number,
        revision: frame.revision,
        reason: frame.revision > 0 ? PartialEventReason.amendment : first,
        regions: frame.waiting.sort((a, b) => a - b),
        present: [...frame.seen].sort((a, b) => a - b),
        missing: [...frame.missing].sort(),
      });
      Object.assign(frame, { waiting: [], missing: new Set<string>() });
    }
  }
  return { events, refused };
};
