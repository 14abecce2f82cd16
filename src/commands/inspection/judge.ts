/**
 * How faithful packets are to their frames: each rung decoded and compared with the raw digits, frame by frame
 * and in total. It refuses to average ratios: totals are counted over all hits and voxels.
 */

import type { DecodedLadder } from '../../codec/ladder/ladder.ts';
import { type LadderTables, levelBoundsOf } from '../../codec/ladder/tables.ts';
import { type Fidelity, fidelity, packetLadder } from '../../codec/packet.ts';
import { prepareTokenReader, readTokens } from '../../codec/token_reader.ts';
import { Fault } from '../../domain/fault.ts';
import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import type { Packet } from '../../domain/packet.ts';
import type { Model } from '../../ports/model.ts';
import { openFrame, readDigits } from '../../wire/frame.ts';

export interface JudgeParts {
  readonly card: InstrumentCard;
  readonly model: ModelCard;
  /** The model's decoder, running. */
  readonly decoder: Model;
  readonly tables: LadderTables;
}

/** A packet's rungs above the tokens, held against its frame. */
export interface JudgedLadder {
  readonly planes: number;
  /** Whether it holds just the frame's hits, each in its level, and the frame's very values where it says so. */
  readonly truth: 'exact' | 'sound' | 'differs';
  /** After the occupancy, after each plane, and after the remainder when there is one. */
  readonly rungs: readonly Fidelity[];
}

/** A rung that a packet does not carry is null. */
export interface Judged {
  readonly ladder: JudgedLadder | null;
  readonly tokens: Fidelity | null;
  /** Why a rung could not be decoded. */
  readonly fault: Fault | null;
}

/** Means over packets, weighed by hits and voxels. */
export type RungTotals = Omit<Fidelity, 'hits'> & { readonly packets: number };

export interface Totals {
  readonly judged: number;
  /** Packets exact to the last bit; sound as far as they go; false. */
  readonly exact: number;
  readonly sound: number;
  readonly differing: number;
  readonly faults: number;
  /** Over all packets with tokens, null when there is none. */
  readonly tokens: RungTotals | null;
  /** Over all packets that have the rung: the occupancy, the first plane, … the last plane. */
  readonly planes: readonly RungTotals[];
}

export interface Judge {
  /** `frame` is the tf00 message the packet was made from. */
  judge(packet: Packet, frame: Uint8Array): Promise<Judged>;
  readonly totals: Totals;
}

const sameDigits = (a: Digits, b: Digits): boolean => {
  if (a.count !== b.count) return false;
  for (let i = 0; i < a.count; i++) if (a.voxel[i] !== b.voxel[i] || a.adc[i] !== b.adc[i]) return false;
  return true;
};

/** Whether decoded hits are the frame's, each in the level that holds its value. */
const inLevels = (raw: Digits, decoded: DecodedLadder, tables: LadderTables): boolean => {
  const { digits, level, planes } = decoded;
  if (raw.count !== digits.count) return false;
  const { lowest, highest } = levelBoundsOf(tables, planes);
  for (let i = 0; i < raw.count; i++) {
    if (raw.voxel[i] !== digits.voxel[i] || raw.adc[i]! > highest[level[i]!]!) return false;
    // The first level also stands for values below the threshold.
    if (level[i]! > 0 && raw.adc[i]! < lowest[level[i]!]!) return false;
  }
  return true;
};

const chargeOf = ({ count, adc }: Digits): number => {
  let charge = 0;
  for (let i = 0; i < count; i++) charge += adc[i]!;
  return charge;
};

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);

/** Adds up fidelities so that totals are counted over all hits and voxels. */
const openSum = () => {
  const sum = { packets: 0, logMae: 0, raw: 0, decoded: 0, both: 0, rawCharge: 0, decodedCharge: 0 };
  return {
    add(found: Fidelity, raw: Digits, decoded: Digits): void {
      sum.packets += 1;
      sum.logMae += found.logMae;
      sum.raw += found.hits.raw;
      sum.decoded += found.hits.decoded;
      sum.both += found.hits.both;
      sum.rawCharge += chargeOf(raw);
      sum.decodedCharge += chargeOf(decoded);
    },
    totals: (): RungTotals => ({
      packets: sum.packets,
      logMae: share(sum.logMae, sum.packets),
      precision: share(sum.both, sum.decoded),
      recall: share(sum.both, sum.raw),
      chargeRatio: share(sum.decodedCharge, sum.rawCharge),
    }),
  };
};

export const openJudge = ({ card, model, decoder, tables }: JudgeParts): Judge => {
  const tokenReader = prepareTokenReader(model, card);
  const tokenSum = openSum();
  const rungSums = Array.from({ length: tables.scale.planes + 1 }, openSum);
  let [judged, exact, sound, differing, faults] = [0, 0, 0, 0, 0];

  const rawDigits = (frame: Uint8Array): Digits => {
    const open = openFrame(frame, card);
    const into = { voxel: new Uint32Array(open.hitCount), adc: new Uint16Array(open.hitCount) };
    return { count: readDigits(open, card, into), ...into };
  };

  const judgeTokens = async (packet: Packet, raw: Digits): Promise<Fidelity | null> => {
    const decoded = await readTokens(tokenReader, packet, decoder.run);
    if (decoded === null) return null;
    const found = fidelity(raw, decoded, card);
    tokenSum.add(found, raw, decoded);
    return found;
  };

  const judgeLadder = (packet: Packet, raw: Digits): JudgedLadder | null => {
    const whole = packetLadder(packet, card, tables);
    if (whole === null) return null;
    const rungs: Fidelity[] = [];
    for (let planes = 0; planes <= whole.planes; planes++) {
      const { digits } = packetLadder(packet, card, tables, { planes, remainder: false })!;
      const found = fidelity(raw, digits, card);
      rungSums[planes]!.add(found, raw, digits);
      rungs.push(found);
    }
    if (whole.exact) rungs.push(fidelity(raw, whole.digits, card));
    const right = whole.exact ? sameDigits(raw, whole.digits) : inLevels(raw, whole, tables);
    const truth = !right ? 'differs' : whole.exact ? 'exact' : 'sound';
    if (truth === 'exact') exact += 1;
    else if (truth === 'sound') sound += 1;
    else differing += 1;
    return { planes: whole.planes, truth, rungs };
  };

  return {
    async judge(packet, frame) {
      judged += 1;
      let ladder: JudgedLadder | null = null;
      try {
        const raw = rawDigits(frame);
        ladder = judgeLadder(packet, raw);
        return { ladder, tokens: await judgeTokens(packet, raw), fault: null };
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        faults += 1;
        return { ladder, tokens: null, fault: error };
      }
    },
    get totals() {
      const [tokens, ...planes] = [tokenSum, ...rungSums].map((sum) => sum.totals());
      return {
        judged,
        exact,
        sound,
        differing,
        faults,
        tokens: tokens!.packets === 0 ? null : tokens!,
        planes: planes.filter(({ packets }) => packets > 0),
      };
    },
  };
};
