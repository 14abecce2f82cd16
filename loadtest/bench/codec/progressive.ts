/**
 * The price of being progressive: bytes of the planes in real packets against ideal bits of their last levels coded
 * at once. Refuses to fit on what it measures: the yardstick learns from wedges of the training split.
 */

import { LayerKind } from '../../../src/domain/packet.ts';
import { eachWedge } from '../../../src/sim/export.ts';
import { plannedExport } from '../../../src/simulate.ts';
import { decodePacket } from '../../../src/wire/packet.ts';
import { bitsAtOnce } from './at_once.ts';
import { everyRung, openBenchLane, packetsOf } from './packets.ts';
import { openLadder } from './rungs.ts';
import type { TestSet } from './sets.ts';

export interface ProgressiveFigures {
  readonly wedges: number;
  /** Bits a hit of all planes, and of their levels at once. */
  readonly planesBits: number;
  readonly atOnceBits: number;
  readonly excess: number;
}

/** Time frames the yardstick learns from (twice as many move it by half a percent), and the seed they come from. */
const training = { timeFrames: 20, regions: 1, seed: 101, split: 'train' } as const;

/** @param wedgesMax evenly spaced over the set */
export const measureProgressive = async (set: TestSet, wedgesMax: number): Promise<ProgressiveFigures> => {
  const { card } = set.cards;
  const step = Math.max(1, Math.floor(set.wedges.length / wedgesMax));
  const chosen = set.wedges.filter((_, i) => i % step === 0).slice(0, wedgesMax);
  const lane = await openBenchLane(set.cards);
  const packets = await packetsOf(
    lane,
    chosen.map(({ frame }) => frame),
    everyRung,
  );
  await lane.close();
  let planesBits = 0;
  for (const packet of packets)
    for (const { kind, payload } of decodePacket(packet).layers)
      if (kind === LayerKind.plane) planesBits += 8 * payload.length;
  const low = 2 ** card.adcBits - 1;
  const timeFrames = Math.min(training.timeFrames, wedgesMax);
  const learnt = [...eachWedge(plannedExport({ ...set.planned, ...training, timeFrames }))].map(
    ({ hits }) => ({
      count: hits.length,
      voxel: hits.map((hit) => hit >>> card.adcBits),
      adc: Uint16Array.from(hits, (hit) => hit & low),
    }),
  );
  const { planes, levelOf } = openLadder(set.cards, packets).tables.scale;
  const scale = { planes, levelOf, columns: card.axes.at(-1)!.size, voxels: set.voxels };
  const digits = chosen.map((wedge) => wedge.digits);
  const atOnceBits = bitsAtOnce(learnt, digits, scale);
  const hits = digits.reduce((sum, { count }) => sum + count, 0);
  return {
    wedges: chosen.length,
    planesBits: planesBits / hits,
    atOnceBits: atOnceBits / hits,
    excess: planesBits / atOnceBits - 1,
  };
};
