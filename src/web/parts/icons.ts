/**
 * Signs: one for each quality (a shape of its own, so that colour is never alone) and one for each view. Refuses fonts: a
 * sign is the same on every machine.
 */

import { svg } from './dom.ts';

const paths = {
  good: 'M4 10.5l4 4 8-9',
  medium: 'M10 3.5l7.5 13h-15zM10 8.5v3.6M10 14.2v.3',
  bad: 'M4.5 4.5l11 11M15.5 4.5l-11 11',
  null: 'M5 10h10',
  old: 'M10 4.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M10 7v3l2 1.6',
  overview: 'M3 3h5v5H3zM12 3h5v5h-5zM3 12h5v5H3zM12 12h5v5h-5z',
  feed: 'M2 11h3l2-6 4 11 3-8 1.5 3H18',
  plots: 'M3 17V4M3 17h14M6 14v-4M9.5 14V6M13 14v-2.500M16 14V9',
  trends: 'M3 4v13h14M5.500 13l3.500-4 3 2 4.500-6',
  pipeline: 'M2.500 6h6v8h-6zM11.500 6h6v8h-6zM8.500 10h3',
  alarms: 'M5 14V9a5 5 0 0 1 10 0v5l1.500 1.500h-13zM8.500 17.500h3',
  runs: 'M4 5h12M4 10h12M4 15h8',
  references: 'M4 3.500h9l3 3v10H4zM7 9h6M7 12.500h6',
  layouts: 'M3 3h14v14H3zM3 8h14M10 8v9',
  wall: 'M2.500 4h15v10h-15zM7 17h6',
  help: 'M7.300 7.500a2.700 2.700 0 1 1 3.900 2.400c-.8.5-1.200 1-1.200 2M10 14.800v.3',
  light:
    'M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7M10 2v2M10 16v2M2 10h2M16 10h2M4.300 4.300l1.400 1.400M14.300 14.300l1.400 1.400M4.300 15.700l1.400-1.400M14.300 5.700l1.400-1.400',
  close: 'M5 5l10 10M15 5L5 15',
} as const;
export type IconName = keyof typeof paths;

export const icon = (name: IconName): SVGSVGElement =>
  svg('svg', { class: 'icon', viewBox: '0 0 20 20', 'aria-hidden': 'true' }, svg('path', { d: paths[name] }));
