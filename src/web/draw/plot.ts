/**
 * One object as a plot that stays up to date: asked for anew with every cycle, drawn by JSROOT, with what it is of in words
 * around it. Refuses to ask while nobody looks.
 */

import type { ObjectShown, Span } from '../../dqm/board.ts';
import { api } from '../api.ts';
import { h, put, shown } from '../parts/dom.ts';
import { timeOfDay, whole } from '../parts/figures.ts';
import { onTheme } from '../parts/theme.ts';
import type { Store } from '../store.ts';
import type { Drawing, Look } from './root.ts';
import { binInWords, type Compare } from './shape.ts';

export interface PlotOf {
  readonly region: string;
  readonly object: string;
  readonly span: Span;
  readonly compare: Compare;
  readonly log?: boolean;
  readonly stats?: boolean;
  /** Number of a past cycle or run; absent: now. */
  readonly version?: string | undefined;
}

export interface Plot {
  readonly root: HTMLElement;
  /** May be called with every frame of the screen; asks only when something is new. `bins` are named below it. */
  show(what: PlotOf, bins?: readonly number[]): void;
  leave(): void;
  /** Ends it for good. */
  close(): void;
  drawing(): Drawing | null;
}

const spanWords: Readonly<Record<Span, string>> = {
  cycle: 'the last cycle',
  moving: 'the last minute',
  run: 'the whole run',
};
const binsNamed = 8;

export const createPlot = (store: Store, { compact }: { readonly compact: boolean }): Plot => {
  const title = h(compact ? 'h3' : 'h2', { class: 'title' });
  const key = h('p', { class: 'key' });
  const area = h('div', { class: 'drawing', 'data-compact': String(compact) });
  const note = h('p', { class: 'note', hidden: true });
  const legend = h(
    'p',
    { class: 'legend', 'aria-hidden': 'true' },
    h('span', { class: 'swatch now' }),
    'now',
    h('span', { class: 'swatch reference' }),
    'reference',
  );
  const bad = h('p', { class: 'key worst', hidden: true });
  const root = h(
    'figure',
    { class: 'plot' },
    h('figcaption', {}, h('div', { class: 'caption' }, title, legend), key),
    area,
    note,
    bad,
  );
  let drawing: Drawing | null = null;
  let asked = '';
  let what: PlotOf | null = null;
  let object: ObjectShown | null = null;
  let bins: readonly number[] = [];

  const say = (text: string): void => {
    put(note, text);
    shown(note, text !== '');
    area.classList.toggle('behind', text !== '');
  };
  const lookOf = ({ compare, log, stats }: PlotOf): Look => ({
    compare,
    log: log ?? false,
    stats: stats ?? false,
    compact,
  });
  const paint = async (): Promise<void> => {
    if (object === null || what === null) return;
    const now = object;
    put(title, `${now.title}, ${now.region === 'all' ? 'all regions' : now.region}`);
    put(
      key,
      `${whole(now.frames)} frames of ${spanWords[now.span]}, until ${timeOfDay(now.untilMs, store.nowMs)}; bins count ${now.unit || 'entries'}`,
    );
    shown(legend, now.axes.length === 1 && now.reference !== null && what.compare !== 'none');
    const named = bins.slice(0, binsNamed).map((bin) => binInWords(now, bin));
    put(
      bad,
      named.length === 0 ? '' : `Worst bins: ${named.join('; ')}${bins.length > binsNamed ? ' …' : ''}`,
    );
    shown(bad, named.length > 0 && !compact);
    area.setAttribute('role', 'img');
    area.setAttribute('aria-label', `${now.title}, ${now.region}: ${whole(now.frames)} frames`);
    shown(area, true);
    const { createDrawing } = await import('./root.ts');
    // It may have been ended while that was loaded.
    if (what === null) return;
    drawing ??= createDrawing(area);
    await drawing.draw(now, lookOf(what));
    say(
      now.frames === 0
        ? 'No frame was looked into in this time.'
        : now.reference === null && what.compare !== 'none'
          ? 'There is no reference to compare with yet.'
          : '',
    );
    note.dataset.kind = 'calm';
  };
  const ask = async (of: PlotOf, as: string): Promise<void> => {
    try {
      const answer = await api.object(of.region, of.object, of.span, of.version);
      if (asked !== as) return;
      object = answer;
      if (answer === null) {
        drawing?.clear();
        for (const part of [area, legend]) shown(part, false);
        put(title, of.object);
        put(key, '');
        say(
          `There is no ${of.object} of ${of.region === 'all' ? 'all regions together' : of.region}${of.version === undefined ? '' : ` kept under ${of.version}`}.`,
        );
      } else await paint();
    } catch (error) {
      if (asked !== as) return;
      // What is drawn stays, faint; where nothing is, there is no empty frame.
      if (object === null) for (const part of [area, legend]) shown(part, false);
      say(error instanceof Error ? error.message : String(error));
      note.dataset.kind = 'fault';
    }
  };
  const unthemed = onTheme(() => void paint());

  return {
    root,
    show(of, named = []) {
      const sameObject =
        what?.region === of.region &&
        what.object === of.object &&
        what.span === of.span &&
        what.version === of.version;
      const cycle = of.version === undefined ? (store.board?.cycle.number ?? 0) : 'kept';
      const as = JSON.stringify([of.region, of.object, of.span, of.version, cycle]);
      const sameLook = JSON.stringify(what) === JSON.stringify(of);
      what = of;
      bins = named;
      if (as !== asked) {
        asked = as;
        if (!sameObject) {
          object = null;
          put(title, 'loading …');
          put(key, '');
          say('');
          shown(area, true);
          area.classList.add('behind');
        }
        void ask(of, as);
      } else if (!sameLook) void paint();
    },
    leave() {
      asked = '';
    },
    close() {
      asked = '';
      what = null;
      unthemed();
      drawing?.close();
    },
    drawing: () => drawing,
  };
};
