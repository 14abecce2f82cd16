/**
 * Who takes part: the ladder's rungs with every token model there is, and the rivals that are there. Refuses to stand
 * in for what is absent: it is named, and no figure is made up for it.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cards, home } from '../../../src/assemble.ts';
import type { ModelCard } from '../../../src/domain/model.ts';
import type { Lane } from '../../../src/ports/lane.ts';
import { parseModelCard } from '../../../src/wire/card.ts';
import { bcaeNames, bcaeRung, isWorthJudging, openBcae } from './bcae.ts';
import type { Contender } from './judge.ts';
import { everyRung, openBenchLane, packetsOf, tokensOnly, workers } from './packets.ts';
import { dequantisedRungs, ladderRung, ladderRungs, openLadder, tokensRung } from './rungs.ts';
import type { TestSet } from './sets.ts';
import { noiseAgain } from './yardsticks.ts';

/** Token models by the ratio they were made for. */
const tokenModels = [
  { key: 'tokens31', name: 'tpc-fsq-31' },
  { key: 'tokens62', name: 'tpc-fsq-62' },
  { key: 'tokens100', name: 'tpc-fsq-100' },
  { key: 'tokens200', name: 'tpc-fsq-200' },
] as const;

const modelOf = (name: string): { model: ModelCard; modelFolder: string } | null => {
  const modelFolder = join(home, 'models', name, '1');
  const path = join(modelFolder, 'card.json');
  return existsSync(path) ? { model: parseModelCard(readFileSync(path, 'utf8')), modelFolder } : null;
};

/** Cards of a set's instrument with each token model that is there; what is not is told to `absent`. */
export const tokenCards = (
  cards: Cards,
  absent: (what: string) => void,
): readonly { readonly key: string; readonly cards: Cards }[] =>
  tokenModels.flatMap(({ key, name }) => {
    const found = modelOf(name);
    if (found === null) absent(`models/${name}/1`);
    return found === null ? [] : [{ key, cards: { ...cards, ...found } }];
  });

/** Cards with the model whose tokens ride with planes: the 100× one, or the instrument's own where it is not there. */
export const ridingCards = (cards: Cards, absent: (what: string) => void): Cards =>
  tokenCards(cards, absent).find(({ key }) => key === 'tokens100')?.cards ?? cards;

/** What a lane made of a set, under a policy. */
const withLane = async <Answer>(cards: Cards, act: (lane: Lane) => Promise<Answer>): Promise<Answer> => {
  const lane = await openBenchLane(cards);
  try {
    return await act(lane);
  } finally {
    await lane.close();
  }
};

/** Every contender of a set, opened; the caller closes each. */
export const openContenders = async (
  set: TestSet,
  absent: (what: string) => void,
): Promise<readonly Contender[]> => {
  const frames = set.wedges.map(({ frame }) => frame);
  const contenders: Contender[] = [noiseAgain(set)];
  for (const { key, cards } of tokenCards(set.cards, absent)) {
    const packets = await withLane(cards, (lane) => packetsOf(lane, frames, tokensOnly));
    contenders.push(await tokensRung(key, cards, packets));
  }
  const riding = ridingCards(set.cards, absent);
  const packets = await withLane(riding, (lane) => packetsOf(lane, frames, everyRung));
  const ladder = openLadder(riding, packets);
  const { planes } = ladder.tables.scale;
  const rider = `tokens of ${riding.model.name}`;
  contenders.push(
    ...ladderRungs(ladder),
    ladderRung('packet', `${rider} and ${planes} planes`, ladder, { tokens: true, planes, remainder: false }),
    ladderRung('whole', `${rider} and lossless`, ladder, { tokens: true, planes, remainder: true }),
    ...(await dequantisedRungs(ladder, absent)),
  );
  for (const name of bcaeNames) {
    const bcae = await openBcae(set, name, workers, absent);
    if (bcae === null) continue;
    if (isWorthJudging(bcae)) contenders.push(bcaeRung(set, bcae));
    else {
      absent(`${name.title} trained for more than ${Math.round(bcae.cpuMinutes)} CPU minutes`);
      await bcae.close();
    }
  }
  return contenders;
};
