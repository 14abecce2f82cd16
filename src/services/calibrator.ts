/**
 * Makes policy snapshots from the scores of one partition: the owner of the calibrating partition is the one
 * calibrator, and its snapshots commit with that partition's offsets, so that versions have one lineage. It
 * refuses to outlive its partition (a session that loses it is dropped, and the next begins at the last snapshot), and
 * to learn at once from frames that are unusual together, for a fault must not become the norm before it is seen, and to
 * count the same content twice.
 */

import { openContents } from '../anomaly/calibration/contents.ts';
import { emptySketch, sketchBuilder } from '../anomaly/calibration/sketch.ts';
import {
  type Budgeter,
  type ByteBudget,
  firstBudget,
  openBudgeter,
  type SpentFrame,
} from '../anomaly/control/budget.ts';
import { type Controller, firstControl, openController } from '../anomaly/control/controller.ts';
import { prescaled } from '../anomaly/fidelity.ts';
import { lateScoreNames, lateWarmupFrames } from '../anomaly/scores/late_scores.ts';
import { limits } from '../domain/limits.ts';
import { FidelityReason } from '../domain/packet.ts';
import type { PolicySnapshot, RateCommand } from '../domain/policy.ts';
import { policyVersion } from '../domain/quantity.ts';
import type { ConditionReading } from '../domain/status.ts';
import type { LanePacket, LaneResult } from '../ports/lane.ts';
import { budgetReading, type RateTarget, rateReading } from './rate/held.ts';

/** Its frames calibrate: time frames are spread over partitions by number, so any one is a fair sample. */
export const calibratingPartition = 0;

export interface Calibration {
  /** Counts the scores of a batch that is about to be committed. */
  observe(results: readonly LaneResult[]): void;
  /**
   * What a person asks of the rate, at an instant of the broker's: the fault that it is answered with; null: done. The
   * next snapshot is due at once.
   */
  obey(asked: RateCommand, atMs: number): string | null;
  /** Up to where the commands' topic has been heard: the snapshots carry it. */
  heard(offset: bigint): void;
  /** The snapshot to commit with that batch, when it is time for one and something was learnt since the last. */
  due(nowMs: number): PolicySnapshot | null;
  /** Whether what is to be held is held, for the alarms of those causes. */
  readings(): ConditionReading[];
}

/** One frame in a hundred has such a p-value; when one in five has, they are set aside. */
const unusualPValue = 0.01;
const unusualShare = 0.2;
/** Fewer frames than this say nothing about a share. */
const unusualFramesMin = 10;
/** A snapshot is worth its bytes when it holds so much more than the last. */
const newsShare = 1 / 64;

/**
 * Whether a batch may be learnt from. What is unusual is set aside until that many frames in a row have been: from then
 * on it is how the detector is.
 */
const openPatience = () => {
  let asideFrames = 0;
  return (frames: readonly LanePacket[]): boolean => {
    let unusual = 0;
    for (const { pValue } of frames) if (pValue < unusualPValue) unusual += 1;
    if (unusual < unusualFramesMin || unusual < unusualShare * frames.length) {
      asideFrames = 0;
      return true;
    }
    asideFrames += frames.length;
    return asideFrames > limits.calibrationPatienceFrames;
  };
};

/** What is to be held beside the calibration, and what share of the instrument's frames the calibrator sees. */
export interface Holds {
  readonly rate?: RateTarget | undefined;
  readonly budget?: ByteBudget | undefined;
  readonly share?: number;
}

/** Goes on from the snapshot's state when it is of the same target. */
const controllerOf = (from: PolicySnapshot, rate: RateTarget | undefined): Controller | null =>
  rate === undefined || rate.rareTarget === 0
    ? null
    : openController(
        from.control?.target === rate.rareTarget ? from.control : firstControl(rate.rareTarget),
        rate.rateChunkFrames,
      );

/** Sketches of late scores: prescaled frames alone are counted, which nobody chose for what they are. */
const openLateSketches = ({ late = [], prescale, warmupCount }: PolicySnapshot, scoreCount: number) => {
  const builders = lateScoreNames.map((name) => {
    const known = late.find(({ scores }) => scores.join() === name);
    return sketchBuilder(known ?? emptySketch([name]), Math.min(lateWarmupFrames, warmupCount));
  });
  return {
    add(frame: LanePacket): void {
      if (frame.scores.length === scoreCount || !prescaled(frame.run, frame.timeFrame, prescale)) return;
      builders.slice(0, frame.scores.length - scoreCount).forEach((builder, i) => {
        builder.add({ ...frame, scores: [frame.scores[scoreCount + i]!] });
      });
    },
    /** Absent while there is nothing to tell. */
    snapshot: (): Pick<PolicySnapshot, 'late'> => {
      const known = builders.filter(({ held }) => held > 0);
      return known.length === 0 ? {} : { late: known.map((builder) => builder.snapshot()) };
    },
  };
};

