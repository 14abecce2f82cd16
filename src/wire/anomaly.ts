/**
 * an00 both ways: what is said of an unusual frame, and the patches that drive it. Decoding refuses a message
 * that leads outside itself or says something outside its ranges.
 */

import { Builder } from 'flatbuffers';
import { Fault } from '../domain/fault.ts';
import { limits } from '../domain/limits.ts';
import type { Anomaly, Finding, RatedScore, Share } from '../domain/packet.ts';
import { policyVersion } from '../domain/quantity.ts';
import { f32At, f64At, u16At, u32At } from '../kernels/little_endian.ts';
import { Anomaly as AnomalyTable } from './generated/an00/anomaly.js';
import { Finding as FindingTable } from './generated/an00/finding.js';
import { PatchSurprise } from './generated/an00/patch-surprise.js';
import { RatedScore as RatedScoreTable } from './generated/an00/rated-score.js';
import { Share as ShareStruct } from './generated/an00/share.js';
import { an00 } from './generated/layouts.ts';
import { nameAt, readIdentity, utf8Of } from './identity.ts';
import { carriesIdentifier, slotAt, targetAt, verify } from './verify.ts';

/** Slots of an00 after the identity's. */
const Slot = {
  scoreName: 8,
  score: 9,
  pValue: 10,
  threshold: 11,
  verdict: 12,
  patches: 13,
  policyVersion: 14,
  findings: 15,
  pLow: 16,
  pHigh: 17,
  scores: 18,
} as const;
const slotCount = 19;
const ScoreSlot = { name: 0, value: 1, pValue: 2 } as const;
const FindingSlot = { scoreName: 0, score: 1, from: 2, to: 3, channels: 4, patches: 5 } as const;
const Verdict = { ordinary: 0, rare: 1 } as const;
/** Of a patch's surprise, and of a share: an index and a number. */
const patchBytes = 8;

/** An an00 message in an array of its own. Rare by definition, so it takes the plain builder. */
export const encodeAnomaly = (anomaly: Anomaly): Uint8Array => {
  const { identity, patches } = anomaly;
  if (patches.length > limits.anomalyPatchesMax) throw new Error(`${patches.length} patches in an anomaly`);
  if (anomaly.findings.length > limits.anomalyFindingsMax)
    throw new Error(`${anomaly.findings.length} findings in an anomaly`);
  if (anomaly.scores.length > limits.scoresMax)
    throw new Error(`${anomaly.scores.length} scores in an anomaly`);
  const builder = new Builder(512);
  const source = builder.createString(utf8Of(identity.sourceName));
  const instrument = builder.createString(utf8Of(identity.instrumentId));
  const scoreName = builder.createString(utf8Of(anomaly.scoreName));
  AnomalyTable.startPatchesVector(builder, patches.length);
  for (const { patch, surpriseBits } of patches.toReversed())
    PatchSurprise.createPatchSurprise(builder, patch, surpriseBits);
  const patchVector = builder.endVector();
  // Without findings the message is to the byte what it was before there were any.
  const tables = anomaly.findings.map((finding) => putFinding(builder, finding));
  const findings = tables.length === 0 ? 0 : AnomalyTable.createFindingsVector(builder, tables);
  const rated = anomaly.scores.map(({ name, value, pValue }) =>
    RatedScoreTable.createRatedScore(builder, builder.createString(utf8Of(name)), value, pValue),
  );
  const scores = rated.length === 0 ? 0 : AnomalyTable.createScoresVector(builder, rated);
  builder.finish(
    AnomalyTable.createAnomaly(
      builder,
      source,
      BigInt(identity.messageId),
      identity.timestampNanos,
      identity.durationNanos,
      identity.run,
      BigInt(identity.timeFrame),
      instrument,
      BigInt(`0x${identity.instrumentHash}`),
      scoreName,
      anomaly.score,
      anomaly.pValue,
      anomaly.threshold,
      Verdict[anomaly.verdict],
      patchVector,
      anomaly.policyVersion,
      findings,
      anomaly.pLow,
      anomaly.pHigh,
      scores,
    ),
    an00.identifier,
  );
  return builder.asUint8Array().slice();
};

