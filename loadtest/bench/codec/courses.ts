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
import type { SetWedge, TestSet } from './sets.ts';

/** Wedges a network codes in one round, and decodes, which takes many times as long: about a second of work each. */
const networkWedges = { encode: 24, decode: 4 } as const;

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
    const about = (wedges: readonly SetWedge[]) => ({
      set: dense!.name,
      wedges: wedges.length,
      hits: wedges.reduce((sum, { digits }) => sum + digits.count, 0),
    });
    const coded = dense!.wedges.slice(0, networkWedges.encode);
    const decoded = dense!.wedges.slice(0, networkWedges.decode);
    const inputs = coded.map(({ digits }) => bcae.input(digits));
    const codes: Awaited<ReturnType<typeof bcae.encode>>[] = [];
    for (const input of inputs.slice(0, decoded.length)) codes.push(await bcae.encode(input));
    const encode = async (): Promise<void> => {
      for (const input of inputs) await bcae.encode(input);
    };
    const decode = async (): Promise<void> => {
      for (const code of codes) await bcae.decode(code);
    };
    contestants.push({ ...about(coded), name: `${name.key} encode`, run: encode });
    contestants.push({ ...about(decoded), name: `${name.key} decode`, run: decode });
  }
  return {
    contestants,
    async close() {
      for (const closer of closers) await closer();
    },
  };
};
