/**
 * What is raced: frames to packets through the lane, packets back to digits, and the networks it is compared with, on
 * the same cores. Refuses half paths: encoding begins with tf00 bytes and ends with tk00 bytes, decoding the other way.
 */

import { bcaeNames, openBcae } from './bcae.ts';
import { ridingCards } from './contenders.ts';
import { openDecodeCrew } from './decode_crew.ts';
import {
  everyRung,
  openBenchLane,
  packetsOf,
  planesMax,
  tokensOnly,
  uptoPlanes,
  workers,
} from './packets.ts';
import type { Contestant } from './rates.ts';
import type { TestSet } from './sets.ts';

/** Wedges a network codes in one round: half a second of work. */
const networkWedges = 24;

export interface Courses {
  readonly contestants: readonly Contestant[];
  close(): Promise<void>;
}

export const openCourses = async (
  sets: readonly TestSet[],
  absent: (what: string) => void,
): Promise<Courses> => {
  const contestants: Contestant[] = [];
  const closers: (() => Promise<void>)[] = [];
  for (const set of sets) {
    const frames = set.wedges.map(({ frame }) => frame);
    const about = { set: set.name, wedges: frames.length, hits: set.hits };
    // Tokens ride with everything: the lane makes them of every frame.
    const riding = ridingCards(set.cards, absent);
    const lane = await openBenchLane(riding);
    closers.push(() => lane.close());
    const tokens = async (): Promise<void> => void (await packetsOf(lane, frames, tokensOnly));
    contestants.push({ ...about, name: 'tokens encode', run: tokens });
    for (const [name, policy] of [
      ['near', uptoPlanes(planesMax)],
      ['lossless', everyRung],
    ] as const) {
      const packets = await packetsOf(lane, frames, policy);
      const encode = async (): Promise<void> => void (await packetsOf(lane, frames, policy));
      contestants.push({ ...about, name: `${name} encode`, run: encode });
      const crew = await openDecodeCrew(riding, packets, workers);
      closers.push(() => crew.close());
      contestants.push({ ...about, name: `${name} decode`, run: async () => void (await crew.decodeAll()) });
    }
  }
  // The networks take as long for any wedge: one set of them, and few, is enough.
  const [dense] = sets;
  for (const name of bcaeNames) {
    const bcae = await openBcae(dense!, name, workers, absent);
    if (bcae === null) continue;
    closers.push(() => bcae.close());
    const wedges = dense!.wedges.slice(0, networkWedges);
    const about = {
      set: dense!.name,
      wedges: wedges.length,
      hits: wedges.reduce((sum, { digits }) => sum + digits.count, 0),
    };
    const inputs = wedges.map(({ digits }) => bcae.input(digits));
    const codes: Awaited<ReturnType<typeof bcae.encode>>[] = [];
    for (const input of inputs) codes.push(await bcae.encode(input));
    const encode = async (): Promise<void> => {
      for (const input of inputs) await bcae.encode(input);
    };
    const decode = async (): Promise<void> => {
      for (const code of codes) await bcae.decode(code);
    };
    contestants.push({ ...about, name: `${name.key} encode`, run: encode });
    contestants.push({ ...about, name: `${name.key} decode`, run: decode });
  }
  return {
    contestants,
    async close() {
      for (const closer of closers) await closer();
    },
  };
};
