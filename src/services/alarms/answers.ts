/** The answer to a person's command as a record. Refuses to answer what nobody waits for: that has no message id. */

import type { OutputRecord } from '../../ports/bus.ts';
import { type Answer, encodeAnswer } from '../../wire/alarms/command.ts';
import type { Topics } from '../topics.ts';

export const answerRecord = (topics: Topics, answer: Answer): OutputRecord => ({
  topic: topics.responses,
  key: Buffer.from(answer.messageId),
  value: encodeAnswer(answer),
});
