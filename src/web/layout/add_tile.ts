/**
 * The dialog that adds a tile: what kind, and of what. Refuses a choice that the monitor does not have.
 */

import { api } from '../api.ts';
import { h, shown } from '../parts/dom.ts';
import { words } from '../parts/figures.ts';
import { field, openDialog, options } from '../parts/form.ts';
import type { Tile } from './layout.ts';

const kinds = [
  ['plot', 'plot of an object'],
  ['trend', 'trend'],
  ['qualities', 'qualities by region and check'],
  ['recent', 'what changed, alarms, unusual frames'],
  ['latency', 'where the milliseconds go'],
] as const;
const spans = [
  ['moving', 'last minute'],
  ['cycle', 'last cycle'],
  ['run', 'whole run'],
] as const;
const compares = [
  ['reference', 'reference'],
  ['pulls', 'pulls'],
  ['ratio', 'ratio'],
  ['none', 'nothing'],
] as const;

/** The same select with a type that says which values it has. */
const selectOf = <Value extends string>(name: string, rows: readonly (readonly [Value, string])[]) => {
  const select = h('select', { name });
  options(select, rows);
  return { select, value: (): Value => select.value as Value };
};

export const askForTile = async (add: (tile: Tile) => void): Promise<void> => {
  const [tree, trends] = await Promise.all([api.objectTree(), api.trendNames()]);
  const kind = selectOf('kind', kinds);
  const region = selectOf(
    'region',
    tree.map((one) => [one.region, one.region] as const),
  );
  const object = h('select', { name: 'object' });
  const span = selectOf('span', spans);
  const compare = selectOf('compare', compares);
  const trend = selectOf(
    'trend',
    trends.map(({ name }) => [name, words(name.replaceAll('/', ' '))] as const),
  );
  const plotFields = h(
    'div',
    { class: 'fields' },
    field('region', region.select),
    field('object', object),
    field('of', span.select),
    field('beside', compare.select),
  );
  const trendFields = h('div', { class: 'fields' }, field('trend', trend.select));
  const fill = (): void => {
    const objects = tree.find((one) => one.region === region.value())?.objects ?? [];
    options(
      object,
      objects.map((name) => [name, words(name)]),
    );
    shown(plotFields, kind.value() === 'plot');
    shown(trendFields, kind.value() === 'trend');
  };
  kind.select.addEventListener('change', fill);
  region.select.addEventListener('change', fill);
  fill();
  const made = (): Tile => {
    const of = kind.value();
    if (of === 'plot')
      return {
        kind: of,
        region: region.value(),
        object: object.value,
        span: span.value(),
        compare: compare.value(),
      };
    return of === 'trend' ? { kind: of, names: [trend.value()] } : { kind: of };
  };
  openDialog('Add a tile', 'Add', [field('what', kind.select), plotFields, trendFields], (dialog) => {
    add(made());
    dialog.close();
  });
};
