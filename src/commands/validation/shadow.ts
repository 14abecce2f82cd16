/**
 * A model at work beside the stream: frames through a lane of its own, and what their packets say when they are read
 * again. It refuses to write anything anywhere: a shadow only looks.
 */

import { firstPolicy } from '../../anomaly/fidelity.ts';
import { packetSymbols } from '../../codec/packet.ts';
import { prepareTokenReader, readTokens } from '../../codec/token_reader.ts';
import type { DecodedTokens } from '../../codec/tokens.ts';
import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import { LayerKind } from '../../domain/packet.ts';
import type { PolicySnapshot } from '../../domain/policy.ts';
import type { Lane, LaneRefusal } from '../../ports/lane.ts';
import type { Model } from '../../ports/model.ts';
import { decodePacket } from '../../wire/packet.ts';

/** What a model makes of one frame. */
export interface Shadow {
  readonly tokens: DecodedTokens;
  /** The hits its tokens are decoded to. */
  readonly decoded: Digits;
  /** The whole tk00 message with tokens alone, and the token layer in it. */
  readonly packetBytes: number;
  readonly tokenBytes: number;
}

export interface ShadowModel {
  readonly card: ModelCard;
  /** One answer a frame, in order. */
  look(frames: readonly Uint8Array[]): Promise<readonly Look[]>;
}

/** What came of a frame: it may be refused, as in the stream. */
export type Look = Shadow | LaneRefusal;
export const isRefusal = (look: Look): look is LaneRefusal => 'code' in look;

/** Tokens of every frame and nothing above them. */
const tokensOnly: PolicySnapshot = { ...firstPolicy(), rarePValue: 0, prescale: 0 };

/** @param lane runs the model's encoder @param decoder its decoder; both stay the caller's to close */
export const openShadow = (
  instrument: InstrumentCard,
  card: ModelCard,
  lane: Lane,
  decoder: Model,
): ShadowModel => {
  const reader = prepareTokenReader(card, instrument);

  const read = async (bytes: Uint8Array): Promise<Shadow> => {
    const packet = decodePacket(bytes);
    const tokens = packetSymbols(packet, card, reader.tables);
    const decoded = await readTokens(reader, packet, decoder.run);
    const layer = packet.layers.find(({ kind }) => kind === LayerKind.tokens);
    if (tokens === null || decoded === null || layer === undefined)
      throw new Error(`a packet of ${card.name} has no tokens`);
    return { tokens, decoded, packetBytes: bytes.byteLength, tokenBytes: layer.payload.byteLength };
  };

  return {
    card,
    async look(frames) {
      if (frames.length === 0) return [];
      const { results } = await lane.process({ frames, policy: tokensOnly, pressure: 'none' });
      const looks: Look[] = [];
      for (const result of results) looks.push(result.end === 'refused' ? result : await read(result.packet));
      return looks;
    },
  };
};
