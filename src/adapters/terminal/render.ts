/**
 * The live summary as lines for a terminal of a given size: the least important go first where it is small.
 * It refuses to know of time, streams and escape codes; the same snapshot and size give the same lines.
 */

import type { StageSnapshot, StatusSnapshot } from '../../domain/status.ts';
import { alarmLines, alarmsInWords } from './alarm_rows.ts';
import { age, bytes, duration, number3, ofBudget, percent, probability, times, whole } from './figures.ts';
import { bar, cut, justify, type Line, piece, type Style, sparkline } from './style.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Where the page is; empty when none is served. */
  readonly address: string;
}

/** A line and how soon it may go: 0 stays. */
interface Row {
  readonly line: Line;
  readonly rank: number;
}

const labelWidth = 10;
const label = (text: string) => piece(text.padEnd(labelWidth), 'faint');
const dot = piece('  ·  ', 'faint');
const blank = (rank: number): Row => ({ line: [], rank });

const stateStyle: Readonly<Record<StatusSnapshot['state'], Style>> = {
  starting: 'warn',
  running: 'good',
  draining: 'warn',
  stopped: 'faint',
};

const headRows = (now: StatusSnapshot, screen: Screen): Row[] => {
  const { identity } = now;
  const left: Line = [
    piece('tessera', 'accent'),
    piece(` ${identity.version}  `, 'faint'),
    piece(identity.instrument.title, 'bold'),
  ];
  const right: Line = [
    piece(`● ${now.state}`, stateStyle[now.state]),
    piece(` ${age(now.uptimeMs)}`, 'faint'),
  ];
  const how = [identity.bus, identity.delivery, `${identity.provider} × ${identity.workers}`];
  const rows: Row[] = [
    { line: justify(left, right, screen.columns), rank: 0 },
    {
      line: justify(
        [piece(`${how.join('  ·  ')}  ·  policy ${now.policy.version}`, 'faint')],
        screen.address === '' ? [] : [piece(screen.address, 'accent')],
        screen.columns,
      ),
      rank: 3,
    },
  ];
  if (identity.simulated !== null) rows.push({ line: [piece(identity.simulated, 'warn')], rank: 4 });
  if (now.waitingFor.length > 0)
    rows.push({ line: [piece(`waiting for ${now.waitingFor.join(', ')}`, 'warn')], rank: 0 });
  return rows;
};

/** Alarms of a full list that are shown: what a small screen has room for beside the figures. */
const alarmLinesMax = 6;
const alarmRows = (now: StatusSnapshot): Row[] => {
  const lines = alarmLines(now.alarms, now.atMs);
  const rows = lines.slice(0, alarmLinesMax).map((line, i): Row => {
    const open = now.alarms[i]!.shelved === null;
    return { line: [label(i === 0 ? 'alarms' : ''), ...line], rank: open ? 0 : 5 };
  });
  const more = lines.length - rows.length;
  if (more > 0) rows.push({ line: [label(''), piece(`and ${more} more`, 'faint')], rank: 0 });
  return rows.length === 0 ? [] : [blank(8), ...rows];
};

const flowRows = (now: StatusSnapshot, screen: Screen): Row[] => {
  const graph = Math.max(0, Math.min(60, screen.columns - labelWidth - 36));
  const rate = (
    name: string,
    { framesPerSecond, bytesPerSecond }: StatusSnapshot['in'],
    history: readonly number[],
    style: Style,
  ): Line => [
    label(name),
    piece(number3(framesPerSecond).padStart(7), 'bold'),
    piece(' frames/s '),
    piece(`${bytes(bytesPerSecond)}/s`.padStart(12)),
    piece('   '),
    piece(sparkline(history, graph), style),
  ];
  const { flow, ratio } = now;
  return [
    { line: rate('in', now.in, now.history.framesIn, 'accent'), rank: 0 },
    { line: rate('out', now.out, now.history.framesOut, 'second'), rank: 0 },
    {
      line: [
        label('ratio'),
        piece(times(ratio.recent.dense).padStart(7), 'bold'),
        piece(' of dense 16-bit'),
        dot,
        piece(times(ratio.recent.raw), 'bold'),
        piece(' of the message'),
        dot,
        piece(`${times(ratio.overall.dense)}, ${times(ratio.overall.raw)} since the start`, 'faint'),
      ],
      rank: 0,
    },
    {
      line: [
        label('lag'),
        piece(
          whole(flow.lagFrames).padStart(7),
          flow.lagFrames > 0 && flow.pressure !== 'none' ? 'warn' : 'bold',
        ),
        piece(' frames'),
        ...(flow.pressure === 'none' ? [] : [dot, piece(`pressure: ${flow.pressure}`, 'warn')]),
        dot,
        piece(`${bytes(flow.queuedBytes)} queued`),
        dot,
        piece(`${flow.laneDepth} ${flow.laneDepth === 1 ? 'job' : 'jobs'} in lanes`),
        ...(flow.pausedPartitions > 0 ? [dot, piece(`${flow.pausedPartitions} paused`, 'warn')] : []),
      ],
      rank: 0,
    },
  ];
};

