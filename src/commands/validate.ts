/**
 * `tessera validate`: a candidate model beside the instrument's present one on the same frames, in shadow: how true
 * both are, what they cost, how their tokens are used and how much of them is noise; and whether the candidate is
 * worse. It refuses to write to any topic and to hold more than a bite of frames.
 */

import { fidelity } from '../codec/packet.ts';
import type { Digits } from '../domain/frame.ts';
import { type InstrumentCard, voxelCount } from '../domain/instrument.ts';
import type { LaneRefusal } from '../ports/lane.ts';
import { openFrame, readDigits } from '../wire/frame.ts';
import { jsonLine, type Output } from './output.ts';
import { printValidation, type Validation } from './validation/report.ts';
import { isRefusal, type Look, type Shadow, type ShadowModel } from './validation/shadow.ts';
import { countStability } from './validation/stability.ts';
import { countTokenUse } from './validation/token_use.ts';
import { type ModelFigures, verdictsOf } from './validation/verdict.ts';

/** A frame of the stream, and two draws of the electronics' noise over its charge where they can be had. */
export interface ValidationFrame {
  readonly frame: Uint8Array;
  readonly draws: readonly [Uint8Array, Uint8Array] | null;
}

export interface ValidateOptions {
  readonly tolerance: number;
  readonly judge: readonly string[];
  readonly json: boolean;
}

/** Frames looked at together: enough for one call of a model, few enough to hold. */
const framesPerBite = 16;
/** A sign of life now and then. */
const framesPerNote = 10 * framesPerBite;

const rawDigits = (frame: Uint8Array, card: InstrumentCard): Digits => {
  const open = openFrame(frame, card);
  const into = { voxel: new Uint32Array(open.hitCount), adc: new Uint16Array(open.hitCount) };
  return { count: readDigits(open, card, into), ...into };
};

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
const chargeOf = ({ count, adc }: Digits): number => {
  let charge = 0;
  for (let i = 0; i < count; i++) charge += adc[i]!;
  return charge;
};

/** Adds up one model's frames. */
const openTally = (card: InstrumentCard, shadow: ShadowModel) => {
  const use = countTokenUse(shadow.card, card);
  const stability = countStability(shadow.card);
  const sum = { frames: 0, logMae: 0, raw: 0, decoded: 0, both: 0, rawCharge: 0, decodedCharge: 0 };
  let [packetBytes, tokenBytes, compared] = [0, 0, 0];
  return {
    add(seen: Shadow, raw: Digits): void {
      const found = fidelity(raw, seen.decoded, card);
      sum.frames += 1;
      sum.logMae += found.logMae;
      sum.raw += found.hits.raw;
      sum.decoded += found.hits.decoded;
      sum.both += found.hits.both;
      sum.rawCharge += chargeOf(raw);
      sum.decodedCharge += chargeOf(seen.decoded);
      packetBytes += seen.packetBytes;
      tokenBytes += seen.tokenBytes;
      use.add(seen.tokens);
    },
    compare(one: Shadow, other: Shadow): void {
      compared += 1;
      stability.add(one.tokens, other.tokens);
    },
    get result() {
      const noise = compared === 0 ? null : stability.stability;
      const figures: ModelFigures = {
        model: `${shadow.card.name}/${shadow.card.version}`,
        frames: sum.frames,
        hits: sum.raw,
        logMae: sum.frames === 0 ? 0 : sum.logMae / sum.frames,
        precision: share(sum.both, sum.decoded),
        recall: share(sum.both, sum.raw),
        chargeRatio: share(sum.decodedCharge, sum.rawCharge),
        bitsPerHit: sum.raw === 0 ? null : (tokenBytes * 8) / sum.raw,
        ratio: share(sum.frames * voxelCount(card) * 2, packetBytes),
        equalSymbols: noise?.equalSymbols ?? null,
      };
      return { figures, use: use.use, stability: noise };
    },
  };
};

async function* bitesOf(frames: AsyncIterable<ValidationFrame>): AsyncGenerator<readonly ValidationFrame[]> {
  let bite: ValidationFrame[] = [];
  for await (const frame of frames) {
    bite.push(frame);
    if (bite.length < framesPerBite) continue;
    yield bite;
    bite = [];
  }
  if (bite.length > 0) yield bite;
}

/** Looks at all frames with both models. */
const compareModels = async (
  card: InstrumentCard,
  models: readonly [present: ShadowModel, candidate: ShadowModel],
  frames: AsyncIterable<ValidationFrame>,
  note: (line: string) => void,
): Promise<Omit<Validation, 'verdicts'>> => {
  const tallies = models.map((model) => openTally(card, model));
  let [seen, refused, between] = [0, 0, 0];
  for await (const bite of bitesOf(frames)) {
    const drawn = bite.flatMap(({ draws }) => (draws === null ? [] : [draws]));
    const looks = [
      bite.map(({ frame }) => frame),
      drawn.map(([one]) => one),
      drawn.map(([, other]) => other),
    ] as const;
    const shadows: (readonly Look[])[] = [];
    for (const [m, model] of models.entries()) {
      const [plain, one, other] = [
        await model.look(looks[0]),
        await model.look(looks[1]),
        await model.look(looks[2]),
      ];
      shadows.push(plain);
      one.forEach((first, i) => {
        const second = other[i]!;
        if (!isRefusal(first) && !isRefusal(second)) tallies[m]!.compare(first, second);
      });
    }
    for (let i = 0; i < bite.length; i++) {
      const [present, candidate] = [shadows[0]![i]!, shadows[1]![i]!];
      if (isRefusal(present) || isRefusal(candidate)) {
        const why = isRefusal(present) ? present : (candidate as LaneRefusal);
        if (refused++ === 0) note(`the first frame refused: ${why.code}: ${why.detail}`);
        continue;
      }
      const raw = rawDigits(looks[0][i]!, card);
      tallies[0]!.add(present, raw);
      tallies[1]!.add(candidate, raw);
      between += fidelity(present.decoded, candidate.decoded, card).logMae;
      seen += 1;
    }
    if ((seen + refused) % framesPerNote === 0) note(`${seen} frames compared`);
  }
  const results = tallies.map((tally) => tally.result);
  const betweenLogMae = seen === 0 ? 0 : between / seen;
  return { instrument: card.id, frames: seen, refused, models: results, betweenLogMae };
};

/** Exit code 0; 1 when the candidate is worse than its tolerance in a figure that is judged, or nothing was seen. */
export const validate = async (
  parts: {
    readonly card: InstrumentCard;
    readonly present: ShadowModel;
    readonly candidate: ShadowModel;
    readonly frames: AsyncIterable<ValidationFrame>;
    readonly output: Output;
  },
  options: ValidateOptions,
): Promise<number> => {
  const { card, present, candidate, frames, output } = parts;
  const compared = await compareModels(card, [present, candidate], frames, output.note);
  const [before, after] = compared.models.map(({ figures }) => figures) as [ModelFigures, ModelFigures];
  const verdicts = verdictsOf(before, after, options.tolerance, options.judge);
  const validation: Validation = { ...compared, verdicts };
  if (options.json) output.print(jsonLine(validation));
  else if (validation.frames > 0) printValidation(validation, options.tolerance, output);
  if (validation.frames === 0)
    output.note(`none of ${validation.refused} frames could be compared: is it the same instrument card?`);
  return validation.frames === 0 || verdicts.some(({ worse }) => worse) ? 1 : 0;
};
