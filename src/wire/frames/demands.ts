/**
 * What an instrument's card demands of a frame, prepared once a card: which kind and encodings, how many hits. It
 * refuses (frame-kind, frame-count) what the card does not serve; the hits themselves are the payload readers'.
 */

import { Fault } from '../../domain/fault.ts';
import { FrameEncoding, FrameKind } from '../../domain/frame.ts';
import { type InstrumentCard, voxelCount } from '../../domain/instrument.ts';
import { frameBytesMax } from '../../domain/limits.ts';
import { type RegionIndex, regionIndex } from '../../domain/quantity.ts';
import { fitsHits, hitBytesMin } from '../hits.ts';
import { hashHalves } from '../identity.ts';
import { type RecordLayout, recordLayout } from './records.ts';

export interface Demands {
  readonly bytesMax: number;
  readonly hashHigh: number;
  readonly hashLow: number;
  readonly regions: ReadonlyMap<string, RegionIndex>;
  readonly voxels: number;
  readonly adcBits: number;
  /** Whether voxel and ADC fit one 32-bit word. */
  readonly packs: boolean;
  /** Whether a 16-bit word has room for a gap beside the ADC. */
  readonly gaps: boolean;
  /** How objects lie in a payload; null for digits. */
  readonly records: RecordLayout | null;
}

const demandsByCard = new WeakMap<InstrumentCard, Demands>();

export const demandsOf = (card: InstrumentCard): Demands => {
  const known = demandsByCard.get(card);
  if (known !== undefined) return known;
  const voxels = voxelCount(card);
  const { high, low } = hashHalves(card.hash);
  const demands: Demands = {
    bytesMax: frameBytesMax(card),
    hashHigh: high,
    hashLow: low,
    regions: new Map(card.regions.map((name, index) => [name, regionIndex(index)])),
    voxels,
    adcBits: card.adcBits,
    packs: card.kind === 'digits' && (voxels - 1) * 2 ** card.adcBits + (2 ** card.adcBits - 1) < 2 ** 32,
    gaps: card.kind === 'digits' && card.adcBits <= 12,
    records: card.kind === 'objects' ? recordLayout(card) : null,
  };
  demandsByCard.set(card, demands);
  return demands;
};

/** The encoding that is asked for, or the card's densest; throws for one that cannot carry its frames. */
export const encodingFor = (card: InstrumentCard, asked: number | undefined): number => {
  const { packs, gaps, adcBits, records } = demandsOf(card);
  const { packed32, columns48, gap16, records16 } = FrameEncoding;
  const chosen = asked ?? (records !== null ? records16 : gaps ? gap16 : columns48);
  if ((chosen === records16) !== (records !== null))
    throw new Error(`${card.id}: encoding ${chosen} does not carry frames of ${card.kind}`);
  if (chosen === packed32 && !packs)
    throw new Error(`${card.id}: voxel and ADC do not fit 32 bits, packed32 cannot carry them`);
  if (chosen === gap16 && !gaps)
    throw new Error(`${card.id}: ${adcBits} ADC bits leave no room for a gap, gap16 cannot carry them`);
  return chosen;
};

/** Whether this kind of frame, and this encoding of it, is the card's. */
export const checkKind = (
  kind: number,
  encoding: number,
  card: InstrumentCard,
  { packs, gaps, records }: Demands,
): void => {
  if (kind !== FrameKind[card.kind])
    throw new Fault(
      'frame-kind',
      `kind ${kind} is not served for ${card.id}; send ${card.kind} (${FrameKind[card.kind]})`,
    );
  if (records !== null) {
    if (encoding === FrameEncoding.records16) return;
    throw new Fault(
      'frame-kind',
      `encoding ${encoding} is not served for ${card.id}; use records16 (${FrameEncoding.records16})`,
    );
  }
  if (
    encoding === FrameEncoding.columns48 ||
    (encoding === FrameEncoding.packed32 && packs) ||
    (encoding === FrameEncoding.gap16 && gaps)
  )
    return;
  throw new Fault(
    'frame-kind',
    `encoding ${encoding} is not served for ${card.id}; use columns48 (${FrameEncoding.columns48})` +
      (packs ? ` or packed32 (${FrameEncoding.packed32})` : '') +
      (gaps ? ` or gap16 (${FrameEncoding.gap16})` : ''),
  );
};

/** Whether a payload has room for the hits it is said to hold, and the card for them. */
export const checkCount = (
  declared: number,
  encoding: number,
  payload: Uint8Array,
  card: InstrumentCard,
  { voxels, records }: Demands,
): void => {
  const said = (): string => `hit_count ${declared} with a payload of ${payload.length} bytes`;
  if (records !== null) {
    const { slotCount, recordBytes } = records;
    if (declared > slotCount || payload.length !== declared * recordBytes)
      throw new Fault(
        'frame-count',
        `${said()}; records16 takes ${recordBytes} bytes an object and ${card.id} has room for ${slotCount} objects`,
      );
    return;
  }
  if (declared > voxels || !fitsHits(encoding, payload.length, declared))
    throw new Fault(
      'frame-count',
      `${said()}; encoding ${encoding} takes ${hitBytesMin(encoding)} bytes a hit` +
        `${encoding === FrameEncoding.gap16 ? ' or more' : ''} and ${card.id} has ${voxels} voxels`,
    );
};
