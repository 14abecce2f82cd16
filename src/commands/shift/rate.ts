/**
 * `tessera rate`: what share of frames is to be kept as rare, what is, at which threshold, and who holds it. It refuses
 * to change anything: commands go the way of those about alarms, and the calibrator obeys them.
 */

import { lastingRate } from '../../anomaly/control/controller.ts';
import { firstPolicy } from '../../anomaly/fidelity.ts';
import type { ControlState, PolicySnapshot } from '../../domain/policy.ts';
import { followPolicy } from '../../services/policy.ts';
import { budgetRows } from '../inspection/service_words.ts';
import { alignedLines, jsonLine, type Output } from '../output.ts';
import { type AlarmsParts, instant } from './alarms.ts';

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
const threshold = (pValue: number): string => `p < ${Number(pValue.toPrecision(3))}`;

const heldWords = ({ held, heldBy }: ControlState): string => {
  if (held === null) return 'by nobody';
  if (heldBy === undefined) return `at ${threshold(held)}`;
  const { who, why, atMs } = heldBy;
  return `at ${threshold(held)} since ${instant(atMs)} by ${who}: ${why}`;
};

const print = (policy: PolicySnapshot, output: Output): void => {
  const { rarePValue, control } = policy;
  const rows =
    control === undefined
      ? [
          ['target', 'none: the threshold is as it was set (--rare-target holds a rate)'],
          ['threshold', threshold(rarePValue)],
        ]
      : [
          ['target', percent(control.target)],
          ['threshold', threshold(rarePValue)],
          [
            'rate',
            `${percent(lastingRate(control))} of late, ${percent(control.passRate)} in the last chunk`,
          ],
          ['held', heldWords(control)],
        ];
  for (const line of alignedLines([...rows, ...budgetRows(policy)], [false, false])) output.print(line);
};

/** Exit code 0; 1 when nobody has calibrated here. */
export const showRate = async (parts: AlarmsParts, json: boolean): Promise<number> => {
  const { bus, topics, log, output } = parts;
  const none = firstPolicy();
  const policies = await followPolicy(bus, topics.policy, none, log);
  const { current } = policies;
  await policies.stop();
  if (current === none) {
    output.note(`no policy is on ${topics.policy} yet: a running processor makes it`);
    return 1;
  }
  const { version, rarePValue, control, budget, grades, spare } = current;
  const rate = control && {
    target: control.target,
    lately: lastingRate(control),
    lastChunk: control.passRate,
    held: control.held,
    heldBy: control.heldBy ?? null,
  };
  const bytes = budget && {
    budget: budget.bytesPerSecond,
    spent: budget.spentPerSecond,
    fixed: budget.fixedPerSecond,
    level: budget.level,
    grades: grades ?? null,
    spare: spare ?? null,
  };
  if (json) output.print(jsonLine({ version, rarePValue, rate: rate ?? null, bytes: bytes ?? null }));
  else print(current, output);
  return 0;
};
