/**
 * Any object of any region over its reference: as it is, as ratio, as pulls; of the last cycle, the last minute or the run.
 * All of it is in the address. Refuses to draw what was not chosen.
 */

import type { Span } from '../../dqm/board.ts';
import { api } from '../api.ts';
import { createPlot } from '../draw/plot.ts';
import type { Compare } from '../draw/shape.ts';
import { go } from '../go.ts';
import { h, only, put, shown } from '../parts/dom.ts';
import { words } from '../parts/figures.ts';
import { field, options, toggle } from '../parts/form.ts';
import { saveFile } from '../parts/save_file.ts';
import { faultState, loadingState } from '../parts/states.ts';
import { hrefOf, type Route } from '../route.ts';
import type { Store } from '../store.ts';
import type { View } from '../view.ts';

const spans: readonly (readonly [Span, string])[] = [
  ['moving', 'last minute'],
  ['cycle', 'last cycle'],
  ['run', 'whole run'],
];
const compares: readonly (readonly [Compare, string])[] = [
  ['pulls', 'pulls'],
  ['ratio', 'ratio'],
  ['reference', 'reference'],
  ['none', 'nothing'],
];

export const createPlots = (store: Store): View => {
  const region = h('select', { id: 'plot-region' });
  const object = h('select', { id: 'plot-object' });
  const span = h('select', { id: 'plot-span' });
  const compare = h('select', { id: 'plot-compare' });
  const version = h('input', {
    id: 'plot-version',
    inputmode: 'numeric',
    size: 8,
    placeholder: 'now',
    autocomplete: 'off',
  });
  const log = toggle('log scale', () => change({ log: query.log === '1' ? '' : '1' }));
  const stats = toggle('statistics', () => change({ stats: query.stats === '1' ? '' : '1' }));
  const png = h('button', { type: 'button', onclick: () => void savePng() }, 'Save PNG');
  const json = h('button', { type: 'button', class: 'desk', onclick: () => saveJson() }, 'Save ROOT JSON');
  const link = h('a', { class: 'root-link desk' }, 'root.json');
  options(span, spans);
  options(compare, compares);
  const plot = createPlot(store, { compact: false });
  const controls = h(
    'form',
    { class: 'controls', onsubmit: (event: Event) => event.preventDefault() },
    field('region', region),
    field('object', object),
    field('of', span),
    field('beside', compare),
    field('cycle or run', version),
    log,
    stats,
    h('span', { class: 'spacer' }),
    png,
    json,
    link,
  );
  const body = h('div', {}, loadingState('the list of objects'));
  const root = h('div', {}, h('h1', {}, 'Plots'), controls, body);
  let query: Route['query'] = {};
  let tree: readonly { readonly region: string; readonly objects: readonly string[] }[] | null = null;
  let asking = false;

  const change = (patch: Record<string, string>): void => go(hrefOf('plots', { ...query, ...patch }));
  for (const [select, name] of [
    [region, 'region'],
    [object, 'object'],
    [span, 'span'],
    [compare, 'compare'],
    [version, 'version'],
  ] as const)
    select.addEventListener('change', () => change({ [name]: select.value }));

  const chosen = () => {
    const regionName = query.region ?? tree?.[0]?.region ?? 'all';
    const objects = tree?.find((one) => one.region === regionName)?.objects ?? tree?.[0]?.objects ?? [];
    return {
      region: regionName,
      object: query.object ?? objects[0] ?? '',
      objects,
      span: spans.find(([name]) => name === query.span)?.[0] ?? 'moving',
      compare: compares.find(([name]) => name === query.compare)?.[0] ?? 'pulls',
      log: query.log === '1',
      stats: query.stats === '1',
      version: query.version === '' ? undefined : query.version,
    };
  };
  const savePng = async (): Promise<void> => {
    const now = chosen();
    const image = await plot.drawing()?.png();
    if (image !== null && image !== undefined) saveFile(`${now.region}_${now.object}.png`, image);
  };
  const saveJson = (): void => {
    const now = chosen();
    const text = plot.drawing()?.json();
    if (text !== null && text !== undefined)
      saveFile(`${now.region}_${now.object}.json`, new Blob([text], { type: 'application/json' }));
  };
  const load = async (): Promise<void> => {
    if (tree !== null || asking) return;
    asking = true;
    try {
      tree = await api.objectTree();
      store.touch();
    } catch (error) {
      only(
        body,
        faultState(error, () => void load()),
      );
    }
    asking = false;
  };
  const step = (by: number): void => {
    const now = chosen();
    const next = now.objects[now.objects.indexOf(now.object) + by];
    if (next !== undefined) change({ object: next });
  };

  return {
    root,
    enter(route) {
      query = route.query;
      void load();
    },
    draw() {
      if (tree === null) return;
      const now = chosen();
      options(
        region,
        tree.map((one) => [one.region, one.region === 'all' ? 'all regions' : one.region]),
      );
      options(
        object,
        now.objects.map((name) => [name, words(name)]),
      );
      for (const [select, value] of [
        [region, now.region],
        [object, now.object],
        [span, now.span],
        [compare, now.compare],
      ] as const)
        if (select.value !== value) select.value = value;
      if (document.activeElement !== version) version.value = query.version ?? '';
      log.setAttribute('aria-pressed', String(now.log));
      stats.setAttribute('aria-pressed', String(now.stats));
      link.href = api.rootJson(now.region, now.object, now.span);
      only(body, plot.root);
      plot.root.classList.add('card');
      const { objects: _objects, ...of } = now;
      plot.show(of);
      shown(link, now.version === undefined);
      put(link, 'root.json');
    },
    leave() {
      plot.leave();
    },
    key({ key }) {
      if (key === 'l') log.click();
      else if (key === 's') stats.click();
      else if (key === 'r') {
        const at = compares.findIndex(([name]) => name === chosen().compare);
        change({ compare: compares[(at + 1) % compares.length]![0] });
      } else if (key === 'j' || key === 'ArrowDown') step(1);
      else if (key === 'k' || key === 'ArrowUp') step(-1);
      else return false;
      return true;
    },
  };
};
