/**
 * The messages that are about services rather than frames, in words: heartbeats, trends, alarms, arrays, policy
 * snapshots and refusals. What cannot be read throws its Fault.
 */

import { lastingRate } from '../../anomaly/control/controller.ts';
import type { ControlState, Grade, PolicySnapshot } from '../../domain/policy.ts';
import { decodeAlarm } from '../../wire/alarms/alarm.ts';
import { decodeLogData } from '../../wire/log_data.ts';
import { decodeDataArray, type Variable } from '../../wire/monitor/data_array.ts';
import { decodePolicy } from '../../wire/policy.ts';
import { decodeStatus } from '../../wire/status.ts';
import { bytesInWords, grouped } from '../output.ts';
import { heading, identifierOf, instant, type Told } from './told.ts';

export const serviceHeadings = {
  x5f2: heading(['service'], ['status', 'right'], ['host'], ['process', 'right'], ['every', 'right']),
  f144: heading(['source'], ['at'], ['value', 'right']),
  al00: heading(['source'], ['at'], ['severity'], ['message']),
  da00: heading(['source'], ['at'], ['arrays']),
  policy: heading(
    ['version', 'right'],
    ['rare under', 'right'],
    ['lossless one in', 'right'],
    ['scores', 'right'],
    ['warm-up', 'right'],
  ),
  refused: heading(['code'], ['of', 'right'], ['why'], ['message']),
} as const;

const statusTold = (bytes: Uint8Array): Told => {
  const status = decodeStatus(bytes);
  let state = '–';
  let message: unknown = status.statusJson;
  try {
    const parsed = JSON.parse(status.statusJson) as { status?: unknown; message?: unknown };
    state = String(parsed.status ?? '–');
    message = parsed.message ?? parsed;
  } catch {
    // Another tool's status_json need not be JSON: it is shown as it is.
  }
  return {
    kind: 'x5f2',
    row: [
      `${status.softwareName} ${status.softwareVersion}, ${status.serviceId}`,
      state,
      status.hostName,
      String(status.processId),
      `${status.updateIntervalMs} ms`,
    ],
    full: [
      ['service', `${status.softwareName} ${status.softwareVersion}, ${status.serviceId}`],
      ['runs on', `${status.hostName}, process ${status.processId}`],
      ['status', state],
      ['message', typeof message === 'string' ? message : JSON.stringify(message)],
    ],
    data: { ...status, statusJson: message },
  };
};

const logTold = (bytes: Uint8Array): Told => {
  const { sourceName, timestampNanos, value } = decodeLogData(bytes);
  const text = Array.isArray(value) ? `${value.length} values` : String(value);
  return {
    kind: 'f144',
    row: [sourceName, instant(timestampNanos), text],
    full: [
      ['source', sourceName],
      ['at', instant(timestampNanos)],
      ['value', Array.isArray(value) ? value.join(' ') : text],
    ],
    data: { sourceName, timestampNanos, value },
  };
};

const alarmTold = (bytes: Uint8Array): Told => {
  const { sourceName, timestampNanos, severity, message } = decodeAlarm(bytes);
  return {
    kind: 'al00',
    row: [sourceName, instant(timestampNanos), severity, message],
    full: [
      ['source', sourceName],
      ['at', instant(timestampNanos)],
      ['severity', severity],
      ['message', message],
    ],
    data: { sourceName, timestampNanos, severity, message },
  };
};

/** A variable as `signal [layer 16 × lane 192] hits`; text as it is. */
const variableInWords = ({ name, unit, axes, shape, values }: Variable): string => {
  if (typeof values === 'string') return `${name} ${values}`;
  const sizes = axes.map((axis, i) => `${axis} ${shape[i]}`).join(' × ');
  return `${name} [${sizes === '' ? shape.join(' × ') : sizes}]${unit === '' ? '' : ` ${unit}`}`;
};

const arraysTold = (bytes: Uint8Array): Told => {
  const { sourceName, timestampNanos, variables } = decodeDataArray(bytes);
  return {
    kind: 'da00',
    row: [sourceName, instant(timestampNanos), variables.map(variableInWords).join(', ')],
    full: [
      ['source', sourceName],
      ['at', instant(timestampNanos)],
      ...variables.map((variable): [string, string] => [
        variable.label === '' ? variable.name : variable.label,
        variableInWords(variable),
      ]),
    ],
    data: {
      sourceName,
      timestampNanos,
      variables: variables.map(({ values, ...rest }) => ({
        ...rest,
        values: typeof values === 'string' ? values : [...values],
      })),
    },
  };
};

