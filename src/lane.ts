/**
 * The composition root of one lane: the stages in their order over one model session, and the worker thread's
 * entry that serves them. It refuses cards that do not fit each other, and decides nothing about a frame itself.
 */

import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { openModel } from './adapters/onnx/model.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { serveLane } from './adapters/threads/lane_worker.ts';
import { prepareJudge } from './anomaly/calibration/judge.ts';
import { explainer } from './anomaly/scores/explain.ts';
import { type Judges, prepareLateJudges } from './anomaly/scores/late_scores.ts';
import { openObjectScorers } from './anomaly/scores/object_scores.ts';
import { type ObjectScoreTables, parseObjectScoreTables } from './anomaly/scores/object_tables.ts';
import { openReconstructor } from './anomaly/scores/reconstruction.ts';
import { openSigner } from './anomaly/scores/repeats.ts';
import { openScorers, type Scorers, surveyColumns } from './anomaly/scores/scorers.ts';
import { parseScoreTables, type ScoreTables } from './anomaly/scores/tables.ts';
import { encodeLadder } from './codec/ladder/ladder.ts';
import { builtInTables, type LadderTables } from './codec/ladder/tables.ts';
import { parseTables } from './codec/ladder/tables_file.ts';
import { openObjectFinder } from './codec/objects/finder.ts';
import { prepareTokenTables } from './codec/tokens.ts';
import { Fault } from './domain/fault.ts';
import type { Digits } from './domain/frame.ts';
import type { InstrumentCard } from './domain/instrument.ts';
import { limits } from './domain/limits.ts';
import type { ModelCard } from './domain/model.ts';
import type { Layer } from './domain/packet.ts';
import type { PolicySnapshot, Rungs } from './domain/policy.ts';
import type { Clock } from './ports/clock.ts';
import type { LaneJob, LanePart, LaneResult, LaneRunner } from './ports/lane.ts';
import type { Model, Provider } from './ports/model.ts';
import { decide } from './stages/decide.ts';
import { decode, digitsOf, openDecoder } from './stages/decode.ts';
import { type Emitter, emit } from './stages/emit.ts';
import { refine } from './stages/refine.ts';
import { type Reconstruction, rescore } from './stages/rescore.ts';
import { score, scoreNothing } from './stages/score.ts';
import { tokenize } from './stages/tokenize.ts';
import type { OpenFrame } from './wire/frame.ts';

/** Plain data a lane is made from; it travels to worker threads as it is. */
export interface LaneSetup {
  readonly instrument: InstrumentCard;
  readonly model: ModelCard;
  /** Path of the model card's encoder file. */
  readonly encoderPath: string;
  readonly provider: Provider;
  /** Path of its decoder file, run on the CPU for frames kept to the last bit; without it no reconstruction is scored. */
  readonly decoderPath?: string | null;
  /** The file the instrument card names under `tables`; null where it names none. */
  readonly ladderTables: string | null;
  /** The file the instrument card names under `scores`; without it only token surprise is scored. */
  readonly scoreTables?: string | null;
}

interface LaneParts {
  readonly instrument: InstrumentCard;
  readonly model: ModelCard;
  readonly encoder: Model;
  readonly decoder: Model | null;
  readonly tables: LadderTables;
  readonly scores: ScoreTables | ObjectScoreTables | null;
  readonly clock: Clock;
}

/** The tables the card names, or built-in ones for an instrument nobody has fitted yet. */
export const openTables = ({
  instrument,
  ladderTables,
}: Pick<LaneSetup, 'instrument' | 'ladderTables'>): LadderTables => {
  const named = instrument.tables;
  if (named === undefined) return builtInTables(instrument);
  checkNamed(instrument, named, ladderTables);
  return parseTables(ladderTables!, instrument);
};

/** Throws file-invalid where a file beside a card is not the one the card names. */
const checkNamed = (
  instrument: InstrumentCard,
  named: { readonly file: string; readonly sha256: string },
  text: string | null,
): void => {
  const sha256 = createHash('sha256')
    .update(text ?? '')
    .digest('hex');
  if (sha256 === named.sha256) return;
  const found = text === null ? 'missing' : `another file (SHA-256 ${sha256})`;
  throw new Fault(
    'file-invalid',
    `${named.file} of ${instrument.id} is ${found}; its card says ${named.sha256}`,
  );
};

