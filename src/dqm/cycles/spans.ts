/**
 * What a monitor holds of a run: every region's objects of the cycle that fills, of the last one, of the last minute and of
 * the whole run. Refuses to keep more cycles than make the last minute.
 */

import type { Span } from '../board.ts';

export interface SpanValues {
  /** Region by region. */
  readonly values: readonly Float64Array[];
  /** Frames looked into, region by region. */
  readonly frames: Float64Array;
  fromMs: number;
  untilMs: number;
}

export interface Spans {
  /** Fills now. */
  readonly filling: SpanValues;
  of(span: Span): SpanValues;
  /** Ends the cycle: it becomes the last one. */
  turn(nowMs: number): SpanValues;
}

/** What a monitor that ran before held of the same run. */
export interface RunSoFar {
  readonly values: readonly Float64Array[];
  readonly frames: readonly number[];
  readonly fromMs: number;
}

const empty = (regions: number, size: number, nowMs: number): SpanValues => ({
  values: Array.from({ length: regions }, () => new Float64Array(size)),
  frames: new Float64Array(regions),
  fromMs: nowMs,
  untilMs: nowMs,
});

const clear = (span: SpanValues, nowMs: number): void => {
  for (const one of span.values) one.fill(0);
  span.frames.fill(0);
  span.fromMs = nowMs;
  span.untilMs = nowMs;
};

const add = (into: Float64Array, from: ArrayLike<number>, sign: 1 | -1): void => {
  for (let bin = 0; bin < into.length; bin++) into[bin] = into[bin]! + sign * from[bin]!;
};

/** What is counted of regions that belong together, until all of it is there. */
export interface Gathered {
  readonly values: readonly Float64Array[];
  readonly frames: Float64Array;
  /** Puts all into a cycle at once, and holds nothing any more. */
  giveTo(cycle: SpanValues): void;
  forget(): void;
}

/**
 * A time frame's counts beside the cycle that fills: a cycle may end between its regions, and these are compared with each
 * other as having seen the same time frames.
 */
export const openGathered = (regions: number, size: number): Gathered => {
  const { values, frames } = empty(regions, size, 0);
  const forget = (): void => {
    for (const [region, one] of values.entries()) if (frames[region]! > 0) one.fill(0);
    frames.fill(0);
  };
  return {
    values,
    frames,
    giveTo(cycle) {
      for (const [region, one] of values.entries())
        if (frames[region]! > 0) add(cycle.values[region]!, one, 1);
      add(cycle.frames, frames, 1);
      forget();
    },
    forget,
  };
};

/** Of one run. @param cyclesMoving cycles that make the last minute */
export const openSpans = (
  regions: number,
  size: number,
  cyclesMoving: number,
  nowMs: number,
  soFar: RunSoFar | null = null,
): Spans => {
  let filling = empty(regions, size, nowMs);
  let last = empty(regions, size, nowMs);
  const moving = empty(regions, size, nowMs);
  const run = empty(regions, size, nowMs);
  if (soFar !== null) {
    for (const [region, values] of soFar.values.entries()) run.values[region]!.set(values);
    run.frames.set(soFar.frames);
    run.fromMs = soFar.fromMs;
  }
  // Of counts below 2^24, which a minute's are, 32 bits are exact.
  const kept: { readonly values: readonly Float32Array[]; readonly frames: Float64Array; fromMs: number }[] =
    [];
  return {
    get filling() {
      return filling;
    },
    of: (span) => (span === 'cycle' ? last : span === 'moving' ? moving : run),
    turn(nowMs) {
      filling.untilMs = nowMs;
      kept.push({
        values: filling.values.map((one) => Float32Array.from(one)),
        frames: filling.frames.slice(),
        fromMs: filling.fromMs,
      });
      for (const [region, one] of filling.values.entries()) {
        add(moving.values[region]!, one, 1);
        add(run.values[region]!, one, 1);
      }
      add(moving.frames, filling.frames, 1);
      add(run.frames, filling.frames, 1);
      if (kept.length > cyclesMoving) {
        const gone = kept.shift()!;
        for (const [region, one] of gone.values.entries()) add(moving.values[region]!, one, -1);
        add(moving.frames, gone.frames, -1);
      }
      moving.fromMs = kept[0]!.fromMs;
      moving.untilMs = nowMs;
      run.untilMs = nowMs;
      const ended = filling;
      filling = last;
      clear(filling, nowMs);
      last = ended;
      return ended;
    },
  };
};
