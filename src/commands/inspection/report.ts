/**
 * The part of an inspection that compares: each packet meets its raw frame by identity, and what its rungs lost
 * is printed. It refuses to hold frames: they are judged as they come by.
 */

import { Fault } from '../../domain/fault.ts';
import type { FrameIdentity } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { Packet } from '../../domain/packet.ts';
import { openFrame } from '../../wire/frame.ts';
import { alignedLines, grouped, jsonLine, type Output } from '../output.ts';
import type { Judge, Judged, JudgedLadder, RungTotals } from './judge.ts';
import type { FoundMessage } from './source.ts';
import { identifierOf } from './told.ts';

const keyOf = ({ sourceName, run, timeFrame, messageId }: FrameIdentity): string =>
  `${sourceName}\n${run}\n${timeFrame}\n${messageId}`;

/** A packet that waits for its frame. */
export interface Waiting {
  readonly place: string;
  readonly packet: Packet;
}

/** The frame's identity, or null when it is not one of this instrument's that opens. */
const frameKey = (bytes: Uint8Array, card: InstrumentCard): string | null => {
  if (identifierOf(bytes) !== 'tf00') return null;
  try {
    return keyOf(openFrame(bytes, card).identity);
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
};

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
/** `exact`, or how far up the ladder goes: `occupancy`, `3 planes`; `differs` whatever it has. */
const ladderInWords = (ladder: JudgedLadder | null): string => {
  if (ladder === null) return '–';
  if (ladder.truth !== 'sound') return ladder.truth;
  return ladder.planes === 0 ? 'occupancy' : `${ladder.planes} planes`;
};
const judgedRow = ({ place, packet }: Waiting, judged: Judged | null): string[] => {
  const { run, timeFrame, sourceName } = packet.identity;
  const head = [place, String(run), String(timeFrame), sourceName, grouped(packet.hitCount)];
  if (judged === null) return [...head, 'no raw frame', '', '', '', ''];
  if (judged.fault !== null) return [...head, judged.fault.message, '', '', '', ''];
  const { ladder, tokens } = judged;
  if (tokens === null) return [...head, ladderInWords(ladder), '–', '–', '–', '–'];
  return [
    ...head,
    ladderInWords(ladder),
    tokens.logMae.toFixed(4),
    percent(tokens.precision),
    percent(tokens.recall),
    tokens.chargeRatio.toFixed(3),
  ];
};
const judgedHeading = [
  'at',
  'run',
  'time frame',
  'source',
  'hits',
  'ladder',
  'log-MAE',
  'precision',
  'recall',
  'charge',
];
const judgedRight = [true, true, true, false, true, false, true, true, true, true];

/** Reads frames until every waiting packet has met its own; null where none came by. */
const meetFrames = async (
  judge: Judge,
  waiting: readonly Waiting[],
  frames: AsyncIterable<FoundMessage>,
  card: InstrumentCard,
): Promise<(Judged | null)[]> => {
  const places = new Map(waiting.map(({ packet }, index) => [keyOf(packet.identity), index]));
  const judged: (Judged | null)[] = waiting.map(() => null);
  for await (const { value } of frames) {
    const key = frameKey(value, card);
    const index = key === null ? undefined : places.get(key);
    if (key === null || index === undefined) continue;
    places.delete(key);
    judged[index] = await judge.judge(waiting[index]!.packet, value);
    if (places.size === 0) break;
  }
  return judged;
};

const rungInWords = (name: string, { packets, logMae, precision, recall, chargeRatio }: RungTotals): string =>
  `${name} of ${packets} packets: log-MAE ${logMae.toFixed(4)} over all voxels, precision ` +
  `${percent(precision)}, recall ${percent(recall)}, charge ratio ${chargeRatio.toFixed(3)}`;

const printJudged = (
  output: Output,
  json: boolean,
  waiting: readonly Waiting[],
  judged: readonly (Judged | null)[],
  judge: Judge,
): void => {
  const missing = judged.filter((one) => one === null).length;
  const { totals } = judge;
  if (json) {
    waiting.forEach(({ place, packet }, i) => {
      const one = judged[i]!;
      const fault = one?.fault ?? null;
      output.print(
        jsonLine({
          at: place,
          kind: 'fidelity',
          identity: packet.identity,
          found: one !== null,
          ...one,
          fault: fault && { code: fault.code, detail: fault.detail },
        }),
      );
    });
    output.print(jsonLine({ kind: 'fidelity-total', withoutFrame: missing, ...totals }));
    return;
  }
  const rows = [judgedHeading, ...waiting.map((one, i) => judgedRow(one, judged[i]!))];
  output.print('');
  for (const line of alignedLines(rows, judgedRight)) output.print(line);
  output.print('');
  output.print(
    `lossless: ${totals.exact} exact, ${totals.differing} differ; ${totals.sound} end before the remainder; ` +
      `${totals.faults} cannot be decoded, ${missing} without their raw frame`,
  );
  totals.planes.forEach((rung, planes) => {
    output.print(rungInWords(planes === 0 ? 'occupancy alone' : `planes up to ${planes}`, rung));
  });
  if (totals.tokens !== null) output.print(rungInWords('tokens', totals.tokens));
};

/** Exit code 0; 1 when a packet differs from its frame or cannot be decoded. */
export const reportFidelity = async (
  parts: { readonly card: InstrumentCard; readonly output: Output; readonly judge: Judge },
  waiting: readonly Waiting[],
  frames: AsyncIterable<FoundMessage>,
  json: boolean,
): Promise<number> => {
  const { card, output, judge } = parts;
  const judged = await meetFrames(judge, waiting, frames, card);
  printJudged(output, json, waiting, judged, judge);
  return judge.totals.differing + judge.totals.faults > 0 ? 1 : 0;
};