const putShares = (builder: Builder, shares: readonly Share[]): number => {
  FindingTable.startChannelsVector(builder, shares.length);
  for (const { index, share } of shares.toReversed()) ShareStruct.createShare(builder, index, share);
  return builder.endVector();
};

const putFinding = (builder: Builder, finding: Finding): number => {
  const { span, channels, patches } = finding;
  if (channels.length > limits.anomalyChannelsMax || patches.length > limits.anomalyChannelsMax)
    throw new Error(`${channels.length} channels and ${patches.length} patches in a finding`);
  return FindingTable.createFinding(
    builder,
    builder.createString(utf8Of(finding.scoreName)),
    finding.score,
    FindingTable.createFromVector(
      builder,
      span.map(({ from }) => from),
    ),
    FindingTable.createToVector(
      builder,
      span.map(({ to }) => to),
    ),
    putShares(builder, channels),
    putShares(builder, patches),
  );
};

const fields = new Int32Array(slotCount);

/** The anomaly in an an00 message. Throws a Fault of kind item: message-schema, -malformed or -field. */
export const decodeAnomaly = (bytes: Uint8Array): Anomaly => {
  if (!carriesIdentifier(bytes, an00.identifier))
    throw new Fault(
      'message-schema',
      `bytes 4 to 8 of ${bytes.length} are not 'an00'; read anomalies from their topic`,
    );
  const wrong = verify(bytes, an00, fields);
  if (wrong !== '')
    throw new Fault('message-malformed', `an00: ${wrong}; the message was cut or overwritten`);
  const verdict = fields[Slot.verdict] === 0 ? 0 : u16At(bytes, fields[Slot.verdict]!);
  if (verdict > Verdict.rare)
    throw new Fault(
      'message-field',
      `an00: verdict ${verdict} is not one this build knows; use a newer reader`,
    );
  return {
    identity: readIdentity(bytes, fields, 'message-field'),
    scoreName: nameAt(bytes, fields[Slot.scoreName]!, 'message-field', 'score_name'),
    score: readBetween(bytes, Slot.score, -Number.MAX_VALUE, Number.MAX_VALUE, 'score'),
    pValue: readBetween(bytes, Slot.pValue, 0, 1, 'p_value'),
    pLow: readBetween(bytes, Slot.pLow, 0, 1, 'p_low'),
    pHigh: readBetween(bytes, Slot.pHigh, 0, 1, 'p_high', 1),
    threshold: readBetween(bytes, Slot.threshold, 0, 1, 'threshold'),
    verdict: verdict === Verdict.rare ? 'rare' : 'ordinary',
    patches: readPatches(bytes, fields[Slot.patches]!),
    policyVersion: policyVersion(
      fields[Slot.policyVersion] === 0 ? 0 : u32At(bytes, fields[Slot.policyVersion]!),
    ),
    findings: readFindings(bytes, fields[Slot.findings]!),
    scores: readScores(bytes, fields[Slot.scores]!),
  };
};

const readBetween = (
  bytes: Uint8Array,
  slot: number,
  min: number,
  max: number,
  what: string,
  unsaid = 0,
): number => {
  const value = fields[slot] === 0 ? unsaid : f64At(bytes, fields[slot]!);
  if (value >= min && value <= max) return value;
  throw new Fault('message-field', `an00: ${what} is ${value}; it must lie between ${min} and ${max}`);
};

const readPatches = (bytes: Uint8Array, at: number): Anomaly['patches'] => {
  const count = at === 0 ? 0 : u32At(bytes, at);
  if (count > limits.anomalyPatchesMax)
    throw new Fault('message-field', `an00: ${count} patches; at most ${limits.anomalyPatchesMax} are read`);
  return Array.from({ length: count }, (_, i) => {
    const patch = u32At(bytes, at + 4 + i * patchBytes);
    const surpriseBits = f32At(bytes, at + 4 + i * patchBytes + 4);
    if (!Number.isFinite(surpriseBits))
      throw new Fault(
        'message-field',
        `an00: surprise of patch ${patch} is ${surpriseBits}; it must be finite`,
      );
    return { patch, surpriseBits };
  });
};

