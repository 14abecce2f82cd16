/**
 * MonitorObjects as readers ask for them: of a region or of all, of a span of the present run or of a version that was kept, beside
 * what they are compared with. Refuses nothing: what is not there is null.
 */

import type { ObjectShown, Span } from '../../dqm/board.ts';
import type { PacketLayout } from '../../dqm/cycles/packets.ts';
import type { Spans } from '../../dqm/cycles/spans.ts';
import type { Watch } from '../../dqm/cycles/watch.ts';
import { binsIn, objectShown, type ShownPlan } from '../../dqm/shown/objects.ts';
import type { RunMemory } from './kept/run_memory.ts';

export interface ObjectViews {
  readonly tree: readonly { readonly region: string; readonly objects: readonly string[] }[];
  show(region: string, name: string, span: Span, version?: number): ObjectShown | null;
}

export const openObjectViews = (parts: {
  readonly regions: readonly string[];
  readonly plans: readonly ShownPlan[];
  readonly packets: PacketLayout;
  readonly watch: Watch;
  readonly memory: RunMemory;
  readonly spans: () => Spans;
}): ObjectViews => {
  const { regions, plans, packets, watch, memory, spans } = parts;
  const referenceOf = (wanted: readonly number[], plan: ShownPlan): Float64Array | null => {
    const all = wanted.map((one) => watch.combined(one));
    return all.some((one) => one === null) ? null : binsIn(plan, all as Float64Array[]);
  };
  return {
    get tree() {
      const objects = plans.map(({ name }) => name);
      return ['all', ...regions].map((region) => ({ region, objects }));
    },
    show(region, name, span, version) {
      const index = regions.indexOf(region);
      const plan = plans.find((one) => one.name === name);
      if (plan === undefined || (index < 0 && region !== 'all')) return null;
      const wanted = index < 0 ? [...regions.keys()] : [index];
      const of = spans().of(span);
      const found =
        version === undefined
          ? wanted.map((one) => ({
              ...{ values: of.values[one]!, frames: of.frames[one]! },
              ...{ fromMs: of.fromMs, untilMs: of.untilMs },
            }))
          : memory.versions(version, wanted);
      if (found === null) return null;
      const { fromMs, untilMs } = found[0]!;
      const frames = found.reduce((sum, one) => sum + one.frames, 0);
      const values = binsIn(
        plan,
        found.map((one) => one.values),
      );
      const shownPlan = name === 'scores' ? { ...plan, title: scoresTitle(packets.scoreNames) } : plan;
      return objectShown(
        region,
        shownPlan,
        { span, fromMs, untilMs, frames },
        values,
        referenceOf(wanted, plan),
        watch.spread(name),
      );
    },
  };
};

const scoresTitle = (names: readonly string[]): string =>
  `Scores of frames, in half octaves from 0: ${names.map((name, i) => `${i} ${name}`).join(', ')}`;
