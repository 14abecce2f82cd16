/**
 * What is recorded of a run that a person or a loader asks first: the facts that the datasheet and `croissant.json` are
 * made of. Refuses to know more than was recorded: what nobody said is said to be unknown.
 */

import type { EventModelName } from '../../domain/archive/event_model.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import { type FileKind, fileKinds } from '../names.ts';
import type { RunFile } from '../run.ts';
import type { Seal } from '../seal.ts';
import type { ViewField } from './rows.ts';
import type { Split, SplitRule } from './split.ts';

/** What came of the training view. */
export interface ViewFacts {
  /** Below the described folder. */
  readonly files: readonly { readonly name: string; readonly byteCount: number; readonly rowCount: number }[];
  readonly rows: Readonly<Record<Split, number>>;
  readonly timeFrames: Readonly<Record<Split, readonly [from: number, to: number]>>;
  readonly rule: SplitRule;
  readonly byteCount: number;
  /** Packets left out: in a border's guard; without tokens; whose tokens stand in an earlier part already. */
  readonly guarded: number;
  readonly withoutTokens: number;
  readonly repeats: number;
  readonly fields: readonly ViewField[];
}

export interface DatasetFacts {
  readonly card: InstrumentCard;
  readonly model: ModelCard;
  /** What made the tokens of its events; null where they have none, or nobody recorded it. */
  readonly eventModel: EventModelName | null;
  readonly run: RunFile;
  readonly seals: readonly Seal[];
  /** Null where no view was made. */
  readonly view: ViewFacts | null;
  /** Of the software that makes the description. */
  readonly version: string;
  /** Whether the described folder holds the coded archive's files too; an exported view does not. */
  readonly coded: boolean;
}

/** Kinds of coded files the described folder has. */
export const codedKinds = ({ coded, seals }: DatasetFacts): FileKind[] =>
  fileKinds.filter((kind) => coded && seals.some(({ files }) => files.some((file) => file.kind === kind)));

/** What the order that opened the run said beside its name, as far as it is one flat object. */
export const saidOf = ({ metadata }: Pick<RunFile, 'metadata'>): Readonly<Record<string, unknown>> => {
  try {
    const said: unknown = JSON.parse(metadata);
    return typeof said === 'object' && said !== null && !Array.isArray(said)
      ? (said as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
};

/** Whether frames came of a simulated detector; null where nobody said. */
export const isSimulated = (run: Pick<RunFile, 'metadata' | 'simulated'>): boolean | null => {
  const { simulated } = saidOf(run);
  return typeof simulated === 'boolean' ? simulated : run.simulated;
};

export const licenceOf = (run: Pick<RunFile, 'metadata'>): string | null => {
  const said = saidOf(run);
  const licence = said.licence ?? said.license;
  return typeof licence === 'string' ? licence : null;
};

export interface RunSums {
  readonly segments: number;
  readonly events: number;
  readonly packets: number;
  readonly kept: number;
  readonly shed: number;
  readonly unreadable: number;
  readonly packetBytes: number;
  readonly fileBytes: number;
  readonly rawFrames: number;
  readonly timeFrames: readonly [number, number] | null;
  /** Epoch ns of the first start and the last end. */
  readonly instants: readonly [bigint, bigint] | null;
}

const earlier = (a: bigint, b: bigint): bigint => (b < a ? b : a);
const later = (a: bigint, b: bigint): bigint => (b > a ? b : a);

/** All segments of a run together; raw frames beside them. */
export const sumsOf = (seals: readonly Seal[]): RunSums => {
  const sum = { segments: 0, events: 0, packets: 0, kept: 0, shed: 0, unreadable: 0, packetBytes: 0 };
  let [fileBytes, rawFrames] = [0, 0];
  let timeFrames: [number, number] | null = null;
  let instants: [bigint, bigint] | null = null;
  for (const seal of seals) {
    for (const { kind, rowCount, byteCount } of seal.files) {
      fileBytes += byteCount;
      if (kind === 'raw') rawFrames += rowCount;
    }
    const isRaw = seal.counts.packets === 0 && seal.files.some(({ kind }) => kind === 'raw');
    sum.segments += 1;
    sum.events += seal.counts.events;
    sum.packets += seal.counts.packets;
    sum.kept += seal.counts.kept;
    sum.shed += seal.counts.shed;
    sum.unreadable += seal.counts.unreadable;
    if (!isRaw) sum.packetBytes += seal.counts.packetBytes;
    if (seal.timeFrames !== null)
      timeFrames =
        timeFrames === null
          ? [...seal.timeFrames]
          : [Math.min(timeFrames[0], seal.timeFrames[0]), Math.max(timeFrames[1], seal.timeFrames[1])];
    if (seal.instants !== null) {
      const [from, to] = seal.instants;
      const [first, last]: readonly [bigint, bigint] = instants ?? [from, to];
      instants = [earlier(from, first), later(to, last)];
    }
  }
  return { ...sum, fileBytes, rawFrames, timeFrames, instants };
};

/** ISO 8601 to the second; `unknown` for 0. */
export const dateOf = (ms: number): string =>
  ms === 0 ? 'unknown' : `${new Date(ms).toISOString().slice(0, 19)}Z`;
