/**
 * Alerts in both published forms: what is written is read, and, where the Python of the outside clients has them, against
 * SNEWS's own schemas. Skipped, and said, without them.
 */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Alert, Notice } from '../../../src/domain/burst.ts';
import { Fault } from '../../../src/domain/fault.ts';
import { encodeAlertHeartbeat, encodeNotice, readAlert } from '../../../src/wire/alerts/message.ts';
import { nanosecondInstant } from '../../../src/wire/alerts/snews.ts';
import { type AlertState, decodeAlertState, encodeAlertState } from '../../../src/wire/alerts/state.ts';

const root = join(import.meta.dirname, '../../..');
const python = process.env.TESSERA_TEST_PYTHON ?? join(root, '.tessera', 'python', 'bin', 'python');

const firstMs = Date.UTC(2026, 4, 4, 3, 2, 1) + 0.25;
const alert: Alert = {
  id: 'burst-20260504T030201000Z',
  record: 1,
  burst: {
    firstMs,
    lastMs: firstMs + 9500.5,
    weight: 20,
    expected: 1,
    windowMs: 10_000,
    windowWeight: 20,
    threshold: 9,
    falseAlarmsPerSecond: 1e-15,
    pValue: 1e-12,
    backgroundPerSecond: 0.1,
    instantsMs: Array.from({ length: 20 }, (_, i) => firstMs + 500 * i),
  },
  phase: 'open',
  drill: false,
};
const notice = (kind: Notice['kind'], record: number, drill = false): Notice => ({
  kind,
  alert: { ...alert, record, drill },
  atMs: firstMs + 12_000,
  text: 'twenty of them',
});
const sender = { detectorName: 'sphenix-tpc-pp', mode: 'real' } as const;
const everything = [
  ...encodeNotice(sender, notice('initial', 1)),
  ...encodeNotice({ ...sender, mode: 'test' }, notice('update', 2)),
  ...encodeNotice(sender, notice('retraction', 3)),
  ...encodeNotice(sender, notice('initial', 1, true)),
  encodeAlertHeartbeat(sender, true, firstMs),
  ...encodeNotice({ ...sender, mode: 'test' }, notice('retraction', 3)),
  encodeAlertHeartbeat({ ...sender, mode: 'test' }, false, firstMs),
];

describe('alerts on the wire', () => {
  it('are read in the form they were written', () => {
    for (const { form, value } of everything) expect(readAlert(value)?.form).toBe(form);
    const [gcn, coincidence, significance, timing] = everything.map(({ value }) => readAlert(value)!.message);
    expect(gcn).toMatchObject({
      alert_type: 'initial',
      alert_tense: 'current',
      alert_datetime: '2026-05-04T03:02:13.000250Z',
      trigger_time: '2026-05-04T03:02:01.000250Z',
      far: 1e-15,
      n_events: 20,
    });
    expect(coincidence).toMatchObject({ neutrino_time_utc: '2026-05-04T03:02:01.000250000Z', p_val: 1e-12 });
    expect(significance).toMatchObject({ t_bin_width_sec: 1 });
    // Two a second, where a tenth is usual.
    expect((significance as { p_values: number[] }).p_values).toHaveLength(10);
    expect((significance as { p_values: number[] }).p_values[0]).toBeCloseTo(1 - 1.1 * Math.exp(-0.1), 9);
    const series = (timing as { timing_series: number[] }).timing_series;
    expect(series).toEqual(Array.from({ length: 20 }, (_, i) => 500_000_000 * i));
  });

  it('say who is not meant', () => {
    const flags = everything.flatMap(({ value }) => {
      const { form, message } = readAlert(value)!;
      return form === 'gcn' ? [message.alert_tense] : [`${message.is_test} ${message.is_firedrill}`];
    });
    expect(flags.slice(0, 2)).toEqual(['current', 'false false']);
    expect(flags.slice(4, 6)).toEqual(['test', 'true false']);
    expect(flags.slice(12, 14)).toEqual(['test', 'false true']);
  });

  it('are never mistaken for what they are not', () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    for (const one of ['', '[]', '{"tier":"Heartbeat"}', '{"alert_type":"initial"}', '\u0000']) {
      expect(readAlert(bytes(one))).toBeNull();
    }
    expect(readAlert(Uint8Array.of(0xff, 0xfe))).toBeNull();
    expect(nanosecondInstant(0)).toBe('1970-01-01T00:00:00.000000000Z');
  });
});

