/**
 * Makes of each frame what leaves the lane: a packet with its layers (and an anomaly if it is rare), or the
 * refusal. The bytes are a function of frame, cards and policy alone; it refuses to look at a clock.
 */

import { lotOf } from '../anomaly/calibration/judge.ts';
import { isRare } from '../anomaly/fidelity.ts';
import { isRung, type Judges, lateScoreNames, ratedScores } from '../anomaly/scores/late_scores.ts';
import type { Signer } from '../anomaly/scores/repeats.ts';
import { type SurpriseTables, surprisingPatches } from '../anomaly/surprise.ts';
import { encodeTokens, type TokenTables } from '../codec/tokens.ts';
import type { Fault } from '../domain/fault.ts';
import { limits } from '../domain/limits.ts';
import type { ModelCard } from '../domain/model.ts';
import {
  FidelityReason,
  type Finding,
  type Layer,
  LayerCodec,
  LayerKind,
  type Score,
} from '../domain/packet.ts';
import type { PolicySnapshot } from '../domain/policy.ts';
import type { LaneResult } from '../ports/lane.ts';
import { encodeAnomaly } from '../wire/anomaly.ts';
import type { OpenFrame } from '../wire/frame.ts';
import { encodePacket } from '../wire/packet.ts';

export interface EmittedColumns {
  readonly frameCount: number;
  readonly opens: readonly (OpenFrame | null)[];
  readonly faults: readonly (Fault | null)[];
  readonly firstRow: Uint32Array;
  readonly rowCount: Uint32Array;
  readonly patches: Uint32Array;
  readonly symbols: Uint8Array;
  /** Of each frame, one number for each score. */
  readonly scores: Float64Array;
  readonly totalCharge: Float64Array;
  readonly pValue: Float64Array;
  readonly pLow: Float64Array;
  readonly pHigh: Float64Array;
  /** Which score is the rarest. */
  readonly driver: Uint8Array;
  readonly reason: Uint8Array;
  readonly ladder: readonly (readonly Layer[] | null)[];
  /** Late scores of each frame. */
  readonly late: readonly (readonly number[])[];
}

/** What emitting needs of one model. */
export interface Emitter {
  readonly modelId: string;
  readonly model: ModelCard;
  readonly tokens: TokenTables;
  readonly surprise: SurpriseTables;
  readonly signer: Signer;
  /** In the order of `scores`; the first is token surprise. */
  readonly scoreNames: readonly string[];
  /** What drives a frame's scores; reads its hits again. */
  readonly findingsOf: (open: OpenFrame, scores: Float64Array) => Finding[];
}

const layersOf = ({ tokens }: Emitter, bite: EmittedColumns, frame: number): Layer[] => {
  if (bite.reason[frame] === FidelityReason.shedFrame) return [];
  const first = bite.firstRow[frame]!;
  const rows = bite.rowCount[frame]!;
  const patches = bite.patches.subarray(first, first + rows);
  const { symbolsPerPatch } = tokens;
  const symbols = bite.symbols.subarray(first * symbolsPerPatch, (first + rows) * symbolsPerPatch);
  const tokenLayer: Layer = {
    kind: LayerKind.tokens,
    codec: LayerCodec.tokenRans1,
    symbolCount: rows * symbolsPerPatch,
    payload: encodeTokens(patches, rows, symbols, tokens),
  };
  return [tokenLayer, ...(bite.ladder[frame] ?? [])];
};

const noRungs = new Uint32Array(0);
/** As `LanePacket.rungBytes`. */
const rungBytesOf = (ladder: readonly Layer[] | null | undefined): Uint32Array => {
  const bytesOf = (of: number): number[] =>
    (ladder ?? []).filter(({ kind }) => kind === of).map(({ payload }) => payload.byteLength);
  const occupancy = bytesOf(LayerKind.occupancy);
  if (occupancy.length === 0) return noRungs;
  const [remainder = 0] = bytesOf(LayerKind.remainder);
  return Uint32Array.of(...occupancy, remainder, ...bytesOf(LayerKind.plane));
};