const budgetStyle = (share: number): Style => (share > 1 ? 'bad' : share > 0.8 ? 'warn' : 'good');

const stageLine = (stage: StageSnapshot, width: number, extra: Line): Line => {
  const share = stage.p99Ms === null ? 0 : stage.p99Ms / stage.budgetMs;
  const style = budgetStyle(share);
  return [
    label(stage.stage),
    piece(duration(stage.p50Ms).padStart(9)),
    piece(duration(stage.p99Ms).padStart(10), stage.p99Ms === null ? 'faint' : 'bold'),
    piece('   '),
    ...bar((stage.p50Ms ?? 0) / stage.budgetMs, share, width, style),
    piece((stage.p99Ms === null ? '–' : ofBudget(share)).padStart(6), share > 0.8 ? style : 'plain'),
    piece(` of ${duration(stage.budgetMs)}`.padEnd(12), 'faint'),
    ...extra,
  ];
};

const latencyRows = (now: StatusSnapshot, screen: Screen): Row[] => {
  const width = Math.max(8, Math.min(24, screen.columns - 56));
  const graph = Math.max(0, Math.min(48, screen.columns - labelWidth - 42 - width));
  const head: Line = [
    label('latency'),
    piece('p50'.padStart(9), 'faint'),
    piece('p99'.padStart(10), 'faint'),
    piece('   ━ p50  ─ p99  of the budget', 'faint'),
  ];
  const rows = now.latency
    // Stages that never took a frame (no intended times, say) would only be dashes.
    .filter((stage) => stage.count > 0 || stage.stage === 'total' || stage.stage === 'inside')
    .filter(
      (stage) =>
        stage.stage !== 'inside' ||
        (stage.count > 0 && now.latency.every((one) => one.stage !== 'total' || one.count === 0)),
    )
    .map((stage): Row => {
      const whole = stage.stage === 'total' || stage.stage === 'inside';
      const extra =
        whole && graph > 7 ? [piece(` ${sparkline(now.history.totalMsP99, graph)}`, 'accent')] : [];
      return { line: stageLine(stage, width, extra), rank: whole ? 0 : 5 };
    });
  return [{ line: head, rank: 1 }, ...rows];
};

const budgetLine = (held: NonNullable<StatusSnapshot['policy']['budget']>): Line => {
  const { bytesPerSecond, spentPerSecond, fixedPerSecond, level } = held;
  const share = spentPerSecond / bytesPerSecond;
  return [
    label('bytes'),
    piece(percent(share), share > 1 ? 'warn' : 'bold'),
    piece(` of the byte budget of ${bytes(bytesPerSecond)}/s`),
    dot,
    piece(`${percent(fixedPerSecond / bytesPerSecond)} tokens and control`),
    dot,
    piece(`rare frames are given ${percent(level)}`, level < 1 ? 'warn' : 'plain'),
  ];
};

const bookRows = (now: StatusSnapshot): Row[] => {
  const rows = now.books.map(
    (book, i): Row => ({
      line: [
        label(i === 0 ? 'books' : book.service.slice(0, labelWidth - 1)),
        book.balanced ? piece('✓ ', 'good') : piece('✗ DO NOT BALANCE: ', 'bad'),
        piece(whole(book.received), 'bold'),
        piece(' received = '),
        piece(`${whole(book.kept)} kept`),
        piece(' + '),
        piece(`${whole(book.shed)} shed`, book.shed > 0 ? 'warn' : 'plain'),
        piece(' + '),
        piece(`${whole(book.refused)} refused`, book.refused > 0 ? 'warn' : 'plain'),
        piece(` + ${whole(book.inFlight)} in flight`),
      ],
      rank: i === 0 ? 0 : 6,
    }),
  );
  const { ordinary, rare, prescale, shedRefinement, shedFrame, budget, spare } = now.fidelity;
  rows.push({
    line: [
      label('kept as'),
      piece(`${whole(ordinary)} tokens`),
      dot,
      piece(`${whole(rare)} lossless, rare`),
      dot,
      piece(`${whole(prescale)} lossless, prescale`),
      ...(budget > 0 ? [dot, piece(`${whole(budget)} rare, less for the budget`)] : []),
      ...(spare > 0 ? [dot, piece(`${whole(spare)} with spare planes`)] : []),
      ...(shedRefinement > 0 ? [dot, piece(`${whole(shedRefinement)} refinement shed`, 'warn')] : []),
      ...(shedFrame > 0 ? [dot, piece(`${whole(shedFrame)} frames shed`, 'warn')] : []),
    ],
    rank: 4,
  });
  const { budget: bytesHeld } = now.policy;
  if (bytesHeld !== undefined) rows.push({ line: budgetLine(bytesHeld), rank: 4 });
  if (now.refused.length > 0)
    rows.push({
      line: [
        label('refused'),
        ...now.refused.flatMap(({ code, count }, i) => [
          ...(i === 0 ? [] : [dot]),
          piece(`${code} ${whole(count)}`, 'warn'),
        ]),
      ],
      rank: 2,
    });
  return rows;
};