describe('the state of alerts', () => {
  const state: AlertState = {
    windowsMs: [1000, 10_000],
    finder: {
      lastMs: firstMs,
      instantsMs: [firstMs - 10, firstMs],
      weights: [1, 1],
      background: {
        clockMs: firstMs - 10_000,
        mask: [0, 0],
        slots: [{ liveMs: 600_000, weight: 60, squares: 60 }],
        open: { liveMs: 5, weight: 0, squares: 0 },
        fullInRow: 0,
      },
      episode: {
        firstMs,
        fullMs: firstMs,
        weight: 4,
        toldWeight: 4,
        lastMs: firstMs,
        most: [2, 4],
        instantsMs: [firstMs],
      },
    },
    watchedMs: firstMs,
    offsets: [{ partition: 0, offset: 9_007_199_254_740_993n }],
    heartbeatMs: firstMs,
    book: { alerts: [alert], bursts: 3 },
  };

  it('comes back as it was', () => {
    expect(decodeAlertState(encodeAlertState(state))).toEqual(state);
  });

  it('is refused when it does not hold together', () => {
    const uneven = { ...state, finder: { ...state.finder, weights: [1] } };
    expect(() => decodeAlertState(encodeAlertState(uneven))).toThrow(/a weight for each instant/);
    expect(() => decodeAlertState(Uint8Array.of(1))).toThrow(Fault);
  });
});

/**
 * Validates each line of standard input as the package snews-data-formats has it: against the schema of its tier, and, where
 * what the package needs is there too, by its models (which take detectors that are no members only as a test).
 */
const validate = `
import json, sys, importlib.util, pathlib, jsonschema
folder = pathlib.Path(importlib.util.find_spec('snews').submodule_search_locations[0]) / 'schema'
try:
    from snews.models import messages as models
except ImportError:
    models = None
# Of the models, and not of the schemas yet.
newer = {'start_time_utc', 'background_rate_Hz'}
count = 0
for line in sys.stdin:
    message = json.loads(line)
    schema = json.loads((folder / (message['tier'] + 'Message.schema.json')).read_text())
    unknown = set(message) - set(schema['properties']) - newer
    assert not unknown, unknown
    assert message['schema_version'] == schema['schema_version'], schema['schema_version']
    jsonschema.Draft202012Validator(schema).validate(message)
    if models is not None and message['is_test']:
        made = getattr(models, message['tier'] + 'Message')(**message)
        assert set(message) <= set(type(made).model_fields), set(message) - set(type(made).model_fields)
        assert made.uuid == message['uuid'] and made.sent_time_utc == message['sent_time_utc'], made
    count += 1
print(count)
`;
const found = spawnSync(python, [
  '-c',
  'import jsonschema, importlib.util as u; assert u.find_spec("snews")',
]);
const missing =
  found.status === 0
    ? ''
    : `pip install --no-deps snews-data-formats==1.1.1, and jsonschema, beside ${python === process.env.TESSERA_TEST_PYTHON ? 'TESSERA_TEST_PYTHON' : 'the clients'}: it pins an older numpy than they need`;
if (missing !== '') process.stderr.write(`\nSKIPPED, SNEWS's own schemas: ${missing}\n`);

it.skipIf(missing !== '')(
  `passes SNEWS's own schemas${missing && ' (skipped: they are not installed)'}`,
  () => {
    const lines = everything
      .filter(({ form }) => form === 'snews')
      .map(({ value }) => new TextDecoder().decode(value));
    const { stdout, stderr, status } = spawnSync(python, ['-c', validate], {
      input: lines.join('\n'),
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    expect(Number(stdout)).toBe(lines.length);
  },
);