const anomalyOf = (
  emitter: Emitter,
  open: OpenFrame,
  policy: PolicySnapshot,
  judges: Judges,
  bite: EmittedColumns,
  frame: number,
  scores: Float64Array,
): Uint8Array | null => {
  const pValue = bite.pValue[frame]!;
  if (!isRare(pValue, policy)) return null;
  const driver = bite.driver[frame]!;
  const { run, timeFrame } = open.identity;
  const scored = { hitCount: open.hitCount, totalCharge: bite.totalCharge[frame]!, scores };
  const lot = lotOf(run, timeFrame, open.region);
  return encodeAnomaly({
    identity: open.identity,
    scoreName: emitter.scoreNames[driver]!,
    score: scores[driver]!,
    pValue,
    pLow: bite.pLow[frame]!,
    pHigh: bite.pHigh[frame]!,
    threshold: policy.rarePValue,
    verdict: 'rare',
    patches: surprisingPatches(
      bite.patches,
      bite.firstRow[frame]!,
      bite.rowCount[frame]!,
      bite.symbols,
      emitter.surprise,
    ),
    policyVersion: policy.version,
    // A rare frame is kept to the last bit: who wants to know more of a less rare one can draw its maps at any time.
    findings:
      pValue < limits.explainedPValue
        ? emitter.findingsOf(open, scores.subarray(0, emitter.scoreNames.length))
        : [],
    scores: ratedScores(emitter.scoreNames, judges, scored, lot),
  });
};

/** @param all scores of all frames, the results' own: an array for each would cost each a piece of memory of its own */
const scoresOf = (
  { scoreNames }: Emitter,
  all: Float64Array,
  late: readonly number[],
  frame: number,
): Float64Array => {
  const scores = all.subarray(frame * scoreNames.length, (frame + 1) * scoreNames.length);
  return late.length === 0 ? scores : Float64Array.of(...scores, ...late);
};

/**
 * What a packet says of its scores: all of them where it carries more than tokens. Else token surprise, and the rarest if
 * it is another: all of them would double a small frame's packet.
 */
const saidOf = (
  { scoreNames }: Emitter,
  scores: Float64Array,
  driver: number,
  isRefined: boolean,
): Score[] => {
  if (isRefined)
    return [...scoreNames, ...lateScoreNames.slice(0, scores.length - scoreNames.length)].map((name, i) => ({
      name,
      value: scores[i]!,
    }));
  const surprise = { name: scoreNames[0]!, value: scores[0]! };
  return driver === 0 ? [surprise] : [surprise, { name: scoreNames[driver]!, value: scores[driver]! }];
};

/** `frames[from + i]` is the message of frame i. Results are appended to `results`, in order. */
export const emit = (
  emitter: Emitter,
  policy: PolicySnapshot,
  judges: Judges,
  frames: readonly Uint8Array[],
  from: number,
  bite: EmittedColumns,
  results: LaneResult[],
): void => {
  const allScores = bite.scores.slice(0, bite.frameCount * emitter.scoreNames.length);
  for (let frame = 0; frame < bite.frameCount; frame++) {
    const open = bite.opens[frame];
    if (!open) {
      const fault = bite.faults[frame]!;
      results.push({ end: 'refused', code: fault.code, detail: fault.detail });
      continue;
    }
    const { identity, region, hitCount } = open;
    const reason = bite.reason[frame] as FidelityReason;
    const scores = scoresOf(emitter, allScores, bite.late[frame]!, frame);
    const pValue = bite.pValue[frame]!;
    const shed = reason === FidelityReason.shedFrame;
    const packet = encodePacket({
      identity,
      modelId: emitter.modelId,
      modelHash: emitter.model.hash,
      hitCount,
      rawByteCount: frames[from + frame]!.byteLength,
      layers: layersOf(emitter, bite, frame),
      scores: shed
        ? []
        : saidOf(emitter, scores, bite.driver[frame]!, bite.ladder[frame]?.some(isRung) ?? false),
      pValue,
      policyVersion: policy.version,
      reason,
    });
    results.push({
      end: shed ? 'shed' : 'kept',
      region,
      run: identity.run,
      timeFrame: identity.timeFrame,
      messageId: identity.messageId,
      timestampNanos: identity.timestampNanos,
      hitCount,
      scores,
      signature: emitter.signer.sign(
        bite.patches,
        bite.firstRow[frame]!,
        bite.rowCount[frame]!,
        bite.symbols,
      ),
      totalCharge: bite.totalCharge[frame]!,
      pValue,
      reason,
      packet,
      rungBytes: rungBytesOf(bite.ladder[frame]),
      anomaly: shed ? null : anomalyOf(emitter, open, policy, judges, bite, frame, scores),
    });
  }
};
