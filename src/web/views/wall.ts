/**
 * The big screen: the views one after the other, without menus, readable from across the room; first what is worst. Refuses
 * to stay on a view that has nothing to show.
 */

import { createFeed } from '../anomalies/feed.ts';
import { go } from '../go.ts';
import { createOverview } from '../overview/overview.ts';
import { h, mark, only, put } from '../parts/dom.ts';
import { toneOf, toneOrder } from '../parts/quality.ts';
import { hrefOf, type Route } from '../route.ts';
import type { Store } from '../store.ts';
import type { View } from '../view.ts';
import { createAlarms } from './alarms.ts';
import { createPipeline } from './pipeline.ts';
import { createPlots } from './plots.ts';
import { createTrends } from './trends.ts';

const secondsEach = 20;
const makers = {
  overview: createOverview,
  plots: createPlots,
  alarms: createAlarms,
  pipeline: createPipeline,
  feed: createFeed,
  trends: createTrends,
} as const;
type SlideName = keyof typeof makers;

interface Slide {
  readonly name: SlideName;
  readonly query: Readonly<Record<string, string>>;
}

/** What is worth showing now: the matrix always, the worst cells' plots, alarms when there are any. */
const slidesNow = (store: Store): readonly Slide[] => {
  const { board } = store;
  const worst = (board?.cells ?? [])
    .filter((cell) => cell.object !== null && (cell.quality === 'bad' || cell.quality === 'medium'))
    .map((cell) => ({ cell, order: toneOrder[toneOf(cell, store.nowMs, board!.staleAfterMs)] }))
    .sort((a, b) => a.order - b.order || b.cell.sinceMs - a.cell.sinceMs)[0]?.cell;
  return [
    { name: 'overview', query: {} },
    ...(worst === undefined
      ? []
      : [
          {
            name: 'plots',
            query: { region: worst.region, object: worst.object!, compare: 'pulls' },
          } as const,
        ]),
    ...(store.openAlarms.length > 0 ? [{ name: 'alarms', query: {} } as const] : []),
    { name: 'pipeline', query: {} },
    { name: 'feed', query: { order: 'cause' } },
    { name: 'trends', query: { region: 'service' } },
  ];
};

export const createWall = (store: Store): View => {
  const views = new Map<SlideName, View>();
  const stage = h('div', { class: 'stage' });
  const steps = h('p', { class: 'steps', 'aria-hidden': 'true' });
  const pause = h('button', { type: 'button', class: 'quiet', onclick: () => hold(!held) }, 'hold');
  const root = h(
    'div',
    { class: 'wall' },
    stage,
    h(
      'div',
      { class: 'wall-foot' },
      steps,
      pause,
      h('button', { type: 'button', class: 'quiet', onclick: () => void full() }, 'whole screen'),
      h('a', { href: hrefOf('overview') }, 'leave (Esc)'),
    ),
  );
  let slides: readonly Slide[] = [];
  let at = 0;
  let shown: View | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  let held = false;

  const hold = (is: boolean): void => {
    held = is;
    put(pause, is ? 'go on' : 'hold');
  };
  const full = async (): Promise<void> => {
    if (document.fullscreenElement === null) await document.documentElement.requestFullscreen();
    else await document.exitFullscreen();
  };
  const show = (next: number): void => {
    slides = slidesNow(store);
    at = (next + slides.length) % slides.length;
    const { name, query } = slides[at]!;
    shown?.leave();
    const view = views.get(name) ?? makers[name](store);
    views.set(name, view);
    shown = view;
    only(stage, view.root);
    mark(root, 'data-slide', name);
    view.enter({ view: name, query });
    view.draw();
    put(steps, slides.map((_slide, i) => (i === at ? '●' : '○')).join(' '));
  };

  return {
    root,
    enter({ query }: Route) {
      clearInterval(timer);
      const seconds = Number(query.every) || secondsEach;
      timer = setInterval(() => {
        if (!held) show(at + 1);
      }, Math.max(2, seconds) * 1000);
      show(Number(query.slide) || 0);
    },
    draw() {
      shown?.draw();
    },
    leave() {
      clearInterval(timer);
      shown?.leave();
    },
    key({ key }) {
      if (key === 'Escape') go(hrefOf('overview'));
      else if (key === ' ') hold(!held);
      else if (key === 'ArrowRight' || key === 'n') show(at + 1);
      else if (key === 'ArrowLeft') show(at - 1);
      else if (key === 'f') void full();
      else return false;
      return true;
    },
  };
};