const controlWords = (control: ControlState): [string, string] => [
  'rate',
  `${control.target * 100} % to be rare, ${(lastingRate(control) * 100).toPrecision(3)} % of late, ` +
    `${grouped(control.chunks)} chunks seen${control.held === null ? '' : ', held'}`,
];

/** A grade as `p < 0.0013 lossless`. */
const gradeInWords = ({ pValue, rungs: { planes, remainder } }: Grade): string =>
  `p < ${Number(pValue.toPrecision(3))} ${remainder ? 'lossless' : `${planes} plane${planes === 1 ? '' : 's'}`}`;

/** What the byte budget gives, as lines of what it is and says. */
export const budgetRows = ({ budget, grades, spare }: PolicySnapshot): [string, string][] => {
  if (budget === undefined) return [];
  const { bytesPerSecond, spentPerSecond, fixedPerSecond, level } = budget;
  const share = (of: number): string => `${((100 * of) / bytesPerSecond).toPrecision(3)} %`;
  return [
    [
      'budget',
      `${bytesInWords(bytesPerSecond)} a second of event time: ${share(spentPerSecond)} spent, ` +
        `${share(fixedPerSecond)} on tokens and control frames; rare frames are given ${(100 * level).toPrecision(3)} %`,
    ],
    ...(grades === undefined
      ? []
      : [['given', [...grades.map(gradeInWords), 'others tokens'].join(', ')] satisfies [string, string]]),
    ...(spare === undefined ? [] : [['spare', gradeInWords(spare)] satisfies [string, string]]),
  ];
};

const policyTold = (bytes: Uint8Array): Told => {
  const policy = decodePolicy(bytes);
  const { version, rarePValue, prescale, warmupCount, sketch, control, budget, grades, spare } = policy;
  const frames = Math.round(sketch.frames.reduce((sum, count) => sum + count, 0));
  const lossless = prescale === 0 ? 'none' : `${grouped(prescale)} time frames`;
  return {
    kind: 'policy',
    row: [String(version), String(rarePValue), lossless, grouped(frames), grouped(warmupCount)],
    full: [
      ['version', String(version)],
      ['rare', `p-value under ${rarePValue}, once ${grouped(warmupCount)} frames of like size are known`],
      ...(control === undefined ? [] : [controlWords(control)]),
      ...budgetRows(policy),
      ['prescale', prescale === 0 ? 'none' : `one in ${lossless} is kept losslessly`],
      ['scores', sketch.scores.length === 0 ? 'none yet' : sketch.scores.join(', ')],
      ...sketch.frames.flatMap((count, knot): [string, string][] => {
        if (count === 0) return [];
        const hits = grouped(Math.max(0, Math.round(2 ** (knot / 2)) - 1));
        return [['seen', `${grouped(Math.round(count))} frames of about ${hits} hits`]];
      }),
    ],
    data: {
      version,
      rarePValue,
      prescale,
      warmupCount,
      scores: sketch.scores,
      frames,
      control,
      budget,
      grades,
      spare,
    },
  };
};

/** A record of `<i>_refused`: the headers say why, the bytes are what came (or their beginning). */
export const refusedTold = (bytes: Uint8Array, headers: Readonly<Record<string, string>>): Told => {
  const whole = headers.bytes === undefined ? bytes.byteLength : Number(headers.bytes);
  const kind = identifierOf(bytes);
  return {
    kind: 'refused',
    row: [headers.code!, bytesInWords(whole), headers.detail ?? '', kind === '' ? '–' : kind],
    full: [
      ...Object.entries(headers).map(([name, text]): [string, string] => [name, text]),
      [
        'message',
        `${kind === '' ? 'no identifier' : kind}, ${grouped(whole)} bytes, ${grouped(bytes.byteLength)} kept`,
      ],
    ],
    data: { ...headers, identifier: kind, keptBytes: bytes.byteLength },
  };
};

export const serviceTellers = {
  x5f2: statusTold,
  f144: logTold,
  al00: alarmTold,
  da00: arraysTold,
  policy: policyTold,
} as const;
