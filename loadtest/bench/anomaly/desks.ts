/**
 * Normal frames of an instrument with their scores, of hits or of objects alike, for parts that need very many. Refuses
 * mishaps: every frame is as the simulated detector made it.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lotOf } from '../../../src/anomaly/calibration/judge.ts';
import type { ScoredFrame } from '../../../src/anomaly/calibration/yardstick.ts';
import { parseObjectScoreTables } from '../../../src/anomaly/scores/object_tables.ts';
import { home, loadCards } from '../../../src/assemble.ts';
import { limits } from '../../../src/domain/limits.ts';
import { limited } from '../../../src/sim/mishaps/site.ts';
import { readLists } from '../../../src/sim/objects/lists.ts';
import { openObjectStream } from '../../../src/sim/objects/stream.ts';
import { type Apart, openFrameMaker } from './frames.ts';
import { openObjectScoring } from './objects_scoring.ts';
import { openScoring } from './scoring.ts';

export interface NormalFrame extends ScoredFrame {
  readonly timeFrame: number;
  readonly lot: number;
}

/** What makes and scores the frames of one instrument: opened once, so that all are scored by the same files. */
export interface Desk {
  readonly names: readonly string[];
  /** Events its frames are made of; null where they are mixed from several lists. */
  readonly events: number | null;
  /**
   * Frames of a split and run; what is drawn of a run is drawn of no other. Frames of objects share nothing, and need not be
   * taken apart.
   */
  frames(split: 'train' | 'test', run: number, count: number, apart?: Apart): AsyncGenerator<NormalFrame>;
  close(): Promise<void>;
}

const openHitsDesk = async (instrument: string): Promise<Desk> => {
  const maker = openFrameMaker(instrument, 'longest');
  const scoring = await openScoring(maker.cards);
  return {
    names: scoring.scorers.names,
    events: maker.eventCount,
    async *frames(split, run, count, apart) {
      let made = 0;
      for (const frame of maker.frames(run, split, Number.MAX_SAFE_INTEGER, apart)) {
        const { timeFrame, region } = frame;
        // Cut at the ADC's limit, as the detector does.
        const digits = limited(frame.digits, maker.adcMax);
        const scored = await scoring.score({ region, timeFrame, digits }, null);
        yield { ...scored, timeFrame, lot: lotOf(run, timeFrame, region) };
        made += 1;
        if (made === count) break;
      }
    },
    close: () => scoring.close(),
  };
};

const openObjectsDesk = async (instrument: string): Promise<Desk> => {
  const cards = loadCards(instrument);
  const { card } = cards;
  if (card.kind !== 'objects') throw new Error(`${instrument} has no objects`);
  const json = readFileSync(join(home, 'instruments/scores', `${card.id}.json`), 'utf8');
  const scoring = await openObjectScoring(cards, card, parseObjectScoreTables(json, card));
  const lists = readLists((name) => readFileSync(join(home, 'models/particles', `${name}.bin`)));
  const { names } = scoring;
  return {
    names,
    events: null,
    async *frames(split, run, count) {
      const stream = openObjectStream(card, lists, { seed: run, split });
      for (let from = 0; from < count; from += limits.jobFramesMax) {
        const size = Math.min(limits.jobFramesMax, count - from);
        const some = await scoring.score(size, (number) => stream.normal(from + number));
        for (let i = 0; i < size; i++)
          yield {
            hitCount: some.hitCounts[i]!,
            totalCharge: some.charges[i]!,
            scores: Float64Array.from(names, (name) => some.scores.get(name)![i]!),
            timeFrame: from + i,
            lot: lotOf(run, from + i, 0),
          };
      }
    },
    close: () => scoring.close(),
  };
};

export const openDesk = (instrument: string): Promise<Desk> =>
  loadCards(instrument).card.kind === 'objects' ? openObjectsDesk(instrument) : openHitsDesk(instrument);
