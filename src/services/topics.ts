/**
 * The topics of one instrument: their names and their limits, derived from its card. It refuses to invent a
 * size: a limit follows from the largest frame the instrument can make.
 */

import type { InstrumentCard } from '../domain/instrument.ts';
import { frameBytesMax } from '../domain/limits.ts';
import type { TopicSpec } from '../ports/bus.ts';

export const topicsOf = (instrumentId: string) => ({
  frames: `${instrumentId}_frames`,
  tokens: `${instrumentId}_tokens`,
  anomalies: `${instrumentId}_anomalies`,
  refused: `${instrumentId}_refused`,
  status: `${instrumentId}_status`,
  trends: `${instrumentId}_trends`,
  alarms: `${instrumentId}_alarms`,
  alarmState: `${instrumentId}_alarm_state`,
  alerts: `${instrumentId}_alerts`,
  alertState: `${instrumentId}_alert_state`,
  commands: `${instrumentId}_commands`,
  responses: `${instrumentId}_responses`,
  policy: `${instrumentId}_policy`,
  partials: `${instrumentId}_partials`,
  written: `${instrumentId}_written`,
  runs: `${instrumentId}_runs`,
  runAnswers: `${instrumentId}_run_answers`,
  assembly: `${instrumentId}_assembly`,
  dqm: `${instrumentId}_dqm`,
});
export type Topics = ReturnType<typeof topicsOf>;

/** Kafka's record overhead, headers and keys beside a message's value. */
const recordOverheadBytes = 16 * 1024;

/** The largest value the topics of frames, packets and refusals take. */
export const packetBytesMax = (card: InstrumentCard): number => frameBytesMax(card) + recordOverheadBytes;

/**
 * @param retentionBytes kept over all partitions of the frames topic; the others derive their share from it
 */
export const topicSpecs = (
  card: InstrumentCard,
  partitions: number,
  retentionBytes: number,
): readonly TopicSpec[] => {
  const topics = topicsOf(card.id);
  const frameMessageBytesMax = packetBytesMax(card);
  const small = 1024 * 1024;
  const perPartition = (share: number): number =>
    Math.max(small, Math.floor((retentionBytes * share) / partitions));
  const control = {
    partitions: 1,
    messageBytesMax: small,
    retentionBytes: Math.max(small, retentionBytes / 32),
  };
  return [
    {
      name: topics.frames,
      partitions,
      messageBytesMax: frameMessageBytesMax,
      retentionBytes: perPartition(1),
    },
    {
      name: topics.tokens,
      partitions,
      messageBytesMax: frameMessageBytesMax,
      retentionBytes: perPartition(1),
    },
    {
      name: topics.refused,
      partitions,
      messageBytesMax: frameMessageBytesMax,
      retentionBytes: perPartition(1 / 4),
    },
    { name: topics.anomalies, partitions, messageBytesMax: small, retentionBytes: perPartition(1 / 8) },
    {
      name: topics.partials,
      partitions,
      // A packet as large as they come, alone in its part, with all that a partial event says beside.
      messageBytesMax: frameMessageBytesMax + small,
      retentionBytes: perPartition(1),
    },
    // A whole state at its bounds, with masks of some hundred regions; small segments, so that compaction keeps up.
    {
      name: topics.assembly,
      partitions,
      messageBytesMax: 4 * small,
      retentionBytes: 32 * small,
      compacted: true,
    },
    // A monitor's objects of each cycle: the largest are some 100 kB.
    { name: topics.dqm, ...control, retentionBytes: Math.max(small, Math.floor(retentionBytes / 8)) },
    { name: topics.written, ...control },
    { name: topics.runs, ...control },
    { name: topics.runAnswers, ...control },
    { name: topics.status, ...control },
    { name: topics.trends, ...control },
    { name: topics.alarms, ...control },
    { name: topics.alarmState, ...control, compacted: true },
    { name: topics.alerts, ...control },
    { name: topics.alertState, ...control, compacted: true },
    { name: topics.commands, ...control },
    { name: topics.responses, ...control },
    // Snapshots are told apart by version, so a replay under the recorded policy finds each one again.
    { name: topics.policy, ...control },
  ];
};
