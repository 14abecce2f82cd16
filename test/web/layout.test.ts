/** Layouts as texts: whatever is written is read back, and what is not understood is refused by its place. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
} from '../../src/web/layout/layout.ts';

const text = fc.string({ minLength: 1, maxLength: layoutBounds.text });
const tile: fc.Arbitrary<Tile> = fc.oneof(
  fc.record({
    kind: fc.constant('plot' as const),
    region: text,
    object: text,
    span: fc.constantFrom('cycle' as const, 'moving' as const, 'run' as const),
    compare: fc.constantFrom('none' as const, 'reference' as const, 'ratio' as const, 'pulls' as const),
  }),
  fc.record({
    kind: fc.constant('trend' as const),
    names: fc.array(text, { maxLength: layoutBounds.names }),
  }),
  fc.record({ kind: fc.constantFrom('qualities' as const, 'recent' as const, 'latency' as const) }),
);
const layout: fc.Arbitrary<Layout> = fc.record({
  schema: fc.constant(1 as const),
  tabs: fc.array(
    fc.record({
      title: text,
      columns: fc.integer({ min: 1, max: layoutBounds.columns }),
      tiles: fc.array(tile, { maxLength: layoutBounds.tiles }),
    }),
    { minLength: 1, maxLength: layoutBounds.tabs },
  ),
});

describe('layout', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(layout, (one) => {
        expect(readLayout(writeLayout(one))).toEqual(one);
      }),
    );
  });

  it('is a layout after any change', () => {
    const at = fc.nat({ max: layoutBounds.tabs });
    const change: fc.Arbitrary<(one: Layout) => Layout> = fc.oneof(
      fc.constant(addTab),
      at.map((tab) => (one: Layout) => removeTab(one, tab % one.tabs.length)),
      fc.tuple(at, tile).map(
        ([tab, added]) =>
          (one: Layout) =>
            addTile(one, tab, added),
      ),
      fc.tuple(at, at).map(
        ([tab, i]) =>
          (one: Layout) =>
            removeTile(one, tab, i),
      ),
      fc.tuple(at, at, at).map(
        ([tab, from, to]) =>
          (one: Layout) =>
            moveTile(one, tab, from, to),
      ),
      at.map((tab) => (one: Layout) => changeTab(one, tab, { columns: 1 })),
    );
    fc.assert(
      fc.property(layout, fc.array(change, { maxLength: 30 }), (one, changes) => {
        const after = changes.reduce((now, next) => next(now), one);
        expect(readLayout(writeLayout(after))).toEqual(after);
      }),
    );
  });

  it('moves a tile without losing one', () => {
    fc.assert(
      fc.property(layout, fc.nat(30), fc.nat(30), (one, from, to) => {
        const moved = moveTile(one, 0, from, to);
        const tiles = one.tabs[0]!.tiles;
        const texts = (all: readonly Tile[]) => all.map((tile) => JSON.stringify(tile)).sort();
        expect(texts(moved.tabs[0]!.tiles)).toEqual(texts(tiles));
        if (from < tiles.length && to < tiles.length) expect(moved.tabs[0]!.tiles[to]).toBe(tiles[from]);
      }),
    );
  });

  it.each([
    ['', 'layout: JSON is wanted'],
    ['[]', 'layout: an object is wanted'],
    ['{}', 'layout.schema: 1 is wanted'],
    ['{"schema":1,"tabs":[]}', 'layout.tabs: at least one tab is wanted'],
    ['{"schema":1,"tabs":[{"columns":0}]}', 'layout.tabs[0].columns: a whole number from 1 to 4 is wanted'],
    [
      '{"schema":1,"tabs":[{"title":"a","columns":1,"tiles":[{"kind":"x"}]}]}',
      'layout.tabs[0].tiles[0].kind: one of plot, trend, qualities, recent, latency is wanted',
    ],
    [
      '{"schema":1,"tabs":[{"title":"a","columns":1,"tiles":[{"kind":"plot","region":""}]}]}',
      'layout.tabs[0].tiles[0].region: a text of 1 to 64 letters is wanted',
    ],
  ])('refuses %s', (json, fault) => {
    expect(() => readLayout(json)).toThrow(fault);
  });

  it('begins with an empty tab, and never has none', () => {
    expect(readLayout(writeLayout(emptyLayout))).toEqual(emptyLayout);
    expect(removeTab(emptyLayout, 0)).toEqual(emptyLayout);
  });
});
