/**
 * Layouts: screens a person put together, in tabs, kept on the server under a name, carried as JSON. Tiles are dragged, or
 * moved by buttons. Refuses to save by itself: what others see changes when somebody says so.
 */

import { api } from '../api.ts';
import { go } from '../go.ts';
import { askForTile } from '../layout/add_tile.ts';
import {
  addTab,
  addTile,
  changeTab,
  emptyLayout,
  type Layout,
  layoutBounds,
  moveTile,
  readLayout,
  removeTab,
  removeTile,
  type Tile,
  writeLayout,
} from '../layout/layout.ts';
import { createTile, type TileWidget, tileTitle } from '../layout/tiles.ts';
import { h, keyed, mark, only, put, shown } from '../parts/dom.ts';
import { field, openDialog, options } from '../parts/form.ts';
import { icon } from '../parts/icons.ts';
import { saveFile } from '../parts/save_file.ts';
import { emptyState, faultState, loadingState } from '../parts/states.ts';
import { hrefOf, type Route } from '../route.ts';
import type { Store } from '../store.ts';
import type { View } from '../view.ts';

export const createLayouts = (store: Store): View => {
  const names = h('select', { id: 'layout-name' });
  const columns = h('select', { id: 'layout-columns' });
  options(
    columns,
    Array.from({ length: layoutBounds.columns }, (_, i) => [String(i + 1), String(i + 1)] as const),
  );
  const tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Tabs' });
  const grid = h('div', { class: 'tiles' });
  const said = h('p', { class: 'key', role: 'status' });
  const file = h('input', {
    type: 'file',
    accept: 'application/json,.json',
    class: 'hidden',
    'aria-label': 'A layout as a file',
    tabindex: '-1',
  });
  const button = (text: string, onclick: () => void, name: string) =>
    h('button', { type: 'button', onclick, 'data-act': name }, text);
  const save = button('Save', () => void keep(query.layout), 'save');
  save.classList.add('primary');
  const del = button('Delete', () => void remove(), 'delete');
  const controls = h(
    'form',
    { class: 'controls', onsubmit: (event: Event) => event.preventDefault() },
    field('layout', names),
    field('columns', columns),
    button(
      'Add tile …',
      () => void askForTile((tile) => change(addTile(layout, tabNow(), tile))).catch(complain),
      'add-tile',
    ),
    button('Rename tab …', () => renameTab(), 'rename-tab'),
    button('Remove tab', () => change(removeTab(layout, tabNow())), 'remove-tab'),
    h('span', { class: 'spacer' }),
    said,
    save,
    button('Save as …', () => void saveAs(), 'save-as'),
    button('Export', () => exportFile(), 'export'),
    button('Import …', () => file.click(), 'import'),
    del,
    file,
  );
  const nothing = emptyState(
    'An empty tab',
    'Add tiles: plots, trends, the qualities. Then save the layout under a name, for everybody.',
  );
  const body = h('div', {}, loadingState('the layouts'));
  const root = h('div', {}, h('h1', {}, 'Layouts'), controls, tabs, body);
  let query: Route['query'] = {};
  let known: Readonly<Record<string, string>> | null = null;
  let layout: Layout = emptyLayout;
  let shownName: string | undefined;
  let dirty = false;
  let widgets = new Map<string, TileWidget>();

  const tabNow = (): number => Math.min(layout.tabs.length - 1, Math.max(0, Number(query.tab ?? 0) || 0));
  const complain = (error: unknown): void =>
    put(said, error instanceof Error ? error.message : String(error));
  const change = (next: Layout): void => {
    if (next === layout) return;
    layout = next;
    dirty = true;
    put(said, 'not saved yet');
    drawTiles();
    store.touch();
  };
  names.addEventListener('change', () => go(hrefOf('layouts', { layout: names.value })));
  columns.addEventListener('change', () =>
    change(changeTab(layout, tabNow(), { columns: Number(columns.value) })),
  );
  file.addEventListener('change', async () => {
    const chosen = file.files?.[0];
    file.value = '';
    if (chosen === undefined) return;
    try {
      change(readLayout(await chosen.text()));
      put(said, `${chosen.name} is shown, not saved yet`);
    } catch (error) {
      complain(error);
    }
  });

  const askName = (title: string, value: string, done: (name: string) => void): void => {
    const input = h('input', {
      required: true,
      maxlength: layoutBounds.text,
      value,
      pattern: '[\\p{L}\\p{N} ._\\-]+',
    });
    openDialog(title, 'Done', [field('name', input)], (dialog) => {
      dialog.close();
      done(input.value.trim());
    });
  };
  const renameTab = (): void =>
    askName('Rename the tab', layout.tabs[tabNow()]!.title, (title) =>
      change(changeTab(layout, tabNow(), { title })),
    );
  const saveAs = async (): Promise<void> =>
    askName('Save the layout as', query.layout ?? '', (name) => void keep(name));
  const keep = async (name: string | undefined): Promise<void> => {
    if (name === undefined) return saveAs();
    try {
      await api.saveLayout(name, writeLayout(layout));
      known = await api.layouts();
      dirty = false;
      shownName = name;
      put(said, `saved as ${name}`);
      go(hrefOf('layouts', { layout: name, tab: query.tab }));
      store.touch();
    } catch (error) {
      complain(error);
    }
  };
  const remove = async (): Promise<void> => {
    if (query.layout === undefined || !confirm(`Delete the layout ${query.layout} for everybody?`)) return;
    try {
      await api.deleteLayout(query.layout);
      known = await api.layouts();
      go(hrefOf('layouts'));
    } catch (error) {
      complain(error);
    }
  };
  const exportFile = (): void => {
    const content = new Blob([writeLayout(layout)], { type: 'application/json' });
    saveFile(`${query.layout ?? 'layout'}.json`, content);
  };

  const load = async (): Promise<void> => {
    try {
      known ??= await api.layouts();
      open();
    } catch (error) {
      only(
        body,
        faultState(error, () => void load()),
      );
    }
  };
  const open = (): void => {
    if (known === null) return;
    const name = query.layout;
    if (name !== shownName || (!dirty && name === undefined && layout === emptyLayout)) {
      const text = name === undefined ? undefined : known[name];
      try {
        layout = text === undefined ? emptyLayout : readLayout(text);
        put(said, name !== undefined && text === undefined ? `there is no layout ${name}` : '');
      } catch (error) {
        layout = emptyLayout;
        complain(error);
      }
      dirty = false;
      shownName = name;
    }
    drawTiles();
    store.touch();
  };

  const drawTabs = (): void => {
    const at = tabNow();
    keyed(
      tabs,
      layout.tabs.map((tab, i) => ({ tab, i })),
      ({ i }) => String(i),
      ({ i }) => h('a', { role: 'tab', href: hrefOf('layouts', { layout: query.layout, tab: String(i) }) }),
      (row, { tab, i }) => {
        put(row, tab.title);
        mark(row, 'aria-selected', String(i === at));
        mark(row, 'href', hrefOf('layouts', { layout: query.layout, tab: i === 0 ? undefined : String(i) }));
      },
    );
    if (layout.tabs.length < layoutBounds.tabs)
      tabs.append(
        h(
          'button',
          {
            type: 'button',
            class: 'quiet',
            'data-key': 'add',
            'aria-label': 'Add a tab',
            onclick: () => change(addTab(layout)),
          },
          '+',
        ),
      );
  };
  let dragged: number | null = null;
  const buildTile = (tile: Tile, at: number): HTMLElement => {
    const widget = widgets.get(String(at))!;
    const move = (by: number) => () => change(moveTile(layout, tabNow(), at, at + by));
    const head = h(
      'div',
      { class: 'tile-head', draggable: 'true', title: 'Drag to move' },
      h('h2', {}, tileTitle(tile)),
      h('button', { type: 'button', class: 'quiet', 'aria-label': 'Move back', onclick: move(-1) }, '←'),
      h('button', { type: 'button', class: 'quiet', 'aria-label': 'Move on', onclick: move(1) }, '→'),
      h(
        'button',
        {
          type: 'button',
          class: 'quiet',
          'aria-label': 'Remove',
          onclick: () => change(removeTile(layout, tabNow(), at)),
        },
        icon('close'),
      ),
    );
    const root = h(
      'section',
      { class: 'card tile', 'aria-label': tileTitle(tile), 'data-kind': tile.kind },
      head,
      widget.root,
    );
    head.addEventListener('dragstart', (event) => {
      dragged = at;
      event.dataTransfer?.setData('text/plain', String(at));
    });
    root.addEventListener('dragover', (event) => {
      if (dragged === null) return;
      event.preventDefault();
      root.classList.add('target');
    });
    root.addEventListener('dragleave', () => root.classList.remove('target'));
    root.addEventListener('drop', (event) => {
      event.preventDefault();
      root.classList.remove('target');
      if (dragged !== null) change(moveTile(layout, tabNow(), dragged, at));
      dragged = null;
    });
    return root;
  };
  const drawTiles = (): void => {
    const tab = layout.tabs[tabNow()]!;
    for (const widget of widgets.values()) widget.leave();
    widgets = new Map(tab.tiles.map((tile, i) => [String(i), createTile(store, tile)]));
    grid.style.setProperty('--columns', String(tab.columns));
    grid.replaceChildren(...tab.tiles.map(buildTile));
    columns.value = String(tab.columns);
    only(body, tab.tiles.length === 0 ? nothing : grid);
    drawTabs();
  };

  return {
    root,
    enter(route) {
      query = route.query;
      void load();
    },
    draw() {
      if (known === null) return;
      options(names, [
        ['', 'a new one'],
        ...Object.keys(known)
          .sort()
          .map((name) => [name, name] as const),
      ]);
      if (names !== document.activeElement) names.value = query.layout ?? '';
      for (const one of [save, del]) shown(one, query.layout !== undefined);
      for (const widget of widgets.values()) widget.draw();
    },
    leave() {
      for (const widget of widgets.values()) widget.leave();
      widgets = new Map();
      if (!dirty) {
        known = null;
        shownName = undefined;
        layout = emptyLayout;
      }
    },
  };
};
