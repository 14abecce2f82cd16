/**
 * The data's way through the services: rates, compression, latency against its budget, the books, lag; what each service
 * says of itself. Refuses to compute figures of its own: what a heartbeat says is what is shown.
 */

import type { ServiceShown } from '../../dqm/board.ts';
import { createSparkline, type SparkData } from '../draw/sparkline.ts';
import { createWaterfall, judge } from '../draw/waterfall.ts';
import { h, keyed, mark, only, put, shown } from '../parts/dom.ts';
import { age, bytes, duration, number3, percent, probability, times, whole } from '../parts/figures.ts';
import { emptyState, waitingState } from '../parts/states.ts';
import type { Store } from '../store.ts';
import { type Beat, type Figures, figuresOf, rateOf, totalOf } from '../stream/beats.ts';
import type { View } from '../view.ts';
import { createBooks } from './books.ts';

interface Tile {
  readonly name: string;
  readonly tone: string;
  readonly unit: string;
  value(figures: Figures): string;
  more(figures: Figures): string;
  spark(beats: readonly Beat[], figures: Figures): SparkData;
}

const perSecond = (value: number | null): string => `${number3(value)} frames/s`;
const frames = (value: number | null): string => (value === 1 ? '1 frame' : `${whole(value)} frames`);

const tiles: readonly Tile[] = [
  {
    name: 'Frames in',
    tone: 'in',
    unit: 'frames/s',
    value: (now) => number3(rateOf(now, 'in')?.framesPerSecond),
    more: (now) => `${bytes(rateOf(now, 'in')?.bytesPerSecond)}/s`,
    spark: (beats) => ({ name: 'frames in', values: beats.map((one) => one.framesIn), show: perSecond }),
  },
  {
    name: 'Packets out',
    tone: 'out',
    unit: 'frames/s',
    value: (now) => number3(rateOf(now, 'out')?.framesPerSecond),
    more: (now) => `${bytes(rateOf(now, 'out')?.bytesPerSecond)}/s`,
    spark: (beats) => ({ name: 'packets out', values: beats.map((one) => one.framesOut), show: perSecond }),
  },
  {
    name: 'Compression',
    tone: 'ratio',
    unit: 'of dense 16-bit',
    value: (now) => times(now.ratio?.recent.dense),
    more: (now) =>
      `${times(now.ratio?.recent.raw)} of the message; since the start ${times(now.ratio?.overall.dense)}`,
    spark: (beats) => ({ name: 'compression', values: beats.map((one) => one.ratioDense), show: times }),
  },
  {
    name: 'Latency p99',
    tone: 'late',
    unit: '',
    value: (now) => duration(totalOf(now)?.p99Ms),
    more: (now) => {
      const total = totalOf(now);
      const what = total?.stage === 'total' ? 'from send to commit' : 'from receipt to commit';
      return `p50 ${duration(total?.p50Ms)}, budget ${duration(total?.budgetMs)}; ${what}`;
    },
    spark: (beats, now) => ({
      name: 'latency p99',
      values: beats.map((one) => one.totalMsP99),
      second: beats.map((one) => one.totalMsP50),
      limit: totalOf(now)?.budgetMs,
      show: duration,
    }),
  },
  {
    name: 'Lag',
    tone: 'lag',
    unit: 'frames behind',
    value: (now) => whole(now.flow?.lagFrames),
    more: ({ flow }) =>
      flow === undefined
        ? ''
        : [
            `${bytes(flow.queuedBytes)} queued`,
            `${whole(flow.laneDepth)} in lanes`,
            ...(flow.pausedPartitions > 0 ? [`${flow.pausedPartitions} of ${flow.partitions} paused`] : []),
            ...(flow.pressure === 'none' ? [] : [`pressure: ${flow.pressure}`]),
          ].join(', '),
    spark: (beats) => ({ name: 'lag', values: beats.map((one) => one.lagFrames), show: frames }),
  },
];

const facts = (now: Figures): readonly (readonly [string, string])[] => {
  const { policy, process } = now;
  return [
    ...(policy === undefined
      ? []
      : ([
          ['policy', `version ${policy.version}`],
          ['rare below', `p ${probability(policy.rarePValue)}`],
          ['prescale', policy.prescale > 0 ? `1 in ${whole(policy.prescale)} time frames` : 'off'],
          ...(policy.budget === undefined
            ? []
            : ([
                [
                  'byte budget',
                  `${percent(policy.budget.spentPerSecond / policy.budget.bytesPerSecond)} of ${bytes(policy.budget.bytesPerSecond)}/s, rare frames given ${percent(policy.budget.level)}`,
                ],
              ] as const)),
        ] as const)),
    ...(process === undefined
      ? []
      : ([
          ['event loop p99', duration(process.loopDelayMsP99)],
          ['memory', `${bytes(process.rssBytes)} resident`],
          ['processor', `${number3(process.cpuCores)} cores`],
          ['collecting garbage', percent(process.gcShare)],
        ] as const)),
    ...(now.uptimeMs === undefined ? [] : ([['up', age(now.uptimeMs)]] as const)),
  ];
};

