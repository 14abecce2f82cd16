/**
 * How faithful packets are to their frames: each rung decoded and compared with the raw digits, frame by frame
 * and in total. It refuses to average ratios: totals are counted over all hits and voxels.
 */

import { decodeCells, type Fidelity, fidelity, packetDigits, packetSymbols } from '../../codec/packet.ts';
import type { LosslessTables } from '../../codec/tables.ts';
import { prepareTokenTables } from '../../codec/tokens.ts';
import { Fault } from '../../domain/fault.ts';
import type { Digits } from '../../domain/frame.ts';
import { type InstrumentCard, patchesPerAxis } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import type { Packet } from '../../domain/packet.ts';
import { patchGrid } from '../../kernels/patch.ts';
import { gatherNeighbours, patchNeighbours } from '../../kernels/patch_neighbours.ts';
import type { Model } from '../../ports/model.ts';
import { openFrame, readDigits } from '../../wire/frame.ts';

export interface JudgeParts {
  readonly card: InstrumentCard;
  readonly model: ModelCard;
  /** The model's decoder, running. */
  readonly decoder: Model;
  readonly tables: LosslessTables;
}

/** A rung that a packet does not carry is null. */
export interface Judged {
  readonly lossless: 'exact' | 'differs' | null;
  readonly tokens: Fidelity | null;
  /** Why a rung could not be decoded. */
  readonly fault: Fault | null;
}

export interface Totals {
  readonly judged: number;
  readonly exact: number;
  readonly differing: number;
  readonly faults: number;
  /** Over all packets with tokens, null when there is none. */
  readonly tokens: (Omit<Fidelity, 'hits'> & { readonly packets: number }) | null;
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

const chargeOf = ({ count, adc }: Digits): number => {
  let charge = 0;
  for (let i = 0; i < count; i++) charge += adc[i]!;
  return charge;
};

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);

export const openJudge = ({ card, model, decoder, tables }: JudgeParts): Judge => {
  const tokenTables = prepareTokenTables(model, card);
  const neighbours = patchNeighbours(patchesPerAxis(card), model.neighbours);
  const grid = patchGrid(card);
  const codeAdc = Uint16Array.from(model.codeAdc);
  const sum = { packets: 0, logMae: 0, raw: 0, decoded: 0, both: 0, rawCharge: 0, decodedCharge: 0 };
  let [judged, exact, differing, faults] = [0, 0, 0, 0];

  const rawDigits = (frame: Uint8Array): Digits => {
    const open = openFrame(frame, card);
    const into = { voxel: new Uint32Array(open.hitCount), adc: new Uint16Array(open.hitCount) };
    return { count: readDigits(open, card, into), ...into };
  };

  const judgeTokens = async (packet: Packet, raw: Digits): Promise<Fidelity | null> => {
    const tokens = packetSymbols(packet, model, tokenTables);
    if (tokens === null) return null;
    const { patches, patchCount, symbols } = tokens;
    const cells = new Uint8Array(patchCount * grid.cellsPerPatch);
    const rows = new Uint8Array(patchCount * model.decoder.inputWidth);
    gatherNeighbours(patches, patchCount, symbols, model.symbolsPerPatch, neighbours, rows);
    if (patchCount > 0) await decoder.run(rows, patchCount, cells);
    const decoded = decodeCells(patches, patchCount, cells, grid, codeAdc);
    const found = fidelity(raw, decoded, card);
    sum.packets += 1;
    sum.logMae += found.logMae;
    sum.raw += found.hits.raw;
    sum.decoded += found.hits.decoded;
    sum.both += found.hits.both;
    sum.rawCharge += chargeOf(raw);
    sum.decodedCharge += chargeOf(decoded);
    return found;
  };

  return {
    async judge(packet, frame) {
      judged += 1;
      let lossless: Judged['lossless'] = null;
      try {
        const raw = rawDigits(frame);
        const digits = packetDigits(packet, card, tables);
        if (digits !== null) {
          lossless = sameDigits(raw, digits) ? 'exact' : 'differs';
          if (lossless === 'exact') exact += 1;
          else differing += 1;
        }
        return { lossless, tokens: await judgeTokens(packet, raw), fault: null };
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        faults += 1;
        return { lossless, tokens: null, fault: error };
      }
    },
    get totals() {
      const tokens =
        sum.packets === 0
          ? null
          : {
              packets: sum.packets,
              logMae: sum.logMae / sum.packets,
              precision: share(sum.both, sum.decoded),
              recall: share(sum.both, sum.raw),
              chargeRatio: share(sum.decodedCharge, sum.rawCharge),
            };
      return { judged, exact, differing, faults, tokens };
    },
  };
};
