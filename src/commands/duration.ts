/** Durations as people type them. Refuses what has no number, with the forms there are. */

import { Fault } from '../domain/fault.ts';

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `60s`, `5m`, `2h`, `1500ms` or plain seconds → ms. Throws `config-invalid`. */
export const durationMs = (text: string): number => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  if (match === null)
    throw new Fault('config-invalid', `'${text}' is not a duration: write 60s, 5m, 2h or 1500ms`);
  return Number(match[1]) * unitMs[(match[2] ?? 's') as keyof typeof unitMs];
};