const openScoreTables = ({
  instrument,
  scoreTables = null,
}: Pick<LaneSetup, 'instrument' | 'scoreTables'>): LaneParts['scores'] => {
  if (instrument.scores === undefined || scoreTables === null) return null;
  checkNamed(instrument, instrument.scores, scoreTables);
  return instrument.kind === 'objects'
    ? parseObjectScoreTables(scoreTables, instrument)
    : parseScoreTables(scoreTables, instrument);
};

/** Which scores an instrument has follows from the kind of its frames and of the tables its card names. */
const scorersOf = ({ instrument, model, scores }: LaneParts): Scorers => {
  const ofObjects = scores !== null && 'kind' in scores;
  if (instrument.kind === 'objects') return openObjectScorers(instrument, model, ofObjects ? scores : null);
  return openScorers(instrument, model, ofObjects ? null : scores);
};

const checkCards = (instrument: InstrumentCard, model: ModelCard): void => {
  const cells = model.patch.reduce((n, size) => n * size, 1);
  const faults = [
    instrument.patch.join() !== model.patch.join() &&
      `patches differ: ${instrument.patch} and ${model.patch}`,
    model.encoder.inputWidth !== cells && `the encoder takes ${model.encoder.inputWidth} cells, not ${cells}`,
    model.encoder.outputWidth !== model.symbolsPerPatch &&
      `the encoder gives ${model.encoder.outputWidth} symbols a patch, not ${model.symbolsPerPatch}`,
    model.inputTable.length < 2 ** instrument.adcBits &&
      `the input table ends at ADC ${model.inputTable.length - 1}`,
  ].filter((fault) => fault !== false);
  if (faults.length === 0) return;
  const names = `model ${model.name}/${model.version} does not fit instrument ${instrument.id}`;
  throw new Fault('card-invalid', `${names}: ${faults.join('; ')}`);
};

/** Buffers of one bite, made once: what all stages write is a column of it. */
const openBite = (rowsMax: number, cellsPerPatch: number, symbols: Uint8Array, scoreCount: number) => ({
  frameCount: 0,
  rowTotal: 0,
  opens: new Array<OpenFrame | null>(limits.jobFramesMax).fill(null),
  faults: new Array<Fault | null>(limits.jobFramesMax).fill(null),
  ladder: new Array<readonly Layer[] | null>(limits.jobFramesMax).fill(null),
  late: new Array<readonly number[]>(limits.jobFramesMax).fill([]),
  firstRow: new Uint32Array(limits.jobFramesMax),
  rowCount: new Uint32Array(limits.jobFramesMax),
  surveyed: new Float64Array(limits.jobFramesMax * surveyColumns),
  scores: new Float64Array(limits.jobFramesMax * scoreCount),
  totalCharge: new Float64Array(limits.jobFramesMax),
  pValue: new Float64Array(limits.jobFramesMax),
  pLow: new Float64Array(limits.jobFramesMax),
  pHigh: new Float64Array(limits.jobFramesMax),
  driver: new Uint8Array(limits.jobFramesMax),
  reason: new Uint8Array(limits.jobFramesMax),
  patches: new Uint32Array(rowsMax),
  cells: new Uint8Array(rowsMax * cellsPerPatch),
  symbols,
});

/** Milliseconds spent in each stage over the bites of one part, told as instants of one long bite. */
const openStopwatch = (clock: Clock) => {
  const startNanos = clock.nowNanos();
  const spentMs = [0, 0, 0, 0, 0];
  let lastMs = clock.nowMs();
  return {
    lap(stage: number): void {
      const nowMs = clock.nowMs();
      spentMs[stage] = spentMs[stage]! + nowMs - lastMs;
      lastMs = nowMs;
    },
    instants(): LanePart['instants'] {
      let sumMs = 0;
      const [decodeNanos, tokenizeNanos, scoreNanos, refineNanos, emitNanos] = spentMs.map((ms) => {
        sumMs += ms;
        return startNanos + BigInt(Math.round(sumMs * 1e6));
      });
      return {
        decodeNanos: decodeNanos!,
        tokenizeNanos: tokenizeNanos!,
        scoreNanos: scoreNanos!,
        refineNanos: refineNanos!,
        emitNanos: emitNanos!,
      };
    },
  };
};

