/**
 * Fills the page from snapshots. It refuses to compute figures of its own: what the server says is what is
 * shown, in the same words as in the terminal, and grey once it is old.
 */

import { drawLine, heatMap, readable } from './charts.js';
import { age, bytes, duration, number3, ofBudget, percent, probability, times, whole } from './figures.js';
import { follow } from './stream.js';

const element = (id) => document.getElementById(id);
const put = (id, text) => {
  const target = element(id);
  if (target.textContent !== text) target.textContent = text;
};
const make = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const judge = (share) => (share > 1 ? 'bad' : share > 0.8 ? 'warn' : 'good');

const alarmsInWords = (alarms) => {
  const open = alarms.filter(({ shelved }) => shelved === null).length;
  const shelved = alarms.length - open;
  return `${open === 0 ? 'none' : `${open} open`}${shelved === 0 ? '' : `, ${shelved} shelved`}`;
};

const budgetInWords = ({ bytesPerSecond, spentPerSecond, level }) =>
  `${percent(spentPerSecond / bytesPerSecond)} of ${bytes(bytesPerSecond)}/s, rare frames given ${percent(level)}`;

const fillHead = (now) => {
  const { identity, policy } = now;
  put('version', identity.version);
  put('instrument', identity.instrument.title);
  put('state', now.state);
  element('state').dataset.state = now.state;
  document.title = `${number3(now.in.framesPerSecond)} frames/s · tessera`;
  const simulated = element('simulated');
  simulated.hidden = identity.simulated === null;
  if (identity.simulated !== null && !simulated.textContent.includes(identity.simulated))
    simulated.replaceChildren(make('strong', {}, 'Simulated. '), identity.simulated);
  const waiting = element('waiting');
  waiting.hidden = now.waitingFor.length === 0;
  put('waiting', `Waiting for ${now.waitingFor.join(', ')}.`);
  const facts = [
    ['bus', identity.bus],
    ['delivery', identity.delivery],
    ['inference', `${identity.provider} × ${identity.workers}`],
    ['regions', whole(identity.instrument.regions)],
    ['policy', `version ${policy.version}`],
    ['rare below', `p ${probability(policy.rarePValue)}`],
    ['prescale', policy.prescale > 0 ? `1 in ${whole(policy.prescale)} time frames` : 'off'],
    ...(policy.budget === undefined ? [] : [['byte budget', budgetInWords(policy.budget)]]),
    ['alarms', alarmsInWords(now.alarms)],
    ['up', age(now.uptimeMs)],
  ];
  element('how').replaceChildren(
    ...facts.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))),
  );
};

const buildAlarm = () =>
  make(
    'li',
    {},
    make('b', { class: 'severity' }),
    make('span', { class: 'cause' }),
    make('span', { class: 'what' }),
    make('span', { class: 'so-far' }),
    make('span', { class: 'who' }),
  );

/** How much of it there was in how long; seconds are a length themselves. */
const soFar = ({ count, unit, sinceMs }, nowMs) => {
  const long = age(nowMs - sinceMs);
  return unit === 'seconds' ? `${age(count * 1000)} of ${long}` : `${whole(count)} ${unit} in ${long}`;
};
const because = ({ who, why }) => (why === '' ? who : `${who}: ${why}`);

/** One line an alarm: the severity as a word, and whether somebody looks after it. */
const fillAlarms = (now) => {
  const { alarms } = now;
  element('alarms-card').hidden = alarms.length === 0;
  const list = element('alarms');
  const causes = new Set(alarms.map(({ cause }) => cause));
  for (const row of [...list.children]) if (!causes.has(row.dataset.key)) row.remove();
  const rows = alarms.map((alarm) => {
    const row = rowFor(list, alarm.cause, buildAlarm);
    const { open, severity, shelved, acknowledged } = alarm;
    row.dataset.severity = shelved === null ? severity : 'shelved';
    row.dataset.taken = acknowledged !== null;
    const said = [
      ...(acknowledged === null ? [] : [`acknowledged by ${because(acknowledged)}`]),
      ...(shelved === null
        ? []
        : [`shelved for ${age(shelved.untilMs - now.atMs)} more by ${because(shelved)}`]),
    ];
    const words = [
      open ? severity.toUpperCase() : 'no alarm',
      alarm.cause,
      alarm.message,
      open ? soFar(alarm, now.atMs) : '',
      said.join('; '),
    ];
    words.forEach((text, i) => {
      if (row.children[i].textContent !== text) row.children[i].textContent = text;
    });
    return row;
  });
  if (rows.some((row, i) => row !== list.children[i])) list.replaceChildren(...rows);
};

const totalOf = (now) => {
  const total = now.latency.find((one) => one.stage === 'total');
  return total.count > 0 ? total : now.latency.find((one) => one.stage === 'inside');
};

