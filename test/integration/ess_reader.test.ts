/**
 * Heartbeats, trends, alarms, and what is said of runs and their files, against the public Python package `ess-streaming-data-types`: it reads what we
 * write, we read what it writes. Without that package there is nothing to test: skipped, and said.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { severities } from '../../src/domain/alarm.ts';
import { epochNanos } from '../../src/domain/quantity.ts';
import { decodeAlarm, encodeAlarm } from '../../src/wire/alarms/alarm.ts';
import { decodeLogData, encodeLogData } from '../../src/wire/log_data.ts';
import { decodeDataArray, encodeDataArray } from '../../src/wire/monitor/data_array.ts';
import { decodeRunAnswer, encodeRunAnswer } from '../../src/wire/runs/answer.ts';
import { decodeRunStart, encodeRunStart } from '../../src/wire/runs/start.ts';
import { decodeRunStop, encodeRunStop } from '../../src/wire/runs/stop.ts';
import { decodeWritten, encodeWritten } from '../../src/wire/runs/written.ts';
import { decodeStatus, encodeStatus } from '../../src/wire/status.ts';

const python = process.env.TESSERA_TEST_PYTHON ?? join('.tessera', 'python', 'bin', 'python');
const script = join(import.meta.dirname, 'ess_reader.py');
const found = spawnSync(python, ['-c', 'import streaming_data_types, numpy'], { encoding: 'utf8' });
const absent =
  found.status === 0
    ? ''
    : `${python}: ${found.error?.message ?? found.stderr.trim().split('\n').at(-1)}; pip install ess-streaming-data-types==0.27.0 into it, or name another in TESSERA_TEST_PYTHON`;
if (absent !== '')
  console.warn(`SKIPPED: the outside reader of the neutron facilities' messages is missing: ${absent}`);

const timestampNanos = epochNanos(1_750_000_000_123_456_789n);
const start = {
  jobId: 'job',
  serviceId: 'us',
  runName: 'run_42',
  instrumentName: 'tpc',
  startMs: 1000,
  stopMs: 2000,
  metadata: '{}',
};
const stop = { jobId: 'job', serviceId: 'us', commandId: 'command', runName: 'run_42', stopMs: 3000 };
const written = {
  serviceId: 'us',
  jobId: 'job',
  failed: true,
  fileName: 'file',
  metadata: '{}',
  message: 'disk',
};
const answer = {
  serviceId: 'us',
  jobId: 'job',
  commandId: 'command',
  action: 'stop',
  outcome: 'failure',
  message: 'no',
  statusCode: 409,
  stopMs: 3000,
} as const;

describe.skipIf(absent !== '')(`against ess-streaming-data-types${absent && ` (skipped: ${absent})`}`, () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tessera-ess-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has its messages read by the package', () => {
    const ours = mkdtempSync(join(folder, 'ours-'));
    const status = {
      softwareName: 'tessera',
      softwareVersion: '0.1.0',
      serviceId: 'processor:sphenix-tpc-pp',
      hostName: 'dåq-01',
      processId: 4_294_967_295,
      updateIntervalMs: 1000,
      statusJson: '{"status":200,"message":{"received":3}}',
    };
    writeFileSync(join(ours, 'x5f2.bin'), encodeStatus(status));
    const trend = { sourceName: 'sphenix-tpc-pp/ratio', timestampNanos };
    writeFileSync(join(ours, 'f144_one.bin'), encodeLogData({ ...trend, value: 12.625 }));
    writeFileSync(join(ours, 'f144_zero.bin'), encodeLogData({ ...trend, value: 0 }));
    const many = Float64Array.of(-1, 0, 1e300);
    writeFileSync(join(ours, 'f144_many.bin'), encodeLogData({ ...trend, value: many }));
    for (const severity of severities)
      writeFileSync(
        join(ours, `al00_${severity}.bin`),
        encodeAlarm({ sourceName: 'tpc', timestampNanos, severity, message: 'p-value 5e-4 ≪ 1' }),
      );
    writeFileSync(join(ours, 'pl72.bin'), encodeRunStart(start));
    writeFileSync(join(ours, '6s4t.bin'), encodeRunStop(stop));
    writeFileSync(join(ours, 'wrdn.bin'), encodeWritten(written));
    writeFileSync(join(ours, 'answ.bin'), encodeRunAnswer(answer));
    const signal = {
      unit: 'hits',
      label: 'Hits of each channel',
      source: '',
      axes: ['layer', 'lane'],
      shape: [2, 3],
    };
    const variables = [
      { ...signal, name: 'signal', values: Float64Array.of(1, 2, 3, 4, 5, 0.5) },
      {
        ...signal,
        name: 'lane',
        unit: 'rad',
        label: '',
        axes: ['lane'],
        shape: [3],
        values: Float32Array.of(0, 1, 2),
      },
      { ...signal, name: 'activity', unit: '', label: '', axes: [], shape: [11], values: 'physics, Åu' },
    ];
    writeFileSync(
      join(ours, 'da00.bin'),
      encodeDataArray({ sourceName: 'tpc/occupancy', timestampNanos, variables }),
    );
    const log = (value: unknown) => ({
      source_name: trend.sourceName,
      value,
      timestamp_unix_ns: String(timestampNanos),
    });
    const alarm = (severity: string) => ({
      source: 'tpc',
      timestamp_ns: String(timestampNanos),
      severity: severity.toUpperCase(),
      message: 'p-value 5e-4 ≪ 1',
    });
    const read = JSON.parse(execFileSync(python, [script, 'read', ours], { encoding: 'utf8' }));
    expect(read).toEqual({
      x5f2: {
        software_name: status.softwareName,
        software_version: status.softwareVersion,
        service_id: status.serviceId,
        host_name: status.hostName,
        process_id: status.processId,
        update_interval: status.updateIntervalMs,
        status_json: status.statusJson,
      },
      pl72: {
        job_id: 'job',
        filename: '',
        start_time: 1000,
        stop_time: 2000,
        nexus_structure: '',
        service_id: 'us',
        broker: '',
        run_name: 'run_42',
        instrument_name: 'tpc',
        metadata: '{}',
        detector_spectrum_map: null,
        control_topic: '',
      },
      '6s4t': {
        stop_time: 3000,
        run_name: 'run_42',
        job_id: 'job',
        service_id: 'us',
        command_id: 'command',
      },
      wrdn: {
        service_id: 'us',
        job_id: 'job',
        error_encountered: true,
        file_name: 'file',
        metadata: '{}',
        message: 'disk',
      },
      answ: {
        service_id: 'us',
        job_id: 'job',
        command_id: 'command',
        action: 1,
        outcome: 1,
        message: 'no',
        status_code: 409,
        stop_time: 3,
      },
      da00: {
        source_name: 'tpc/occupancy',
        timestamp_ns: String(timestampNanos),
        data: [
          {
            name: 'signal',
            unit: 'hits',
            label: signal.label,
            axes: signal.axes,
            data: [
              [1, 2, 3],
              [4, 5, 0.5],
            ],
          },
          { name: 'lane', unit: 'rad', label: null, axes: ['lane'], data: [0, 1, 2] },
          { name: 'activity', unit: null, label: null, axes: [], data: 'physics, Åu' },
        ],
      },
      f144_one: log(12.625),
      f144_zero: log(0),
      f144_many: log([-1, 0, 1e300]),
      ...Object.fromEntries(severities.map((severity) => [`al00_${severity}`, alarm(severity)])),
    });
  });

  it('reads messages the package wrote', () => {
    const theirs = mkdtempSync(join(folder, 'theirs-'));
    execFileSync(python, [script, 'write', theirs]);
    const message = (name: string): Uint8Array => readFileSync(join(theirs, `${name}.bin`));
    expect(decodeStatus(message('x5f2'))).toEqual({
      softwareName: 'écrivain',
      softwareVersion: '2.0',
      serviceId: 'id',
      hostName: 'host',
      processId: 4_294_967_295,
      updateIntervalMs: 1000,
      statusJson: '{"status": 200}',
    });
    const plain = { unit: '', label: '', source: '' };
    expect(decodeDataArray(message('da00'))).toEqual({
      sourceName: 'source',
      timestampNanos,
      variables: [
        {
          name: 'signal',
          unit: 'counts',
          label: 'hits',
          source: '',
          axes: ['y', 'x'],
          shape: [2, 3],
          values: Int32Array.of(0, 1, 2, 3, 4, 5),
        },
        {
          ...plain,
          name: 'x',
          unit: 'mm',
          source: 'geometry',
          axes: ['x'],
          shape: [3],
          values: Float64Array.of(0.5, 1.5, 2.5),
        },
        { ...plain, name: 'note', axes: [], shape: [6], values: 'größer' },
        { ...plain, name: 'one', axes: [], shape: [1], values: BigInt64Array.of(7n) },
      ],
    });
    for (const severity of severities)
      expect(decodeAlarm(message(`al00_${severity.toUpperCase()}`))).toEqual({
        sourceName: 'source',
        timestampNanos,
        severity,
        message: 'a message',
      });
    expect(decodeRunStart(message('pl72'))).toEqual(start);
    expect(decodeRunStop(message('6s4t'))).toEqual(stop);
    expect(decodeWritten(message('wrdn'))).toEqual(written);
    expect(decodeRunAnswer(message('answ'))).toEqual(answer);
    const whole = (bits: number, signed: boolean): readonly [number, number, number] =>
      signed ? [-(2 ** (bits - 1)), 0, 2 ** (bits - 1) - 1] : [0, 0, 2 ** bits - 1];
    const expected: Readonly<Record<string, readonly (number | bigint)[]>> = {
      int8: whole(8, true),
      uint8: whole(8, false),
      int16: whole(16, true),
      uint16: whole(16, false),
      int32: whole(32, true),
      uint32: whole(32, false),
      int64: [-(2n ** 63n), 0n, 2n ** 63n - 1n],
      uint64: [0n, 0n, 2n ** 64n - 1n],
      float32: [-1.5, 0, 2.25],
      float64: [-1.5, 0, 2.25],
    };
    for (const [kind, values] of Object.entries(expected)) {
      const log = (name: string) => decodeLogData(message(`f144_${name}`));
      expect(log(kind)).toEqual({ sourceName: 'source', timestampNanos, value: values[2] });
      expect(log(`${kind}_array`)).toEqual({ sourceName: 'source', timestampNanos, value: values });
    }
  });
});
