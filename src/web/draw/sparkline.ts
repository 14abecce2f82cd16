/**
 * A small line over the last two minutes, in SVG by hand, with a scale, its ends named, and a reading under the pointer.
 * Refuses to interpolate: a second in which nothing was measured is a gap.
 */

import { svg } from '../parts/dom.ts';

const secondsShown = 120;
const height = 58;

/** The next of 1, 1.5, 2, 3 … above a value, so that the scale does not jump with every second. */
export const niceTop = (value: number): number => {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 5, 7.5, 10].map((step) => step * power).find((step) => step >= value * 0.999)!;
};

type Values = readonly (number | null)[];
type Point = readonly [number, number];
const point = ([x, y]: Point): string => `${x.toFixed(1)},${y.toFixed(1)}`;

/** Unbroken runs of measured points as path text, in a box of width × height. */
const paths = (
  values: Values,
  top: number,
  width: number,
): { readonly line: string; readonly area: string } => {
  const runs: Point[][] = [];
  let run: Point[] = [];
  values.forEach((value, i) => {
    if (value === null) {
      if (run.length > 0) runs.push(run);
      run = [];
      return;
    }
    const x = width - ((values.length - 1 - i) * width) / (secondsShown - 1);
    run.push([x, height - (Math.min(value, top) / top) * height]);
  });
  if (run.length > 0) runs.push(run);
  // A lone point would be invisible as a line: it is drawn a pixel long.
  const widened = runs.map((one) =>
    one.length === 1 ? [one[0]!, [one[0]![0] + 1, one[0]![1]] as const] : one,
  );
  return {
    line: widened.map((one) => `M${one.map(point).join('L')}`).join(''),
    area: widened
      .map(
        (one) =>
          `M${point([one[0]![0], height])}L${one.map(point).join('L')}L${point([one.at(-1)![0], height])}Z`,
      )
      .join(''),
  };
};

export interface SparkData {
  readonly name: string;
  /** One a second, newest last. */
  readonly values: Values;
  readonly second?: Values;
  readonly limit?: number | undefined;
  readonly show: (value: number | null) => string;
}

export interface Sparkline {
  readonly root: SVGSVGElement;
  draw(data: SparkData): void;
}

export const createSparkline = (tone: string): Sparkline => {
  const root = svg('svg', { class: 'spark', role: 'img', style: `--tone: var(--${tone})` });
  let data: SparkData | null = null;
  let pointed: number | null = null;

  const draw = (): void => {
    if (data === null) return;
    const { name, values, second, limit, show } = data;
    const width = root.clientWidth || 280;
    const measured = values.filter((value) => value !== null);
    const highest = Math.max(0, ...measured, ...(second ?? []).filter((value) => value !== null));
    // The limit is drawn only once the values come near it; far above, it would flatten them to nothing.
    const near = limit !== undefined && highest > limit / 3 ? limit : undefined;
    const top = niceTop(Math.max(highest, near ?? 0));
    const y = (value: number): number => height - (value / top) * height;
    const { line, area } = paths(values, top, width);
    const across = (at: number, kind: string): SVGElement =>
      svg('line', { class: kind, x1: 0, x2: width, y1: at, y2: at });
    const parts: SVGElement[] = [
      ...[0.5, height / 2, height].map((at) => across(at, 'grid')),
      svg('path', { class: 'area', d: area }),
      svg('path', { class: 'line', d: line }),
      ...(second === undefined ? [] : [svg('path', { class: 'second', d: paths(second, top, width).line })]),
      ...(near === undefined ? [] : [across(y(near), 'limit')]),
      svg('text', { x: 0, y: -4 }, show(top)),
      svg('text', { x: 0, y: height + 13 }, '2 min ago'),
      svg('text', { x: width, y: height + 13, 'text-anchor': 'end' }, 'now'),
    ];
    if (pointed !== null) {
      const back = Math.round((1 - pointed) * (secondsShown - 1));
      const value = values.at(-1 - back);
      const x = width - (back * width) / (secondsShown - 1);
      const isRight = pointed > 0.5;
      parts.push(
        svg('line', { class: 'at', x1: x, x2: x, y1: 0, y2: height }),
        svg(
          'text',
          { class: 'read', x: x + (isRight ? -5 : 5), y: 12, 'text-anchor': isRight ? 'end' : 'start' },
          value === undefined ? 'before this page opened' : `${show(value)}, ${back} s ago`,
        ),
      );
    }
    root.setAttribute('viewBox', `0 -14 ${width} ${height + 30}`);
    root.setAttribute(
      'aria-label',
      `${name}, last two minutes: now ${show(values.at(-1) ?? null)}, highest ${show(measured.length > 0 ? highest : null)}`,
    );
    root.replaceChildren(...parts);
  };
  root.addEventListener('pointermove', (event) => {
    const box = root.getBoundingClientRect();
    pointed = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    draw();
  });
  root.addEventListener('pointerleave', () => {
    pointed = null;
    draw();
  });
  return {
    root,
    draw(next) {
      data = next;
      draw();
    },
  };
};
