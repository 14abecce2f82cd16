/**
 * `tessera bench anomaly`, part objects: what share of four signals the scores of trigger objects find at the rates of a
 * trigger, thresholds from normal events nobody trained on, beside scalar sums of pT and MET. Refuses to choose: each
 * score and each combination is a row, whatever it gives.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseObjectScoreTables } from '../../../src/anomaly/scores/object_tables.ts';
import { home, loadCards } from '../../../src/assemble.ts';
import { readLists } from '../../../src/sim/objects/lists.ts';
import { openObjectStream, signals } from '../../../src/sim/objects/stream.ts';
import { say } from '../../drive.ts';
import { openResampling, sourcesBeyond } from './clustered.ts';
import { rarityOf, thresholdOf, wilson } from './nulls.ts';
import { combinations, openObjectScoring, type ScoredEvents } from './objects_scoring.ts';
import type { Part, PartQuestion, PartResult, Row } from './part.ts';
import { spearman } from './ranks.ts';

const rates = [1e-3, 1e-4] as const;
const titles: Readonly<Record<(typeof signals)[number], string>> = {
  a4l: 'A → 4ℓ (50 GeV)',
  lq: 'LQ → bτ (80 GeV)',
  h0: 'h⁰ → ττ (60 GeV)',
  hc: 'h± → τν (60 GeV)',
};

/** Of scores: whatever is finer does not matter. */
const tailScaleMin = 1e-3;

const counts = (quick: boolean) =>
  quick
    ? { reference: 10_000, normal: 20_000, signal: 1_000, timed: 5_000 }
    : { reference: 100_000, normal: 400_000, signal: 10_000, timed: 20_000 };

/** Adds what is made of several scores: mean rarity, on the scale −log10 of a share of reference events. */
const withCombinations = (reference: ScoredEvents) => {
  const zeros = new Array<number>(reference.count).fill(0);
  const rarities = new Map(
    [...reference.scores].map(([name, values]) => [name, rarityOf(zeros, [...values], tailScaleMin)]),
  );
  return ({ count, scores }: ScoredEvents): Map<string, Float64Array> => {
    const all = new Map(scores);
    for (const [name, parts] of Object.entries(combinations)) {
      const sum = new Float64Array(count);
      for (const part of parts) {
        const [rarity, values] = [rarities.get(part)!, scores.get(part)!];
        for (let i = 0; i < count; i++) sum[i]! += rarity(0, values[i]!) / parts.length;
      }
      all.set(name, sum);
    }
    return all;
  };
};

const measure = async ({ quick, seed }: PartQuestion): Promise<PartResult> => {
  const cards = loadCards('l1-objects');
  const { card } = cards;
  if (card.kind !== 'objects') throw new Error('l1-objects became another kind');
  const tables = parseObjectScoreTables(
    readFileSync(join(home, 'instruments/scores/l1-objects.json'), 'utf8'),
    card,
  );
  const lists = readLists((name) => readFileSync(join(home, 'models/particles', `${name}.bin`)));
  const scoring = await openObjectScoring(cards, card, tables);
  const size = counts(quick);
  const known = openObjectStream(card, lists, { seed: seed + 1, split: 'train' });
  const unseen = openObjectStream(card, lists, { seed, split: 'test' });
  say(`objects: ${size.reference} events of the training split to combine scores by`);
  const combine = withCombinations(await scoring.score(size.reference, (n) => known.normal(n)));
  say(`objects: ${size.normal} unseen normal events`);
  const scored = await scoring.score(size.normal, (n) => unseen.normal(n));
  const normal = combine(scored);
  const rows: Row[] = [];
  const ratios: Record<string, number | null> = {};
  const cuts = new Map(
    [...normal].map(([name, values]) => [name, rates.map((r) => thresholdOf([...values], r))]),
  );
  const { sources } = scored;
  const resampled = new Map(
    [...normal].map(([name, values]) => [name, openResampling({ values, sources }, rates, seed)]),
  );
  for (const signal of signals) {
    say(`objects: ${signal}`);
    const events = await scoring.score(size.signal, (n) => unseen.of(signal, n));
    const sourceCount = new Set(events.sources).size;
    for (const [name, values] of combine(events)) {
      const intervals = resampled.get(name)!({ values, sources: events.sources });
      rates.forEach((rate, at) => {
        const cut = cuts.get(name)![at]!;
        const found = values.reduce((sum, value) => sum + (value > cut ? 1 : 0), 0);
        // What is found of few sources, or of none, has no spread to resample.
        const few = wilson((found / size.signal) * sourceCount, sourceCount);
        const low = Math.min(few.low, intervals[at]!.low);
        const high = Math.max(few.high, intervals[at]!.high);
        rows.push({
          part: 'objects',
          signal: titles[signal],
          score: name,
          rate,
          efficiency: found / size.signal,
          low,
          high,
          'pre-selected share': size.signal / events.tries,
        });
        ratios[`objects_${signal}_${name.replaceAll(/\W+/g, '_')}_${rate.toExponential()}`] =
          found / size.signal;
      });
    }
  }
  const [ht, total] = [normal.get('HT')!, normal.get('sum pT')!];
  for (const [name, values] of normal) {
    const [withHt, withTotal] = [spearman(values, ht), spearman(values, total)];
    const beyond = rates.map((_, at) => sourcesBeyond({ values, sources }, cuts.get(name)![at]!));
    rows.push({
      part: 'objects',
      score: name,
      'ρ with HT': withHt,
      'ρ with sum pT': withTotal,
      'normal PYTHIA events beyond 1e-3': beyond[0]!,
      'beyond 1e-4': beyond[1]!,
    });
    ratios[`objects_spearman_ht_${name.replaceAll(/\W+/g, '_')}`] = Math.abs(withHt);
  }
  const cost = await scoring.cost(size.timed, (n) => unseen.normal(n));
  rows.push({ part: 'objects', score: 'cost', ...cost.row });
  ratios.objects_score_over_tokenizer = cost.share;
  await scoring.close();
  return {
    rows,
    ratios,
    note:
      `Objects: thresholds from ${size.normal} unseen normal events (half of them crossings as they come, half ` +
      'pre-selected W, QCD, Z and top), efficiencies over pre-selected signal events. ' +
      'Events are drawn again and again from PYTHIA lists, with other pile-up each time: intervals (95 %) resample ' +
      'PYTHIA events, of normal and signal events alike.',
    plots: [
      {
        title: 'Objects: efficiency at a rate of 1e-3',
        x: { title: 'signal', from: 0, to: signals.length + 1 },
        y: { title: 'efficiency', from: 0, to: 1 },
        curves: [...cuts.keys()].map((name) => ({
          name,
          points: signals.map((signal, i) => {
            const row = rows.find(
              (one) => one.signal === titles[signal] && one.score === name && one.rate === 1e-3,
            )!;
            return { x: i + 1, y: Number(row.efficiency), low: Number(row.low), high: Number(row.high) };
          }),
        })),
      },
    ],
  };
};

export const objects: Part = {
  name: 'objects',
  title: 'Trigger objects: signals found at a trigger’s rates',
  measure,
};
