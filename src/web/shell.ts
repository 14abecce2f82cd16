/**
 * The frame around every view: what instrument and run this is, how it is, how fresh that is, and the way to every view.
 * Refuses to show old news as new: it is greyed and says since when.
 */

import { openHelp } from './help.ts';
import { h, mark, only, put, shown } from './parts/dom.ts';
import { age, whole } from './parts/figures.ts';
import { type IconName, icon } from './parts/icons.ts';
import { badge, overallTone, setBadge } from './parts/quality.ts';
import { nextTheme, themeNow } from './parts/theme.ts';
import { hrefOf, type ViewName, viewNames } from './route.ts';
import type { Freshness, Store } from './store.ts';
import type { View } from './view.ts';

const names: Readonly<Record<ViewName, string>> = {
  overview: 'Overview',
  feed: 'Anomalies',
  plots: 'Plots',
  trends: 'Trends',
  pipeline: 'Pipeline',
  alarms: 'Alarms',
  runs: 'Runs',
  references: 'References',
  layouts: 'Layouts',
  wall: 'Big screen',
};

/** Small enough for Vite to put it into the script. */
const logo = new URL('./tessera.svg', import.meta.url).href;

export interface Shell {
  readonly root: HTMLElement;
  show(name: ViewName, view: View): void;
  draw(): void;
}

const linkWords = (freshness: Freshness, silentMs: number): string => {
  if (freshness === 'waiting') return 'connecting …';
  if (freshness === 'fresh') return 'live';
  return freshness === 'stale' ? `no news for ${age(silentMs)}` : `connection lost ${age(silentMs)} ago`;
};

export const createShell = (store: Store): Shell => {
  const title = h('p', { class: 'instrument' });
  const run = h('p', { class: 'run' });
  const verdict = h('a', { class: 'verdict-link', href: '#overview' }, badge('null'));
  const link = h('span', { class: 'link', role: 'status', 'aria-live': 'polite' });
  const clock = h('time', { class: 'clock' });
  const theme = h('button', { type: 'button', class: 'quiet', onclick: () => themed(nextTheme()) });
  const themed = (name: string): void => {
    const label = `Colours: ${name === 'system' ? 'as the system' : name}`;
    mark(theme, 'aria-label', label);
    mark(theme, 'title', `${label} (t)`);
    theme.replaceChildren(icon('light'), h('span', { class: 'word' }, name === 'system' ? 'auto' : name));
  };
  theme.id = 'theme';
  themed(themeNow());
  const help = h(
    'button',
    {
      type: 'button',
      class: 'quiet',
      title: 'Keys and signs (?)',
      'aria-label': 'Keys and signs',
      onclick: openHelp,
    },
    icon('help'),
  );
  const counts = new Map<ViewName, HTMLElement>();
  const links = viewNames.map((name) => {
    const count = h('span', { class: 'count', hidden: true });
    counts.set(name, count);
    return h(
      'a',
      { href: hrefOf(name), 'data-view': name },
      icon(name as IconName),
      h('span', {}, names[name]),
      count,
    );
  });
  const banner = h('p', { class: 'banner', role: 'alert', hidden: true });
  const simulated = h('p', { class: 'simulated', hidden: true });
  const main = h('main', { id: 'main', tabindex: '-1' });
  const header = h(
    'header',
    {},
    h(
      'a',
      { class: 'name', href: '#overview', 'aria-label': 'tessera, overview' },
      h('img', { src: logo, alt: '', width: 26, height: 26 }),
      h('span', {}, 'tessera'),
    ),
    h('div', { class: 'what' }, title, run),
    verdict,
    h('div', { class: 'now' }, link, clock),
    h('div', { class: 'tools' }, theme, help),
  );
  const root = h(
    'div',
    { class: 'shell' },
    h(
      'a',
      {
        class: 'skip',
        href: '#main',
        onclick: (event: Event) => {
          event.preventDefault();
          main.focus();
        },
      },
      'to the content',
    ),
    header,
    h('nav', { 'aria-label': 'Views' }, ...links),
    h('div', { class: 'notices' }, banner, simulated),
    main,
  );

  const drawLink = (): void => {
    const { freshness, silentMs } = store;
    mark(document.body, 'data-fresh', freshness);
    put(link, linkWords(freshness, silentMs));
    put(clock, new Date(store.nowMs).toLocaleTimeString('en-GB'));
    const words = {
      waiting: '',
      fresh: '',
      stale: `What you see is ${age(silentMs)} old: the connection stands, but the monitor says nothing.`,
      lost: `What you see is ${age(silentMs)} old: the connection to the monitor broke off. Trying again every second.`,
    }[freshness];
    shown(banner, words !== '');
    put(banner, words);
  };
  const drawBoard = (): void => {
    const { board } = store;
    if (board === null) return;
    put(title, board.instrument.title);
    const { activity } = board;
    put(
      run,
      activity === null
        ? 'no run'
        : `run ${activity.run}, ${activity.activity}, ${activity.stoppedMs === null ? `for ${age(store.nowMs - activity.startedMs)}` : 'stopped'}`,
    );
    setBadge(verdict.firstElementChild as HTMLElement, overallTone(board, store.nowMs));
    mark(verdict, 'title', board.overall.reason);
    const said = board.instrument.simulated;
    shown(simulated, said !== null);
    if (said !== null && !simulated.textContent?.endsWith(said))
      simulated.replaceChildren(h('strong', {}, 'Simulated. '), said);
  };
  const drawCounts = (): void => {
    const open = store.openAlarms.length;
    const count = counts.get('alarms')!;
    shown(count, open > 0);
    put(count, whole(open));
    const bad = store.board?.cells.filter(({ quality }) => quality === 'bad').length ?? 0;
    const lead = bad > 0 ? `${bad} bad` : open > 0 ? `${open} alarms` : '';
    const name = store.board?.instrument.id ?? 'tessera';
    document.title = lead === '' ? `${name} · tessera` : `(${lead}) ${name} · tessera`;
  };

  return {
    root,
    show(name, view) {
      for (const one of links) mark(one, 'aria-current', one.dataset.view === name ? 'page' : null);
      links[viewNames.indexOf(name)]!.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      mark(document.body, 'data-view', name);
      only(main, view.root);
      scrollTo(0, 0);
    },
    draw() {
      drawLink();
      drawBoard();
      drawCounts();
    },
  };
};
