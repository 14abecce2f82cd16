/**
 * `tessera scores fit`: score tables from recorded frames of an instrument that are good, which only whoever asks can
 * know. It refuses frames the processor would refuse: they are counted and left out.
 */

import { createHash } from 'node:crypto';
import { type GoodFrame, openScoreFit } from '../anomaly/scores/fit.ts';
import { scoreTablesToJson } from '../anomaly/scores/tables.ts';
import { Fault } from '../domain/fault.ts';
import { type InstrumentCard, voxelCount } from '../domain/instrument.ts';
import { limits } from '../domain/limits.ts';
import type { ModelCard } from '../domain/model.ts';
import type { Wiring } from '../kernels/survey/survey.ts';
import type { Bus } from '../ports/bus.ts';
import { openFrame, readDigits } from '../wire/frame.ts';

export interface FitScoresParts {
  readonly bus: Bus;
  readonly card: InstrumentCard;
  readonly model: ModelCard;
  readonly wiring: Wiring;
  readonly topic: string;
  readonly framesMax: number;
  readonly note: (line: string) => void;
}

/**
 * Reads the topic's frames, twice, and gives the tables' JSON; throws `file-invalid` where they are too few and
 * `config-invalid` for objects.
 */
export const fitScoresOfTopic = async (parts: FitScoresParts): Promise<string> => {
  const { card, model, wiring, topic, note } = parts;
  if (card.kind === 'objects')
    throw new Fault(
      'config-invalid',
      `${card.id} holds objects, whose scores are networks: models/train/train_l1_scores.py trains them`,
    );
  const fit = openScoreFit(card, model, wiring);
  const data = createHash('sha256');
  const { taken, refused } = await eachFrame(parts, (frame, bytes) => {
    data.update(bytes);
    fit.learnChannels(frame);
  });
  if (taken === 0)
    throw new Fault(
      'file-invalid',
      `${topic} holds no frame of ${card.id} to fit: import some good ones first`,
    );
  note(`${taken} frames read, ${refused} refused ones left out; reading them again for their gauges …`);
  await eachFrame(parts, (frame) => fit.learnGauges(frame));
  const inputTableOf = `${model.name}/${model.version}`;
  return scoreTablesToJson(fit.tables({ topic, dataSha256: data.digest('hex'), inputTableOf }));
};

const eachFrame = async (
  { bus, card, topic, framesMax }: FitScoresParts,
  take: (frame: GoodFrame, bytes: Uint8Array) => void,
): Promise<{ taken: number; refused: number }> => {
  const scratch = { voxel: new Uint32Array(voxelCount(card)), adc: new Uint16Array(voxelCount(card)) };
  let [taken, refused] = [0, 0];
  const bufferBytesMax = limits.partitionQueueBytesMax;
  const records = bus.read({ topic, from: { at: 'beginning' }, untilEnd: true, bufferBytesMax });
  for await (const { value } of records) {
    const frame = frameOf(value, card, scratch);
    if (frame === null) {
      refused += 1;
      continue;
    }
    take(frame, value);
    taken += 1;
    if (taken >= framesMax) break;
  }
  return { taken, refused };
};

/** null for what the processor would refuse. */
const frameOf = (
  value: Uint8Array,
  card: InstrumentCard,
  scratch: { readonly voxel: Uint32Array; readonly adc: Uint16Array },
): GoodFrame | null => {
  try {
    const open = openFrame(value, card);
    return { region: open.region, digits: { count: readDigits(open, card, scratch), ...scratch } };
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
};
