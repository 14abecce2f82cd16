/**
 * Object tokens in words: how many clusters a packet tells of, and the largest with where they lie and what they look
 * like. It refuses nothing; a damaged layer is told as its fault.
 */

import { type DecodedObject, objectGrid, objectOf } from '../../codec/objects/shapes.ts';
import { packetObjects } from '../../codec/packet.ts';
import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { Packet } from '../../domain/packet.ts';
import { grouped } from '../output.ts';

/** Clusters told one by one: what one looks at before drawing a picture. */
const listed = 4;

/** `layer 3, azimuth 20.63, time 47.25: charge 1,216 ADC, 0.69 × 1.13 cells`. */
const inWords = (object: DecodedObject, card: InstrumentCard): string => {
  const { layer, pad, bin, charge, padSigma, binSigma } = object;
  const [layers, pads, bins] = card.axes.map(({ name }) => name);
  const where = `${layers} ${layer}, ${pads} ${pad.toFixed(3)}, ${bins} ${bin.toFixed(3)}`;
  return `${where}: charge ${grouped(Math.round(charge))} ADC, ${padSigma.toFixed(2)} × ${binSigma.toFixed(2)} cells wide`;
};

/** Lines and plain data of a packet's clusters; none where it has no such layer. */
export const clustersTold = (
  packet: Packet,
  card: InstrumentCard,
): {
  readonly lines: readonly [label: string, text: string][];
  readonly data: Readonly<Record<string, unknown>>;
} => {
  try {
    const tokens = packetObjects(packet, card);
    if (tokens === null) return { lines: [], data: {} };
    const grid = objectGrid(card);
    const objects = Array.from({ length: tokens.count }, (_, i) => objectOf(tokens, i, grid));
    const largest = objects.toSorted((a, b) => b.charge - a.charge).slice(0, listed);
    const patches = new Set(objects.map(({ patch }) => patch)).size;
    const sum = `${grouped(tokens.count)} clusters in ${grouped(patches)} patches`;
    return {
      lines: [
        ['objects', tokens.count > listed ? `${sum}, the largest:` : sum],
        ...largest.map((object): [string, string] => ['object', inWords(object, card)]),
      ],
      data: { objects: { count: tokens.count, patches, largest } },
    };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { lines: [['objects', `${error.code}: ${error.detail}`]], data: {} };
  }
};