/** The service whose figures fill the view: the one with the most to say, a processor. */
const leading = (services: readonly ServiceShown[]): ServiceShown | undefined =>
  services.find(({ message }) => figuresOf(message)?.latency?.some(({ count }) => count > 0)) ??
  services.find(({ message }) => figuresOf(message) !== null);

export const createPipeline = (store: Store): View => {
  const made = tiles.map((tile) => {
    const value = h('output', {}, '–');
    const more = h('p', { class: 'more' });
    const spark = createSparkline(tile.tone);
    const root = h(
      'section',
      { class: 'card figure', 'aria-label': tile.name },
      h('h2', {}, tile.name),
      h('p', { class: 'value' }, value, ' ', h('span', {}, tile.unit)),
      more,
      spark.root,
    );
    return { tile, value, more, spark, root };
  });
  const waterfall = createWaterfall();
  const books = createBooks();
  const services = h('ul', { class: 'services' });
  const factList = h('dl', { class: 'facts' });
  const notes = h('ul', { class: 'notes' });
  const notesCard = h('section', { class: 'card', hidden: true }, h('h2', {}, 'Warnings'), notes);
  const body = h(
    'div',
    { class: 'pipeline' },
    h(
      'section',
      { class: 'card services-card', 'aria-label': 'Services' },
      h('h2', {}, 'Services'),
      services,
    ),
    h('div', { class: 'figures-row' }, ...made.map(({ root }) => root)),
    h('section', { class: 'card stages' }, h('h2', {}, 'Where the milliseconds go'), waterfall.root),
    h('section', { class: 'card books' }, h('h2', {}, 'Books'), books.root, factList),
    notesCard,
  );
  const waiting = waitingState(store);
  const nobody = emptyState(
    'No service speaks',
    'No heartbeat has come yet: the services say every second how they are.',
  );
  const content = h('div', {}, waiting.root);
  const root = h('div', {}, h('h1', {}, 'Pipeline'), content);

  const drawServices = (): void =>
    keyed(
      services,
      store.services,
      ({ serviceId }) => serviceId,
      ({ serviceId }) =>
        h('li', { title: serviceId }, h('span', { class: 'dot' }), h('b'), h('span', { class: 'said' })),
      (row, { serviceId, atMs, silent, message }) => {
        const figures = figuresOf(message);
        const state = figures?.state ?? 'running';
        const waitsFor = figures?.waitingFor ?? [];
        mark(row, 'data-state', silent ? 'silent' : state);
        const kept = figures?.books[0];
        put(row.children[1]!, figures?.books.map(({ service }) => service).join(', ') || serviceId);
        put(
          row.lastElementChild!,
          silent
            ? `silent for ${age(store.nowMs - atMs)}`
            : `${state}${waitsFor.length > 0 ? `, waiting for ${waitsFor.join(', ')}` : ''}${kept === undefined ? '' : `, ${number3(kept.out?.framesPerSecond)} frames/s`}`,
        );
      },
    );
  const drawFigures = (serviceId: string, now: Figures): void => {
    const beats = store.beats.get(serviceId) ?? [];
    for (const { tile, value, more, spark } of made) {
      put(value, tile.value(now));
      put(more, tile.more(now));
      spark.draw(tile.spark(beats, now));
    }
    const total = totalOf(now);
    const late = made.find(({ tile }) => tile.name === 'Latency p99')!;
    mark(late.value, 'data-judgement', total?.p99Ms == null ? null : judge(total.p99Ms / total.budgetMs));
    const lag = made.find(({ tile }) => tile.name === 'Lag')!;
    mark(lag.value, 'data-judgement', (now.flow?.pressure ?? 'none') === 'none' ? null : 'warn');
  };
  const drawNotes = (now: Figures): void => {
    const said = [...(now.notes ?? [])].reverse();
    shown(notesCard, said.length > 0);
    keyed(
      notes,
      said,
      ({ atMs, text }) => `${atMs} ${text}`,
      ({ level }) =>
        h('li', {}, h('b', { 'data-level': level }, level === 'warn' ? 'Warning' : 'Error'), h('span')),
      (row, { text, count, atMs }) =>
        put(
          row.lastElementChild!,
          `: ${text}${count > 1 ? ` (× ${count})` : ''}, ${age(store.nowMs - atMs)} ago`,
        ),
    );
  };

  return {
    root,
    enter() {},
    draw() {
      waiting.draw();
      const lead = leading(store.services);
      const now = lead === undefined ? null : figuresOf(lead.message);
      only(content, store.freshness === 'waiting' ? waiting.root : now === null ? nobody : body);
      if (now === null || lead === undefined) return;
      drawServices();
      drawFigures(lead.serviceId, now);
      waterfall.draw(now.latency ?? []);
      books.draw(
        store.services.flatMap(({ message }) => figuresOf(message)?.books ?? []),
        now,
      );
      drawNotes(now);
      keyed(
        factList,
        facts(now),
        ([name]) => name,
        ([name]) => h('div', {}, h('dt', {}, name), h('dd')),
        (row, [, value]) => put(row.lastElementChild!, value),
      );
    },
    leave() {},
  };
};