const refuse = (what: string): Fault => new Fault('message-field', `an00: ${what}`);

const readFindings = (bytes: Uint8Array, at: number): Anomaly['findings'] => {
  const count = at === 0 ? 0 : u32At(bytes, at);
  if (count > limits.anomalyFindingsMax)
    throw refuse(`${count} findings; at most ${limits.anomalyFindingsMax} are read`);
  return Array.from({ length: count }, (_, i) =>
    readFinding(bytes, at + 4 + 4 * i + u32At(bytes, at + 4 + 4 * i)),
  );
};

const readFinding = (bytes: Uint8Array, table: number): Finding => {
  const vector = (slot: number): number => targetAt(bytes, table, slot);
  const scoreName = nameAt(bytes, vector(FindingSlot.scoreName), 'message-field', 'score_name');
  const scoreAt = slotAt(bytes, table, FindingSlot.score);
  const score = scoreAt === 0 ? 0 : f64At(bytes, scoreAt);
  if (!Number.isFinite(score)) throw refuse(`score ${scoreName} is ${score}; it must be finite`);
  const from = readIndices(bytes, vector(FindingSlot.from));
  const to = readIndices(bytes, vector(FindingSlot.to));
  if (from.length !== to.length || from.some((begin, axis) => begin >= to[axis]!))
    throw refuse(`the span of ${scoreName} goes from ${from.join()} to ${to.join()}`);
  return {
    scoreName,
    score,
    span: from.map((begin, axis) => ({ from: begin, to: to[axis]! })),
    channels: readShares(bytes, vector(FindingSlot.channels), 'channels'),
    patches: readShares(bytes, vector(FindingSlot.patches), 'patches'),
  };
};

const readScores = (bytes: Uint8Array, at: number): RatedScore[] => {
  const count = at === 0 ? 0 : u32At(bytes, at);
  if (count > limits.scoresMax) throw refuse(`${count} scores; at most ${limits.scoresMax} are read`);
  return Array.from({ length: count }, (_, i) => {
    const table = at + 4 + 4 * i + u32At(bytes, at + 4 + 4 * i);
    const name = nameAt(bytes, targetAt(bytes, table, ScoreSlot.name), 'message-field', 'name');
    const valueAt = slotAt(bytes, table, ScoreSlot.value);
    const pValueAt = slotAt(bytes, table, ScoreSlot.pValue);
    const value = valueAt === 0 ? 0 : f64At(bytes, valueAt);
    const pValue = pValueAt === 0 ? 1 : f64At(bytes, pValueAt);
    if (!Number.isFinite(value)) throw refuse(`score ${name} is ${value}; it must be finite`);
    if (!(pValue >= 0 && pValue <= 1)) throw refuse(`the p-value of ${name} is ${pValue}`);
    return { name, value, pValue };
  });
};

const readIndices = (bytes: Uint8Array, at: number): number[] => {
  const count = at === 0 ? 0 : u32At(bytes, at);
  if (count > limits.axesMax) throw refuse(`a span of ${count} axes; at most ${limits.axesMax} are read`);
  return Array.from({ length: count }, (_, i) => u32At(bytes, at + 4 + 4 * i));
};

const readShares = (bytes: Uint8Array, at: number, what: string): Share[] => {
  const count = at === 0 ? 0 : u32At(bytes, at);
  if (count > limits.anomalyChannelsMax)
    throw refuse(`${count} ${what} in a finding; at most ${limits.anomalyChannelsMax} are read`);
  return Array.from({ length: count }, (_, i) => {
    const index = u32At(bytes, at + 4 + i * patchBytes);
    const share = f32At(bytes, at + 4 + i * patchBytes + 4);
    if (!(share >= 0 && share <= 1)) throw refuse(`the share of ${index} among ${what} is ${share}`);
    return { index, share };
  });
};