const budgeterOf = (from: PolicySnapshot, budget: ByteBudget | undefined, share: number): Budgeter | null => {
  if (budget === undefined || budget.bytesPerSecond === 0) return null;
  const { bytesPerSecond } = budget;
  const known = from.budget?.bytesPerSecond === bytesPerSecond ? from.budget : firstBudget(bytesPerSecond);
  return openBudgeter(known, budget, share);
};

const spentOf = (result: LanePacket): SpentFrame => ({
  hitCount: result.hitCount,
  pValue: result.pValue,
  timestampNanos: result.timestampNanos,
  packetBytes: result.packet.byteLength,
  rungBytes: result.rungBytes,
  isControl: result.reason === FidelityReason.prescale,
});

/** @param scoreNames of the lane: a sketch of other scores is of no use, and a new one is begun */
export const openCalibration = (
  from: PolicySnapshot,
  scoreNames: readonly string[],
  intervalMs: number,
  nowMs: number,
  { rate, budget, share = 1 }: Holds = {},
): Calibration => {
  const known = from.sketch.scores.join() === scoreNames.join();
  const builder = sketchBuilder(known ? from.sketch : emptySketch(scoreNames), from.warmupCount);
  const late = openLateSketches(from, scoreNames.length);
  const isUsual = openPatience();
  const contents = openContents();
  const controller = controllerOf(from, rate);
  const budgeter = budgeterOf(from, budget, share);
  let told = from.rarePValue;
  // The state of a controller that was turned off is not carried on, nor what it gave.
  const { control: _, budget: __, grades: ___, spare: ____, ...fixed } = from;
  let version: number = from.version;
  let lastMs = nowMs;
  let steppedMs = nowMs;
  let news = 0;
  let obeyed = from.obeyed;
  let hasObeyed = false;
  const threshold = (): number => controller?.pValue ?? from.rarePValue;
  /** One step of the budget an interval at most; whether its news are worth a snapshot. */
  const steppedTo = (now: number): boolean => {
    if (budgeter === null || now - steppedMs < intervalMs || !budgeter.isDue) return false;
    steppedMs = now;
    return budgeter.step(threshold());
  };
  const budgeted = () => {
    if (budgeter === null) return {};
    const { state } = budgeter;
    const [grades, spare] = [budgeter.grades(threshold()), budgeter.spare(threshold())];
    return { budget: state, ...(grades && { grades }), ...(spare && { spare }) };
  };
  return {
    observe(results) {
      if (budgeter !== null)
        for (const result of results) if (result.end !== 'refused') budgeter.observe(spentOf(result));
      // A shed frame has no score; a refused one is not a frame.
      const frames = results.filter((result): result is LanePacket => result.end === 'kept');
      // A p-value of 1 is that of a frame nothing is known of yet.
      for (const frame of frames) if (frame.pValue < 1) controller?.observe(frame);
      if (!isUsual(frames)) return;
      for (const frame of frames) {
        if (!contents.isNew(frame.signature)) continue;
        builder.add(frame);
        late.add(frame);
        news += 1;
      }
    },
    obey(asked, atMs) {
      // A refusal, too, is said once: its snapshot says that it has been.
      hasObeyed = true;
      if (controller === null)
        return 'no rate is held here, the threshold is as it was set: start the processors with --rare-target';
      const { who, why } = asked;
      if (asked.command === 'release-rate') controller.release();
      else controller.hold(asked.pValue ?? controller.pValue, { who, why, atMs });
      return null;
    },
    heard(offset) {
      obeyed = Number(offset);
    },
    due(now) {
      const isSteppedFar = steppedTo(now);
      const moved = isSteppedFar || threshold() !== told;
      if (!hasObeyed && now - lastMs < intervalMs) return null;
      if (!hasObeyed && !moved && (news === 0 || news < newsShare * builder.held)) return null;
      lastMs = now;
      news = 0;
      hasObeyed = false;
      version += 1;
      told = threshold();
      const rated = controller && { control: controller.state };
      const heard = obeyed === undefined ? {} : { obeyed };
      const sketches = { sketch: builder.snapshot(), ...late.snapshot() };
      const held = { ...fixed, ...rated, ...budgeted(), ...heard, rarePValue: told };
      return { ...held, version: policyVersion(version), ...sketches };
    },
    readings: () => [
      ...(controller === null ? [] : [rateReading(controller.state)]),
      ...(budgeter === null ? [] : [budgetReading(budgeter.state, share)]),
    ],
  };
};
