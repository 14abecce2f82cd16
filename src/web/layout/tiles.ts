/**
 * What a tile of a layout shows: a plot, trends, the qualities in small, what changed, where the milliseconds go. Refuses
 * to know where it stands.
 */

import type { Lines } from '../draw/lines.ts';
import { createPlot } from '../draw/plot.ts';
import { createTrendHistory } from '../draw/trend_points.ts';
import { createWaterfall } from '../draw/waterfall.ts';
import { go } from '../go.ts';
import { createMatrix } from '../overview/matrix.ts';
import { createRecent } from '../overview/recent.ts';
import { h, only, put } from '../parts/dom.ts';
import { words } from '../parts/figures.ts';
import { badge, overallTone, setBadge } from '../parts/quality.ts';
import { faultState, loadingState } from '../parts/states.ts';
import { hrefOf } from '../route.ts';
import type { Store } from '../store.ts';
import { figuresOf } from '../stream/beats.ts';
import type { Tile } from './layout.ts';

export interface TileWidget {
  readonly root: HTMLElement;
  draw(): void;
  leave(): void;
}

const trendSeconds = 600;
const drawEveryMs = 1_000;

/** What a trend tells and of which region: `tpc_outer_n00: mean ADC`. */
const trendWords = (name: string): string => {
  const [, of = '', ...what] = name.split('/');
  return what.length === 0 ? words(of) : `${of}: ${words(what.join(' '))}`;
};

export const tileTitle = (tile: Tile): string => {
  switch (tile.kind) {
    case 'plot':
      return `${words(tile.object)}, ${tile.region}`;
    case 'trend':
      return tile.names.map(trendWords).join(', ');
    case 'qualities':
      return 'Qualities';
    case 'recent':
      return 'What changed';
    case 'latency':
      return 'Where the milliseconds go';
  }
};

const plotTile = (store: Store, tile: Tile & { kind: 'plot' }): TileWidget => {
  const plot = createPlot(store, { compact: true });
  return {
    root: plot.root,
    draw: () => plot.show(tile),
    leave: () => plot.close(),
  };
};

const trendTile = (store: Store, tile: Tile & { kind: 'trend' }): TileWidget => {
  const root = h('div', {}, loadingState('trends'));
  const past = createTrendHistory(store);
  let lines: Lines | null = null;
  let loading = false;
  let drawnMs = 0;
  const load = async (): Promise<void> => {
    loading = true;
    const { createLines } = await import('../draw/lines.ts');
    lines = createLines(tileTitle(tile), past.unitOf(tile.names[0] ?? ''), 'tiles');
    store.touch();
  };
  return {
    root,
    draw() {
      if (performance.now() - drawnMs < drawEveryMs) return;
      const untilMs = store.nowMs;
      const fromMs = untilMs - trendSeconds * 1000;
      const series = past.series(tile.names, fromMs, untilMs);
      if (past.fault !== null)
        only(
          root,
          faultState(past.fault, () => past.forget()),
        );
      if (series === null) return;
      if (lines === null) {
        if (!loading) void load();
        return;
      }
      only(root, lines.root);
      drawnMs = performance.now();
      lines.set(
        series.map((one) => ({ ...one, name: trendWords(one.name) })),
        fromMs,
        untilMs,
      );
    },
    leave() {
      lines?.close();
      lines = null;
      loading = false;
    },
  };
};

const qualitiesTile = (store: Store): TileWidget => {
  const sign = badge('null');
  const text = h('span');
  const matrix = createMatrix(store, (region, check) => go(hrefOf('overview', { region, check })));
  const root = h('div', { class: 'small-matrix' }, h('p', { class: 'standing' }, sign, text), matrix.root);
  return {
    root,
    draw() {
      const { board } = store;
      if (board === null) return;
      setBadge(sign, overallTone(board, store.nowMs));
      put(text, board.overall.reason);
      matrix.draw(board);
    },
    leave() {},
  };
};

const recentTile = (store: Store): TileWidget => {
  const recent = createRecent(store);
  return {
    root: recent.root,
    draw() {
      if (store.board !== null) recent.draw(store.board);
    },
    leave() {},
  };
};

const latencyTile = (store: Store): TileWidget => {
  const waterfall = createWaterfall();
  return {
    root: waterfall.root,
    draw() {
      const stages = store.services
        .map(({ message }) => figuresOf(message)?.latency ?? [])
        .find((all) => all.some(({ count }) => count > 0));
      waterfall.draw(stages ?? []);
    },
    leave() {},
  };
};

export const createTile = (store: Store, tile: Tile): TileWidget => {
  switch (tile.kind) {
    case 'plot':
      return plotTile(store, tile);
    case 'trend':
      return trendTile(store, tile);
    case 'qualities':
      return qualitiesTile(store);
    case 'recent':
      return recentTile(store);
    case 'latency':
      return latencyTile(store);
  }
};
