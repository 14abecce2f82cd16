/**
 * What is looked at, as the address says it: `#plots?region=tpc_outer_n00&object=adc`. Whoever sends the address sends the
 * view. Refuses nothing: what it does not know is the overview.
 */

export const viewNames = [
  'overview',
  'feed',
  'plots',
  'trends',
  'pipeline',
  'alarms',
  'runs',
  'references',
  'layouts',
  'wall',
] as const;
export type ViewName = (typeof viewNames)[number];

export interface Route {
  readonly view: ViewName;
  readonly query: Readonly<Record<string, string>>;
}

export const parseRoute = (hash: string): Route => {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const view = viewNames.find((name) => name === path) ?? 'overview';
  return { view, query: Object.fromEntries(new URLSearchParams(search)) };
};

export const hrefOf = (
  view: ViewName,
  query: Readonly<Record<string, string | null | undefined>> = {},
): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== '') search.set(name, value);
  const text = search.toString();
  return text === '' ? `#${view}` : `#${view}?${text}`;
};
