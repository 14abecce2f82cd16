/**
 * Policy snapshots as JSON on the compacted `<i>_policy` topic: what people ask of one is readable, the counts behind it
 * are base64. Decoding refuses a snapshot that does not hold together, with every fault in it named.
 */

import { z } from 'zod';
import { Fault } from '../domain/fault.ts';
import { limits } from '../domain/limits.ts';
import {
  halvingsMax,
  objectTokensOf,
  type PolicySnapshot,
  type ScoreSketch,
  type SparseCounts,
  sizeKnots,
  type Yardstick,
} from '../domain/policy.ts';
import { policyVersion } from '../domain/quantity.ts';
import { putVarint, takeVarint, varintBytesMax } from '../kernels/varint.ts';
import { decodeJson, jsonBytes } from './json.ts';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The tree of levels has so many planes at most, and a remainder rests on all there are. */
const planesMax = 8;
const rungs = z.object({ planes: z.number().int().min(0).max(planesMax), remainder: z.boolean() });

/** No grid has more places: 2^16 bins of 1,024 cells. */
const placesMax = 2 ** 26;
const countsText = z.string().transform((text, context) => {
  const counts = countsOf(text);
  if (counts === null) {
    context.addIssue({ code: 'custom', message: 'not base64 of ascending places and their counts' });
    return z.NEVER;
  }
  return counts;
});
/** Little-endian, four bytes a number. */
const floatsText = z.string().transform((text, context) => {
  const bytes = bytesOf(text);
  if (bytes === null || bytes.length % 4 !== 0) {
    context.addIssue({ code: 'custom', message: 'not base64 of numbers of four bytes' });
    return z.NEVER;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
});
const sums = z.array(z.number()).max(64);

const yardstick = z
  .object({
    madeAfterFrames: count,
    charges: floatsText,
    halvings: floatsText,
    tails: floatsText,
    combined: countsText,
  })
  .refine(({ charges }) => charges.length === 2 * sizeKnots, { message: 'every size has its charge' });

const sketch = z
  .object({
    scores: z.array(z.string().min(1).max(128)).max(16),
    frames: z.array(z.number().min(0)).max(64),
    chargeSums: sums,
    chargeSquares: sums,
    singles: z.array(countsText),
    framesSeen: count.default(0),
    // Earlier builds counted combined scores without one: what they know of single scores makes the first.
    yardsticks: z.array(yardstick).max(2).default([]),
  })
  .refine(({ scores, singles }) => scores.length === singles.length, {
    message: 'every score has its counts',
  })
  .refine(
    ({ frames, chargeSums, chargeSquares }) =>
      frames.length === chargeSums.length && frames.length === chargeSquares.length,
    { message: 'every size has its frames and its charge' },
  )
  .refine(
    ({ scores, yardsticks }) =>
      yardsticks.every(
        ({ halvings, tails }) =>
          halvings.length === scores.length * sizeKnots * halvingsMax && tails.length === scores.length,
      ),
    { message: 'every yardstick measures every score at every size' },
  );

/** Cells of the controller's ruler, with room to grow. */
const cells = z.array(z.number().min(0)).max(1024);
const share = z.number().min(0).max(1);
const act = z.object({
  who: z.string().max(limits.alarmNameCharsMax),
  why: z.string().max(limits.alarmTextCharsMax),
  atMs: z.number(),
});
const control = z.object({
  target: share,
  pValue: share,
  held: share.nullable(),
  heldBy: act.optional(),
  chunks: count,
  passRate: share,
  trim: z.number(),
  miss: z.number(),
  lastingMiss: z.number(),
  memory: count,
  usual: cells,
  swell: z.object({ level: z.number(), slope: z.number() }),
  readings: z.array(z.object({ value: z.number(), variance: z.number().min(0), jumped: z.boolean() })).max(8),
  tally: z.object({
    frames: count,
    hitSum: z.number().min(0),
    chargeSum: z.number().min(0),
    passed: count,
    counts: cells,
  }),
});

const grade = z.object({ pValue: share, rungs });
const grades = z
  .array(grade)
  .max(planesMax + 1)
  .refine(
    (all) =>
      all.every(({ pValue, rungs: { planes, remainder } }, i) => {
        const rarer = all[i - 1];
        if (rarer === undefined) return true;
        const less = planes < rarer.rungs.planes || (rarer.rungs.remainder && !remainder);
        return pValue > rarer.pValue && planes <= rarer.rungs.planes && less;
      }),
    { message: 'every grade is of less rare frames and gives them less' },
  );
const size = z.object({ hits: z.number().min(0), bytes: z.number().min(0) });
const budget = z.object({
  bytesPerSecond: z.number().min(0),
  reach: share,
  spareReach: share,
  level: share,
  debtBytes: z.number(),
  steps: count,
  spentPerSecond: z.number().min(0),
  fixedPerSecond: z.number().min(0),
  usual: z.object({
    frames: z.number().min(0),
    seconds: z.number().min(0),
    fixedBytes: z.number().min(0),
    hitCount: z.number().min(0),
    shares: cells,
  }),
  planeSizes: z.array(size).max(planesMax),
  remainderSize: size,
  latestMicros: count,
});

const snapshot = z.object({
  version: z.number().int().min(0).max(0xffffffff),
  rarePValue: z.number().min(0).max(1),
  prescale: count,
  warmupCount: count,
  refinement: rungs.optional(),
  objectTokens: z.enum(objectTokensOf).optional(),
  control: control.optional(),
  grades: grades.optional(),
  spare: grade.optional(),
  budget: budget.optional(),
  obeyed: count.optional(),
  sketch,
  late: z.array(sketch).max(8).optional(),
});

/** Gaps between places and counts in turn. */
const textOf = ({ places, counts }: SparseCounts): string => {
  const bytes = new Uint8Array(2 * varintBytesMax * places.length);
  let at = 0;
  let next = 0;
  places.forEach((place, i) => {
    at = putVarint(bytes, at, place - next);
    at = putVarint(bytes, at, counts[i]!);
    next = place + 1;
  });
  return Buffer.from(bytes.buffer, 0, at).toString('base64');
};

const floatsTextOf = (numbers: Float32Array): string => {
  const view = new DataView(new ArrayBuffer(4 * numbers.length));
  numbers.forEach((number, i) => {
    view.setFloat32(4 * i, number, true);
  });
  return Buffer.from(view.buffer).toString('base64');
};

const bytesOf = (text: string): Buffer | null =>
  /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null;

const countsOf = (text: string): SparseCounts | null => {
  const bytes = bytesOf(text);
  if (bytes === null) return null;
  const places: number[] = [];
  const counts: number[] = [];
  let next = 0;
  try {
    for (let at = 0; at < bytes.length; ) {
      const gap = takeVarint(bytes, at);
      const count = takeVarint(bytes, gap.next);
      const place = next + gap.value;
      if (place >= placesMax) return null;
      places.push(place);
      counts.push(count.value);
      next = place + 1;
      at = count.next;
    }
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
  return { places: Uint32Array.from(places), counts: Uint32Array.from(counts) };
};

const yardstickText = (from: Yardstick) => ({
  ...from,
  charges: floatsTextOf(from.charges),
  halvings: floatsTextOf(from.halvings),
  tails: floatsTextOf(from.tails),
  combined: textOf(from.combined),
});

const sketchText = (from: ScoreSketch) => ({
  ...from,
  singles: from.singles.map(textOf),
  yardsticks: from.yardsticks.map(yardstickText),
});

export const encodePolicy = (policy: PolicySnapshot): Uint8Array =>
  jsonBytes({
    ...policy,
    sketch: sketchText(policy.sketch),
    ...(policy.late === undefined ? {} : { late: policy.late.map(sketchText) }),
  });

/** Throws message-malformed when the bytes are not JSON, message-field with all faults otherwise. */
export const decodePolicy = (bytes: Uint8Array): PolicySnapshot => {
  const decoded = decodeJson(bytes, snapshot, 'a', 'policy snapshot');
  return { ...decoded, version: policyVersion(decoded.version) };
};