const fillFigures = (now) => {
  put('in-frames', number3(now.in.framesPerSecond));
  put('in-bytes', `${bytes(now.in.bytesPerSecond)}/s`);
  put('out-frames', number3(now.out.framesPerSecond));
  put('out-bytes', `${bytes(now.out.bytesPerSecond)}/s`);
  put('ratio-dense', times(now.ratio.recent.dense));
  const { recent, overall } = now.ratio;
  put(
    'ratio-more',
    `${times(recent.raw)} of the message; since the start ${times(overall.dense)}, ${times(overall.raw)}`,
  );
  const total = totalOf(now);
  put('p99', duration(total.p99Ms));
  put('p99-of', `of ${duration(total.budgetMs)}`);
  element('p99').dataset.judgement = total.p99Ms === null ? '' : judge(total.p99Ms / total.budgetMs);
  const what = total.stage === 'total' ? 'from intended send time to commit' : 'from receipt to commit';
  put('p50', `p50 ${duration(total.p50Ms)}, ${what}`);
  put('lag', whole(now.flow.lagFrames));
  const { flow } = now;
  element('lag').dataset.judgement = flow.pressure === 'none' ? '' : 'warn';
  put(
    'lag-more',
    [
      `${bytes(flow.queuedBytes)} queued`,
      `${whole(flow.laneDepth)} in lanes`,
      ...(flow.pausedPartitions > 0 ? [`${flow.pausedPartitions} of ${flow.partitions} paused`] : []),
      ...(flow.pressure === 'none' ? [] : [`pressure: ${flow.pressure}`]),
    ].join(', '),
  );
};

const drawCharts = (now) => {
  const { history } = now;
  const perSecond = (value) => `${number3(value)} frames/s`;
  drawLine(element('in-chart'), { name: 'frames in', values: history.framesIn, show: perSecond });
  drawLine(element('out-chart'), { name: 'packets out', values: history.framesOut, show: perSecond });
  drawLine(element('ratio-chart'), { name: 'compression', values: history.ratioDense, show: times });
  drawLine(element('p99-chart'), {
    name: 'latency p99',
    values: history.totalMsP99,
    second: history.totalMsP50,
    limit: totalOf(now).budgetMs,
    show: duration,
  });
  const frames = (value) => (value === 1 ? '1 frame' : `${value === null ? '–' : whole(value)} frames`);
  drawLine(element('lag-chart'), { name: 'lag', values: history.lagFrames, show: frames });
};

/** Rows are made once and then only filled, so that bars glide and a selection survives. */
const rowFor = (body, key, build) => {
  for (const row of body.children) if (row.dataset.key === key) return row;
  const row = build();
  row.dataset.key = key;
  body.append(row);
  return row;
};

const buildStage = (stage) => {
  const bar = make('span', { class: 'bar' }, make('i', { class: 'p99' }), make('i', { class: 'p50' }));
  return make(
    'tr',
    { class: stage === 'total' || stage === 'inside' ? 'whole' : '' },
    make('th', { scope: 'row' }, stage),
    make('td'),
    make('td'),
    make('td', { class: 'wide' }, bar),
    make('td', { class: 'share' }, make('span'), make('span', { class: 'budget' })),
  );
};

const fillStages = (now) => {
  const body = element('stages');
  for (const one of now.latency) {
    const row = rowFor(body, one.stage, () => buildStage(one.stage));
    const [, p50, p99, , share] = row.children;
    const of = one.p99Ms === null ? 0 : one.p99Ms / one.budgetMs;
    p50.textContent = duration(one.p50Ms);
    p99.textContent = duration(one.p99Ms);
    share.firstChild.textContent = one.p99Ms === null ? '–' : ofBudget(of);
    share.lastChild.textContent = ` of ${duration(one.budgetMs)}`;
    row.dataset.judgement = judge(of);
    row.querySelector('i.p50').style.width = `${Math.min(100, ((one.p50Ms ?? 0) / one.budgetMs) * 100)}%`;
    row.querySelector('i.p99').style.width = `${Math.min(100, of * 100)}%`;
  }
};

const fillBooks = (now) => {
  const body = element('books');
  for (const book of now.books) {
    const row = rowFor(body, book.service, () =>
      make(
        'tr',
        {},
        make('th', { scope: 'row' }, book.service),
        ...Array.from({ length: 6 }, () => make('td')),
      ),
    );
    const cells = [...row.children].slice(1);
    const values = [book.received, book.kept, book.shed, book.refused, book.inFlight];
    values.forEach((value, i) => {
      cells[i].textContent = whole(value);
      cells[i].className = (i === 2 || i === 3) && value > 0 ? 'some' : '';
    });
    const word = make('span', { class: 'word' }, book.balanced ? ' balanced' : ' does not balance');
    cells[5].replaceChildren(book.balanced ? '✓' : '✗', word);
    cells[5].className = book.balanced ? 'balanced' : 'unbalanced';
  }
  const rungs = [
    [now.fidelity.ordinary, 'tokens'],
    [now.fidelity.rare, 'lossless: rare'],
    [now.fidelity.prescale, 'lossless: prescale'],
    [now.fidelity.shedRefinement, 'refinement shed'],
    [now.fidelity.shedFrame, 'frame shed'],
    [now.fidelity.budget, 'rare, less for the budget'],
    [now.fidelity.spare, 'with spare planes'],
  ].map(([count, name], tone) => ({ count, name, tone }));
  const shown = rungs.filter(({ count, tone }) => count > 0 || tone < 3);
  const track = make('div', { class: 'track', 'aria-hidden': 'true' });
  for (const { count, tone } of shown) {
    const part = make('span', { class: `tone-${tone}` });
    part.style.flexGrow = String(count);
    if (count > 0) track.append(part);
  }
  const list = shown.map(({ count, name, tone }) =>
    make('li', {}, make('span', { class: `dot tone-${tone}` }), `${whole(count)} ${name}`),
  );
  element('ladder').replaceChildren(track, make('ul', {}, ...list));
  element('refused').replaceChildren(
    ...(now.refused.length === 0
      ? [make('li', { class: 'none' }, 'none so far')]
      : now.refused.map(({ code, meaning, count }) =>
          make(
            'li',
            {},
            make('b', {}, whole(count)),
            make('span', {}, code, ' ', make('small', {}, meaning)),
          ),
        )),
  );
};

