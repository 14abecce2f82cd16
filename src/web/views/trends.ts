/**
 * Numbers over time: all of one region, all of the services, or one of them over all regions. Range and choice are in the
 * address. Refuses to draw faster than once a second: nobody reads faster.
 */

import { api } from '../api.ts';
import type { Lines } from '../draw/lines.ts';
import { createTrendHistory } from '../draw/trend_points.ts';
import { go } from '../go.ts';
import { h, keyed, only, put } from '../parts/dom.ts';
import { capital, number3, words } from '../parts/figures.ts';
import { field, options } from '../parts/form.ts';
import { emptyState, faultState, loadingState } from '../parts/states.ts';
import { hrefOf, type Route } from '../route.ts';
import type { Store } from '../store.ts';
import type { View } from '../view.ts';

const ranges = [
  ['600', '10 minutes'],
  ['3600', '1 hour'],
  ['28800', '8 hours'],
  ['86400', '24 hours'],
] as const;
const drawEveryMs = 1_000;

interface Chart {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly names: readonly string[];
  readonly labels: readonly string[];
}

type Named = { readonly name: string; readonly unit: string };

/** `region/<region>/<what>` and `service/<what>` as charts for what is chosen. */
const chartsOf = (all: readonly Named[], group: string, what: string): Chart[] => {
  if (group === 'compare') {
    const fitting = all.filter(
      ({ name }) => name.startsWith('region/') && name.split('/').slice(2).join('/') === what,
    );
    return [
      {
        key: `compare/${what}`,
        title: `${capital(words(what))}, every region`,
        unit: fitting[0]?.unit ?? '',
        names: fitting.map(({ name }) => name),
        labels: fitting.map(({ name }) => name.split('/')[1]!),
      },
    ];
  }
  const prefix = group === 'service' ? 'service/' : `region/${group}/`;
  return all
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, unit }) => {
      const title = words(name.slice(prefix.length));
      return { key: name, title: capital(title), unit, names: [name], labels: [title] };
    });
};

export const createTrends = (store: Store): View => {
  const group = h('select', { id: 'trend-region' });
  const what = h('select', { id: 'trend-what' });
  const whatField = field('number', what);
  const range = h('select', { id: 'trend-range' });
  options(range, ranges);
  const key = h('p', { class: 'key' });
  const controls = h(
    'form',
    { class: 'controls', onsubmit: (event: Event) => event.preventDefault() },
    field('of', group),
    whatField,
    field('over the last', range),
    h('span', { class: 'spacer' }),
    key,
  );
  const grid = h('div', { class: 'trend-grid' });
  const body = h('div', {}, loadingState('the list of trends'));
  const root = h('div', {}, h('h1', {}, 'Trends'), controls, body);
  const past = createTrendHistory(store);
  const charts = new Map<string, Lines>();
  let query: Route['query'] = {};
  let all: readonly Named[] | null = null;
  let asking = false;
  let drawnMs = 0;
  let makeLines: typeof import('../draw/lines.ts').createLines | null = null;

  const change = (patch: Record<string, string>): void => go(hrefOf('trends', { ...query, ...patch }));
  for (const [select, name] of [
    [group, 'region'],
    [what, 'what'],
    [range, 'range'],
  ] as const)
    select.addEventListener('change', () => change({ [name]: select.value }));

  const load = async (): Promise<void> => {
    if (all !== null || asking) return;
    asking = true;
    try {
      const [names, lines] = await Promise.all([api.trendNames(), import('../draw/lines.ts')]);
      all = names;
      makeLines = lines.createLines;
      store.touch();
    } catch (error) {
      only(
        body,
        faultState(error, () => void load()),
      );
    }
    asking = false;
  };
  const regions = (): string[] => [
    ...new Set(
      (all ?? []).filter(({ name }) => name.startsWith('region/')).map(({ name }) => name.split('/')[1]!),
    ),
  ];
  const whats = (): string[] => [
    ...new Set(
      (all ?? [])
        .filter(({ name }) => name.startsWith('region/'))
        .map(({ name }) => name.split('/').slice(2).join('/')),
    ),
  ];
  const closeAll = (): void => {
    for (const lines of charts.values()) lines.close();
    charts.clear();
    grid.replaceChildren();
  };

  const draw = (): void => {
    if (all === null || makeLines === null) return;
    const make = makeLines;
    const chosen = query.region ?? (query.what === undefined ? (regions()[0] ?? 'service') : 'compare');
    const chosenWhat = query.what ?? whats()[0] ?? '';
    options(group, [
      ...(whats().length > 0 ? [['compare', 'every region, one number'] as const] : []),
      ['service', 'the services'],
      ...regions().map((name) => [name, name] as const),
    ]);
    options(
      what,
      whats().map((name) => [name, words(name)]),
    );
    whatField.hidden = chosen !== 'compare';
    const seconds = ranges.find(([value]) => value === query.range)?.[0] ?? '600';
    for (const [select, value] of [
      [group, chosen],
      [what, chosenWhat],
      [range, seconds],
    ] as const)
      if (select.value !== value) select.value = value;
    const untilMs = query.until === undefined ? store.nowMs : Number(query.until);
    const fromMs = query.from === undefined ? untilMs - Number(seconds) * 1000 : Number(query.from);
    put(key, query.until === undefined ? 'up to now, live' : 'of the past');
    const wanted = chartsOf(all, chosen, chosenWhat);
    if (wanted.length === 0 || wanted[0]!.names.length === 0) {
      only(body, emptyState('No trends here', `Nothing is measured over time of ${chosen}.`));
      return;
    }
    if (past.fault !== null) {
      only(
        body,
        faultState(past.fault, () => past.forget()),
      );
      return;
    }
    const names = wanted.flatMap((chart) => chart.names);
    const series = past.series(names, fromMs, untilMs);
    if (series === null) {
      only(body, loadingState('trends'));
      return;
    }
    only(body, grid);
    drawnMs = performance.now();
    const byName = new Map(series.map((one) => [one.name, one]));
    for (const [key, lines] of charts)
      if (!wanted.some((chart) => chart.key === key)) {
        lines.close();
        charts.delete(key);
      }
    keyed(
      grid,
      wanted,
      (chart) => chart.key,
      (chart) => {
        const lines = make(chart.title, chart.unit, 'trends');
        charts.set(chart.key, lines);
        return h(
          'figure',
          { class: `card trend${chart.names.length > 1 ? ' wide' : ''}` },
          h('figcaption', {}, h('h2', {}, chart.title), h('span', { class: 'key' })),
          lines.root,
        );
      },
      (figure, chart) => {
        const rows = chart.names.map((name, i) => ({
          ...(byName.get(name) ?? { atMs: [], values: [] }),
          name: chart.labels[i]!,
        }));
        charts.get(chart.key)?.set(rows, fromMs, untilMs);
        const { unit } = chart;
        const last = rows[0]?.values.at(-1);
        put(figure.querySelector('.key')!, rows.length > 1 ? unit : `now ${number3(last)} ${unit}`);
      },
    );
  };

  return {
    root,
    enter(route) {
      query = route.query;
      drawnMs = 0;
      void load();
    },
    draw() {
      if (performance.now() - drawnMs >= drawEveryMs) draw();
    },
    leave() {
      closeAll();
      past.forget();
    },
  };
};
