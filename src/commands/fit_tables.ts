/**
 * `tessera tables fit`: the ladder's static tables from recorded frames of an instrument. It refuses
 * frames the processor would refuse: they are counted and left out.
 */

import { createHash } from 'node:crypto';
import { fitTables } from '../codec/ladder/fit.ts';
import { tablesToJson } from '../codec/ladder/tables_file.ts';
import { Fault } from '../domain/fault.ts';
import type { Digits } from '../domain/frame.ts';
import { type InstrumentCard, voxelCount } from '../domain/instrument.ts';
import { limits } from '../domain/limits.ts';
import type { Bus } from '../ports/bus.ts';
import { openFrame, readDigits } from '../wire/frame.ts';

export interface FitParts {
  readonly bus: Bus;
  readonly card: InstrumentCard;
  readonly topic: string;
  readonly framesMax: number;
  readonly note: (line: string) => void;
}

/** The tables' JSON; throws `file-invalid` where the topic holds no good frame. */
export const fitTopic = async ({ bus, card, topic, framesMax, note }: FitParts): Promise<string> => {
  const scratch = { voxel: new Uint32Array(voxelCount(card)), adc: new Uint16Array(voxelCount(card)) };
  const data = createHash('sha256');
  const frames: Digits[] = [];
  let refused = 0;
  const bufferBytesMax = limits.partitionQueueBytesMax;
  for await (const { value } of bus.read({
    topic,
    from: { at: 'beginning' },
    untilEnd: true,
    bufferBytesMax,
  })) {
    try {
      const count = readDigits(openFrame(value, card), card, scratch);
      frames.push({ count, voxel: scratch.voxel.slice(0, count), adc: scratch.adc.slice(0, count) });
      data.update(value);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      refused += 1;
    }
    if (frames.length % 100 === 0) note(`${frames.length} frames read`);
    if (frames.length >= framesMax) break;
  }
  if (frames.length === 0)
    throw new Fault(
      'file-invalid',
      `${topic} holds no frame of ${card.id} to fit: simulate or import some first`,
    );
  note(`fitting ${frames.length} frames (${refused} refused were left out) …`);
  const provenance = { topic, frames: frames.length, dataSha256: data.digest('hex') };
  return tablesToJson(fitTables(frames, card, provenance, note));
};
