/**
 * A frame's projection as a small picture: a cell a pixel, on a canvas, with named axes around it. Refuses colours without
 * a scale: it stands above the picture, from nothing to the largest value.
 */

import type { ProjectionShown } from '../../dqm/board.ts';
import { h, put, shown } from '../parts/dom.ts';
import { number3, percent } from '../parts/figures.ts';
import { colourOf, heatSteps } from '../parts/theme.ts';

const channels = (colour: string): readonly [number, number, number] => {
  const value = Number.parseInt(colour.replace('#', ''), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
};

/** Nine steps of the style sheet's scale, from nothing to the most. */
const ramp = (): readonly (readonly [number, number, number])[] =>
  heatSteps.map((step) => channels(colourOf(`heat-${step}`)));

const paint = (canvas: HTMLCanvasElement, { across, up, values }: ProjectionShown, most: number): void => {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const image = context.createImageData(across.size, up.size);
  const steps = ramp();
  for (let y = 0; y < up.size; y++)
    for (let x = 0; x < across.size; x++) {
      const value = values[y * across.size + x] ?? 0;
      // The root brings faint hits out: half the scale is a quarter of the most.
      const share = most > 0 ? Math.sqrt(Math.max(0, value) / most) : 0;
      const [r, g, b] = steps[value > 0 ? Math.max(1, Math.round(share * 8)) : 0]!;
      // The first row lies at the bottom, as in a plot.
      const at = ((up.size - 1 - y) * across.size + x) * 4;
      image.data[at] = r;
      image.data[at + 1] = g;
      image.data[at + 2] = b;
      image.data[at + 3] = 255;
    }
  context.putImageData(image, 0, 0);
};

/** Cells are numbered, as places are told everywhere: what has a unit is a bin of it here. */
const named = ({ name, unit }: ProjectionShown['across']): string => (unit === '' ? name : `${name} bin`);

/** @param unit what a cell holds; 'share' is said in percent */
export const projection = (drawn: ProjectionShown, title: string, unit: string): HTMLElement => {
  const said = (value: number): string => (unit === 'share' ? percent(value) : `${number3(value)} ${unit}`);
  const { across, up, values } = drawn;
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  const filled = values.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
  const canvas = h('canvas', {
    width: across.size,
    height: up.size,
    role: 'img',
    'aria-label': `${title}: ${filled} of ${values.length} cells filled, the largest ${said(most)}`,
  });
  paint(canvas, drawn, most);
  const steps = heatSteps.slice(1).map((step) => h('i', { style: `background: var(--heat-${step})` }));
  const scale = h('span', { class: 'heat' }, '0', h('span', { 'aria-hidden': 'true' }, ...steps), said(most));
  const under = h('span', { hidden: true });
  const read = h('span', { class: 'read' }, scale, under);
  const pointAt = (text: string): void => {
    put(under, text);
    shown(under, text !== '');
    shown(scale, text === '');
  };
  canvas.addEventListener('pointermove', (event) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.min(
      across.size - 1,
      Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * across.size)),
    );
    const y = Math.min(
      up.size - 1,
      Math.max(0, up.size - 1 - Math.floor(((event.clientY - box.top) / box.height) * up.size)),
    );
    pointAt(`${across.name} ${x}, ${up.name} ${y}: ${said(values[y * across.size + x] ?? 0)}`);
  });
  canvas.addEventListener('pointerleave', () => pointAt(''));
  return h(
    'figure',
    { class: 'projection' },
    h('figcaption', {}, h('b', {}, title), read),
    h(
      'div',
      { class: 'axes' },
      h('span', { class: 'up' }, h('span', {}, named(up))),
      canvas,
      h('span', { class: 'ends up-ends' }, h('span', {}, String(up.size - 1)), h('span', {}, '0')),
      h(
        'span',
        { class: 'ends' },
        h('span', {}, '0'),
        h('span', {}, named(across)),
        h('span', {}, String(across.size - 1)),
      ),
    ),
  );
};
