/**
 * A layout: tabs of tiles in columns, as a person put them together; and its text, which may come from a file somebody
 * else made. Pure. Refuses what it does not understand, with a sentence that names the place.
 */

import type { Span } from '../../dqm/board.ts';
import type { Compare } from '../draw/shape.ts';

export type Tile =
  | {
      readonly kind: 'plot';
      readonly region: string;
      readonly object: string;
      readonly span: Span;
      readonly compare: Compare;
    }
  | { readonly kind: 'trend'; readonly names: readonly string[] }
  | { readonly kind: 'qualities' | 'recent' | 'latency' };

export interface Tab {
  readonly title: string;
  readonly columns: number;
  readonly tiles: readonly Tile[];
}

export interface Layout {
  readonly schema: 1;
  readonly tabs: readonly Tab[];
}

/** More than a screen holds; a browser draws as many plots a cycle without falling behind. */
export const layoutBounds = { tabs: 12, tiles: 24, columns: 4, names: 24, text: 64 } as const;

export const emptyLayout: Layout = { schema: 1, tabs: [{ title: 'Tab 1', columns: 2, tiles: [] }] };

const spans: readonly Span[] = ['cycle', 'moving', 'run'];
const compares: readonly Compare[] = ['none', 'reference', 'ratio', 'pulls'];

const wrong = (where: string, wanted: string): never => {
  throw new Error(`${where}: ${wanted}`);
};
const record = (value: unknown, where: string): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : wrong(where, 'an object is wanted');
const text = (value: unknown, where: string): string =>
  typeof value === 'string' && value !== '' && value.length <= layoutBounds.text
    ? value
    : wrong(where, `a text of 1 to ${layoutBounds.text} letters is wanted`);
const list = (value: unknown, where: string, most: number): readonly unknown[] =>
  Array.isArray(value) && value.length <= most ? value : wrong(where, `a list of at most ${most} is wanted`);
const oneOf = <Name extends string>(value: unknown, where: string, names: readonly Name[]): Name =>
  names.find((name) => name === value) ?? wrong(where, `one of ${names.join(', ')} is wanted`);

const tileOf = (value: unknown, where: string): Tile => {
  const tile = record(value, where);
  const kind = oneOf(tile.kind, `${where}.kind`, [
    'plot',
    'trend',
    'qualities',
    'recent',
    'latency',
  ] as const);
  if (kind === 'plot')
    return {
      kind,
      region: text(tile.region, `${where}.region`),
      object: text(tile.object, `${where}.object`),
      span: oneOf(tile.span, `${where}.span`, spans),
      compare: oneOf(tile.compare, `${where}.compare`, compares),
    };
  if (kind === 'trend')
    return {
      kind,
      names: list(tile.names, `${where}.names`, layoutBounds.names).map((name, i) =>
        text(name, `${where}.names[${i}]`),
      ),
    };
  return { kind };
};

const tabOf = (value: unknown, where: string): Tab => {
  const tab = record(value, where);
  const { columns } = tab;
  if (!Number.isInteger(columns) || (columns as number) < 1 || (columns as number) > layoutBounds.columns)
    wrong(`${where}.columns`, `a whole number from 1 to ${layoutBounds.columns} is wanted`);
  return {
    title: text(tab.title, `${where}.title`),
    columns: columns as number,
    tiles: list(tab.tiles, `${where}.tiles`, layoutBounds.tiles).map((tile, i) =>
      tileOf(tile, `${where}.tiles[${i}]`),
    ),
  };
};

/** @throws Error that names the place and what is wanted there */
export const readLayout = (json: string): Layout => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return wrong('layout', 'JSON is wanted');
  }
  const layout = record(value, 'layout');
  if (layout.schema !== 1) wrong('layout.schema', '1 is wanted');
  const tabs = list(layout.tabs, 'layout.tabs', layoutBounds.tabs).map((tab, i) =>
    tabOf(tab, `layout.tabs[${i}]`),
  );
  if (tabs.length === 0) wrong('layout.tabs', 'at least one tab is wanted');
  return { schema: 1, tabs };
};

export const writeLayout = (layout: Layout): string => JSON.stringify(layout, null, 2);

const withTab = (layout: Layout, at: number, change: (tab: Tab) => Tab): Layout => ({
  ...layout,
  tabs: layout.tabs.map((tab, i) => (i === at ? change(tab) : tab)),
});

export const changeTab = (layout: Layout, at: number, patch: Partial<Tab>): Layout =>
  withTab(layout, at, (tab) => ({ ...tab, ...patch }));
export const addTab = (layout: Layout): Layout =>
  layout.tabs.length >= layoutBounds.tabs
    ? layout
    : {
        ...layout,
        tabs: [...layout.tabs, { title: `Tab ${layout.tabs.length + 1}`, columns: 2, tiles: [] }],
      };
export const removeTab = (layout: Layout, at: number): Layout =>
  layout.tabs.length === 1 ? emptyLayout : { ...layout, tabs: layout.tabs.filter((_tab, i) => i !== at) };
export const addTile = (layout: Layout, at: number, tile: Tile): Layout =>
  withTab(layout, at, (tab) => ({ ...tab, tiles: [...tab.tiles, tile].slice(0, layoutBounds.tiles) }));
export const removeTile = (layout: Layout, at: number, tile: number): Layout =>
  withTab(layout, at, (tab) => ({ ...tab, tiles: tab.tiles.filter((_tile, i) => i !== tile) }));

/** Takes a tile out and puts it where another is; the others close up. */
export const moveTile = (layout: Layout, at: number, from: number, to: number): Layout =>
  withTab(layout, at, (tab) => {
    const moved = tab.tiles[from];
    if (moved === undefined || to < 0 || to >= tab.tiles.length) return tab;
    const tiles = tab.tiles.filter((_tile, i) => i !== from);
    return { ...tab, tiles: [...tiles.slice(0, to), moved, ...tiles.slice(to)] };
  });