/** Composes the stages of cards that fit; the runner owns the encoder from then on and closes it. */
const composeLane = (parts: LaneParts): LaneRunner => {
  const { instrument, model, encoder, tables, clock } = parts;
  const scorers = scorersOf(parts);
  const decoder = openDecoder(instrument, model, scorers);
  const { grid } = decoder;
  const reconstruction: Reconstruction | null = parts.decoder && {
    decoder: parts.decoder,
    reconstructor: openReconstructor(model, instrument),
  };
  const explain = scorers.survey === null ? null : explainer(scorers.survey);
  const readHits = (open: OpenFrame): Digits => digitsOf(decoder, open);
  const emitter: Emitter = {
    modelId: `${model.name}/${model.version}`,
    model,
    tokens: prepareTokenTables(model, instrument),
    surprise: scorers.surprise,
    signer: openSigner(grid.patchCount, model.symbolsPerPatch),
    scoreNames: scorers.names,
    findingsOf: (open, scores) => explain?.findingsOf(readHits(open), open.region, scores.subarray(1)) ?? [],
  };
  const codeObjects = openObjectFinder(instrument);
  const rowsMax = Math.max(limits.laneRowsMax, grid.patchCount);
  const bite = openBite(rowsMax, grid.cellsPerPatch, scorers.symbols, scorers.names.length);
  const everything: Rungs = { planes: tables.scale.planes, remainder: true };
  /** A policy may ask for more planes than an instrument's tables have. */
  const madeOf = (asked: Rungs): Rungs =>
    asked.planes >= everything.planes
      ? { ...everything, remainder: asked.remainder }
      : { ...asked, remainder: false };
  const codeLadder = (digits: Digits, rungs: Rungs): readonly Layer[] =>
    encodeLadder(digits, instrument, tables, madeOf(rungs));

  // A judge is made once a policy, not once a job; scores of other names it cannot judge.
  let calibrated: { policy: PolicySnapshot; judges: Judges } | null = null;
  const judgesOf = (policy: PolicySnapshot): Judges => {
    if (calibrated?.policy !== policy) {
      const known = policy.sketch.scores.join() === scorers.names.join();
      const judge = known ? prepareJudge(policy.sketch, policy.warmupCount) : null;
      calibrated = { policy, judges: { judge, late: prepareLateJudges(policy) } };
    }
    return calibrated.judges;
  };

  const run = async ({ frames, policy, pressure }: LaneJob): Promise<LanePart> => {
    const shedding = pressure === 'shed-frames';
    const judges = judgesOf(policy);
    const watch = openStopwatch(clock);
    const results: LaneResult[] = [];
    for (let from = 0; from < frames.length; from += bite.frameCount) {
      decode(decoder, frames, from, !shedding, bite);
      watch.lap(0);
      await tokenize(encoder, bite);
      watch.lap(1);
      if (shedding) scoreNothing(bite, scorers.names.length);
      else score(scorers, judges.judge, bite);
      watch.lap(2);
      decide(policy, pressure, bite);
      refine({ digitsOf: readHits, codeLadder, codeObjects }, policy, bite);
      await rescore(reconstruction, bite);
      watch.lap(3);
      emit(emitter, policy, judges, frames, from, bite, results);
      watch.lap(4);
    }
    return { results, instants: watch.instants() };
  };
  const close = async (): Promise<void> => {
    await encoder.close();
    await parts.decoder?.close();
  };
  return { provider: encoder.provider, scoreNames: scorers.names, run, close };
};

/** Opens the model and composes the lane. Throws `model-load`, `model-provider`, `card-invalid`, `file-invalid`. */
export const openLane = async (setup: LaneSetup, clock: Clock): Promise<LaneRunner> => {
  const { instrument, model, encoderPath, decoderPath = null, provider } = setup;
  // Before the tables: cards that do not fit are the cause, tables that do not fit them only the sign.
  checkCards(instrument, model);
  const tables = openTables(setup);
  const scores = openScoreTables(setup);
  const encoder = await openModel({ path: encoderPath, file: model.encoder, provider });
  let decoder: Model | null = null;
  try {
    if (decoderPath !== null)
      decoder = await openModel({ path: decoderPath, file: model.decoder, provider: 'cpu' });
    return composeLane({ instrument, model, encoder, decoder, tables, scores, clock });
  } catch (error) {
    await encoder.close();
    await decoder?.close();
    throw error;
  }
};

/** What a worker thread on this file is started with; whoever else imports it wants its functions. */
export interface LaneWorkerData {
  readonly lane: LaneSetup;
}

const isWorkerData = (data: unknown): data is LaneWorkerData =>
  data !== null && typeof data === 'object' && 'lane' in data;

if (parentPort !== null && isWorkerData(workerData)) {
  const { lane } = workerData;
  await serveLane(parentPort, () => openLane(lane, createSystemClock()));
}
