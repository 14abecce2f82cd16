/**
 * What tokens and rungs cost, measured on what lies in the archive: stored packets decoded and compared with the raw
 * frames kept beside them, which were chosen without looking at them. Refuses to average ratios.
 */

import {
  addCounts,
  type FidelityCounts,
  type FidelityFigures,
  fidelityFigures,
} from '../../archive/proof/fidelity.ts';
import { fidelity } from '../../codec/packet.ts';
import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { openFrame, readDigits } from '../../wire/frame.ts';
import type { OpenRun } from './archive.ts';
import { type DecodedLayer, decodedLayers, type PacketDecoder } from './decoder.ts';

export interface RawVerdict {
  readonly run: number;
  /** Raw frames, and those of them whose packet is there too. */
  readonly rawFrames: number;
  readonly joined: number;
  /** Of packets that hold the lossless rung: how many give the very frame. */
  readonly exact: number;
  readonly differing: number;
  /** Null for a rung that no joined packet has. */
  readonly layers: Readonly<Record<DecodedLayer, FidelityFigures | null>>;
}

const chargeOf = ({ count, adc }: Digits): number => {
  let charge = 0;
  for (let i = 0; i < count; i++) charge += adc[i]!;
  return charge;
};

const sameDigits = (a: Digits, b: Digits): boolean => {
  if (a.count !== b.count) return false;
  for (let i = 0; i < a.count; i++) if (a.voxel[i] !== b.voxel[i] || a.adc[i] !== b.adc[i]) return false;
  return true;
};

const countsOf = (raw: Digits, decoded: Digits, card: InstrumentCard): FidelityCounts => {
  const { logMae, hits } = fidelity(raw, decoded, card);
  return { frames: 1, logMae, ...hits, rawCharge: chargeOf(raw), decodedCharge: chargeOf(decoded) };
};

const rawDigits = (frame: Uint8Array, card: InstrumentCard): Digits => {
  const open = openFrame(frame, card);
  const into = { voxel: new Uint32Array(open.hitCount), adc: new Uint16Array(open.hitCount) };
  return { count: readDigits(open, card, into), ...into };
};

/** Throws what decoding throws: a damaged archive is for `verify` first. */
export const judgeAgainstRaw = async (run: OpenRun, decoder: PacketDecoder): Promise<RawVerdict> => {
  const { card } = decoder;
  const groups: Record<DecodedLayer, FidelityCounts[]> = { tokens: [], near: [], lossless: [] };
  let [rawFrames, joined, exact, differing] = [0, 0, 0, 0];
  for await (const { packets, raw } of run.timeFrames({ kinds: ['tokens', 'near', 'lossless', 'raw'] })) {
    rawFrames += raw.length;
    const sums: Partial<Record<DecodedLayer, FidelityCounts>> = {};
    for (const { region, frame, messageId } of raw) {
      const stored = packets.find(({ row }) => row.region === region && row.messageId === messageId);
      if (stored === undefined) continue;
      joined += 1;
      const digits = rawDigits(frame, card);
      for (const layer of decodedLayers) {
        const decoded = await decoder.hits(stored, layer);
        if (decoded === null) continue;
        const counts = countsOf(digits, decoded, card);
        const sum = sums[layer];
        sums[layer] = sum === undefined ? counts : addCounts(sum, counts);
        if (layer !== 'lossless') continue;
        if (sameDigits(digits, decoded)) exact += 1;
        else differing += 1;
      }
    }
    for (const layer of decodedLayers) if (sums[layer] !== undefined) groups[layer].push(sums[layer]);
  }
  const figures = (layer: DecodedLayer) =>
    groups[layer].length === 0 ? null : fidelityFigures(groups[layer]);
  const layers = { tokens: figures('tokens'), near: figures('near'), lossless: figures('lossless') };
  return { run: run.run, rawFrames, joined, exact, differing, layers };
};
