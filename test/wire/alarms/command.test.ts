/** Commands about alarms and their answers: there and back, and whatever else may lie on the topic. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/domain/limits.ts';
import {
  type Command,
  encodeAnswer,
  encodeCommand,
  isRateCommand,
  readAnswer,
  readCommand,
} from '../../../src/wire/alarms/command.ts';

const bytes = (json: unknown): Uint8Array => Buffer.from(JSON.stringify(json));
const name = fc.string({ minLength: 1, maxLength: limits.alarmNameCharsMax });
const said = { cause: name, who: name, why: fc.string({ minLength: 1, maxLength: 200 }) };
const commands: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ command: fc.constantFrom('acknowledge' as const, 'unshelve' as const), ...said }),
  fc.record({ command: fc.constant('shelve' as const), ...said, untilMs: fc.nat(4e12) }),
  fc.record(
    {
      command: fc.constant('hold-rate' as const),
      pValue: fc.double({ min: 0, minExcluded: true, max: 1, noNaN: true }),
      who: name,
      why: said.why,
    },
    { requiredKeys: ['command', 'who', 'why'] },
  ),
  fc.record({ command: fc.constant('release-rate' as const), who: name, why: said.why }),
);

describe('commands', () => {
  it('come back as they were sent, with the name to answer under', () => {
    fc.assert(
      fc.property(commands, fc.option(name), (asked, messageId) => {
        expect(readCommand(encodeCommand(messageId, asked))).toEqual({ messageId, asked });
      }),
    );
  });

  it('are never thrown at anybody, whatever the bytes are', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map((json) => Buffer.from(json)),
      fc.record({ msg_id: fc.anything(), command: fc.anything(), until: fc.anything() }).map((one) => {
        try {
          return bytes(one);
        } catch {
          return bytes({});
        }
      }),
    );
    fc.assert(
      fc.property(anything, (raw) => {
        const { asked } = readCommand(raw);
        if ('fault' in asked) expect(asked.fault.length).toBeLessThan(1000);
      }),
    );
  });

  it('say what is wrong with them, to who asks', () => {
    const fault = (json: unknown) => readCommand(bytes(json));
    expect(
      fault({ msg_id: 'm', command: 'shelve', cause: 'lag', who: 'a', why: 'b', until: 'later' }),
    ).toEqual({
      messageId: 'm',
      asked: { fault: 'shelve: until: an instant as 2026-05-04T03:02:01Z' },
    });
    expect(fault({ msg_id: 'm', command: 'open' }).asked).toEqual({
      fault:
        'no command "open"; there are acknowledge, unshelve, shelve, fire-drill, retract, hold-rate, release-rate',
    });
    const held = fault({ msg_id: 'm', command: 'hold-rate', p_value: 7, who: 'a' }).asked;
    expect(held).toMatchObject({ fault: expect.stringMatching(/^hold-rate: p_value: .*; why: /) });
    expect(isRateCommand(held)).toBe(false);
    expect(fault([1]).asked).toMatchObject({ fault: expect.stringContaining('a JSON object') });
    expect(fault({ command: 'shelve', cause: 'x'.repeat(5000) }).asked).toMatchObject({
      fault: expect.stringContaining(`${limits.commandBytesMax} at most`),
    });
  });

  it('are answered ACK, or ERR with a reason, as the neutron facilities read it', () => {
    const told = (fault: string | null): unknown =>
      JSON.parse(Buffer.from(encodeAnswer({ messageId: 'm', fault })).toString());
    expect(told(null)).toEqual({ msg_id: 'm', response: 'ACK' });
    expect(told('no')).toEqual({ msg_id: 'm', response: 'ERR', message: 'no' });
    for (const fault of [null, 'no']) {
      const answer = { messageId: 'm', fault };
      expect(readAnswer(encodeAnswer(answer))).toEqual(answer);
    }
    expect(readAnswer(bytes({ msg_id: 'm' }))).toBeNull();
    expect(readAnswer(Buffer.from('{'))).toBeNull();
  });
});