const rareRows = (now: StatusSnapshot): Row[] =>
  now.rare.slice(0, 3).map((frame, i) => ({
    line: [
      label(i === 0 ? 'rarest' : ''),
      piece(`p ${probability(frame.pValue)}  `.padEnd(11), 'second'),
      piece(`${frame.sourceName}  `.padEnd(15)),
      piece(`run ${frame.run}, time frame ${frame.timeFrame}  `.padEnd(26)),
      piece(`${frame.scoreName} ${number3(frame.score)}  `.padEnd(24)),
      piece(`${age(now.atMs - frame.atMs)} ago`, 'faint'),
    ],
    rank: 7 + i,
  }));

const tailRows = (now: StatusSnapshot): Row[] => {
  const { process } = now;
  const rows: Row[] = [
    {
      line: [
        label('process'),
        piece(
          `event loop p99 ${duration(process.loopDelayMsP99)}`,
          process.loopDelayMsP99 > 20 ? 'warn' : 'plain',
        ),
        dot,
        piece(`${bytes(process.rssBytes)} resident`),
        dot,
        piece(`${number3(process.cpuCores)} cores`),
        dot,
        piece(`${percent(process.gcShare)} collecting garbage`),
      ],
      rank: 6,
    },
  ];
  for (const note of now.notes.slice(-2))
    rows.push({
      line: [
        piece(`${age(now.atMs - note.atMs)} ago `.padEnd(labelWidth), 'faint'),
        piece(note.level === 'warn' ? 'warning ' : 'ERROR ', note.level === 'warn' ? 'warn' : 'bad'),
        piece(note.count > 1 ? `${note.text} (× ${note.count})` : note.text),
      ],
      rank: 2,
    });
  return rows;
};

/** Lines no wider than the screen and one fewer than it is high, so that a repaint never scrolls. */
export const renderLive = (now: StatusSnapshot, screen: Screen): Line[] => {
  const rows = [
    ...headRows(now, screen),
    ...alarmRows(now),
    blank(8),
    ...flowRows(now, screen),
    blank(8),
    ...latencyRows(now, screen),
    blank(8),
    ...bookRows(now),
    ...rareRows(now),
    ...tailRows(now),
  ];
  const room = Math.max(1, screen.rows - 1);
  while (rows.length > room) {
    let last = 0;
    for (let i = 0; i < rows.length; i++) if (rows[i]!.rank >= rows[last]!.rank) last = i;
    rows.splice(last, 1);
  }
  return rows.map(({ line }) => cut(line, screen.columns));
};

/** The whole summary in one line, for logs and pipes. */
export const renderPlain = (now: StatusSnapshot): string => {
  const [book] = now.books;
  const total = now.latency.find((one) => one.stage === 'total' && one.count > 0);
  const latency = total ?? now.latency.find((one) => one.stage === 'inside');
  const alarms = alarmsInWords(now.alarms);
  return [
    `tessera ${now.state} ${age(now.uptimeMs)}`,
    `in ${number3(now.in.framesPerSecond)} frames/s ${bytes(now.in.bytesPerSecond)}/s`,
    `out ${number3(now.out.framesPerSecond)} frames/s ${bytes(now.out.bytesPerSecond)}/s`,
    `ratio ${times(now.ratio.recent.dense)} dense ${times(now.ratio.recent.raw)} message`,
    `p50 ${duration(latency?.p50Ms ?? null)} p99 ${duration(latency?.p99Ms ?? null)}`,
    `lag ${whole(now.flow.lagFrames)}`,
    `received ${book!.received} = kept ${book!.kept} + shed ${book!.shed} + refused ${book!.refused} + in flight ${book!.inFlight}${book!.balanced ? '' : ' DO NOT BALANCE'}`,
    ...(now.waitingFor.length > 0 ? [`waiting for ${now.waitingFor.join(', ')}`] : []),
    ...(alarms === null ? [] : [alarms]),
  ].join(' | ');
};
