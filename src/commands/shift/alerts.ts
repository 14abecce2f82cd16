/**
 * `tessera alerts`: what the world was told of bursts, as a table or as it was published, and as it comes with
 * `--follow`. It refuses to change anything: commands go the way of those about alarms.
 */

import { limits } from '../../domain/limits.ts';
import type { Bus } from '../../ports/bus.ts';
import { readAlert } from '../../wire/alerts/message.ts';
import { alertTellers } from '../inspection/alert_words.ts';
import { alignedLines, type Output } from '../output.ts';

export interface AlertsQuestion {
  readonly bus: Bus;
  readonly topic: string;
  readonly output: Output;
  /** Every message as it was published, heartbeats too; else notices in words. */
  readonly json: boolean;
  /** What comes from now on, until the signal; else what is on the topic. */
  readonly follow: AbortSignal | null;
}

/** Exit code 0; 1 when nothing was ever told. */
export const listAlerts = async ({ bus, topic, output, json, follow }: AlertsQuestion): Promise<number> => {
  const records = bus.read({
    topic,
    from: follow === null ? { at: 'beginning' } : { at: 'end' },
    untilEnd: follow === null,
    bufferBytesMax: limits.controlBufferBytesMax,
    ...(follow === null ? {} : { signal: follow }),
  });
  let rows: string[][] = [];
  let count = 0;
  const flush = (): void => {
    for (const line of alignedLines(rows, rows[0]?.map((_, i) => i === 4) ?? [])) output.print(line);
    rows = [];
  };
  for await (const { value } of records) {
    if (json) {
      count += 1;
      output.print(new TextDecoder().decode(value));
      continue;
    }
    // A notice is told once in GCN's form and three times in SNEWS's.
    if (readAlert(value)?.form !== 'gcn') continue;
    count += 1;
    const [at, , kind, meant, id, record, text] = alertTellers.alert(value).row;
    rows.push([at!, kind!, meant!, id!, record!, text!]);
    if (follow !== null || rows.length >= limits.alertsKept) flush();
  }
  flush();
  if (count > 0 || follow !== null) return 0;
  output.note(`no alert on ${topic}: a running processor watches for bursts`);
  return 1;
};