/** Scores beside the one that made it rare that one frame in a hundred has so high, at most two. */
const othersOf = (frame) =>
  frame.scores.filter((one) => one.name !== frame.scoreName && one.pValue < 0.01).slice(0, 2);
/** All scores of a frame, for whoever points at one. */
const scoreTitle = (frame) =>
  frame.scores
    .map(({ name, value, pValue }) => `${name} ${number3(value)}, p ${probability(pValue)}`)
    .join('\n');

const buildRare = (frame, instrument) =>
  make(
    'li',
    {},
    heatMap(frame, instrument.patchGrid, instrument.axes),
    make(
      'div',
      {},
      make('p', { class: 'p' }, `p ${probability(frame.pValue)}`),
      make('p', {}, frame.sourceName),
      make('p', {}, `run ${frame.run}, time frame ${frame.timeFrame}`),
      make('p', { title: scoreTitle(frame) }, `${frame.scoreName} ${number3(frame.score)}`),
      ...othersOf(frame).map((one) =>
        make('p', {}, `${one.name} ${number3(one.value)}: p ${probability(one.pValue)}`),
      ),
      make('p', { class: 'age' }),
    ),
  );

const fillRare = (now) => {
  const { instrument } = now.identity;
  const [vertical, horizontal] = [instrument.axes.at(-2), instrument.axes.at(-1)];
  const others = instrument.axes.slice(0, -2).join(', ');
  put(
    'rare-key',
    `The patches that surprised most, ${vertical} upon ${horizontal}, added up over ${others}.`,
  );
  const list = element('rare');
  const known = new Map([...list.children].map((item) => [item.dataset.key, item]));
  if (now.rare.length === 0) {
    list.replaceChildren(make('li', { class: 'none' }, 'none so far'));
    return;
  }
  const items = now.rare.map((frame) => {
    const key = `${frame.run}/${frame.timeFrame}/${frame.sourceName}`;
    const item = known.get(key) ?? buildRare(frame, instrument);
    item.dataset.key = key;
    item.querySelector('.age').textContent = `${age(now.atMs - frame.atMs)} ago`;
    return item;
  });
  const same = items.length === list.children.length && items.every((item, i) => item === list.children[i]);
  if (!same) list.replaceChildren(...items);
};

const fillTail = (now) => {
  const { process } = now;
  put(
    'process',
    `event loop p99 ${duration(process.loopDelayMsP99)}, ${bytes(process.rssBytes)} resident, ` +
      `${number3(process.cpuCores)} cores, ${percent(process.gcShare)} collecting garbage`,
  );
  element('notes-card').hidden = now.notes.length === 0;
  element('notes').replaceChildren(
    ...[...now.notes].reverse().map(({ atMs, level, text, count }) => {
      const often = count > 1 ? ` (× ${count})` : '';
      const word = level === 'warn' ? 'Warning' : 'Error';
      const said = `: ${text}${often}, ${age(now.atMs - atMs)} ago`;
      return make('li', {}, make('b', { 'data-level': level }, word), said);
    }),
  );
};

let latest;
const redraw = () => {
  if (latest !== undefined) drawCharts(latest);
};
for (const chart of document.querySelectorAll('.chart')) readable(chart, redraw);
addEventListener('resize', redraw);

follow(
  (now) => {
    latest = now;
    fillHead(now);
    fillAlarms(now);
    fillFigures(now);
    drawCharts(now);
    fillStages(now);
    fillBooks(now);
    fillRare(now);
    fillTail(now);
  },
  ({ state, ageMs, connected }) => {
    document.body.dataset.fresh = state;
    const link = connected ? '' : ', reconnecting …';
    if (state === 'waiting') put('stamp', connected ? 'no figures yet' : 'connecting …');
    else if (state === 'fresh') put('stamp', `live${link}`);
    else put('stamp', `old: no figures for ${age(ageMs)}${link}`);
  },
);
