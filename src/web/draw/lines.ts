/**
 * Lines over time by uPlot: one chart, some series, a time axis where the reader is, cursors that move together. Refuses to
 * join what was not measured: a gap is a gap.
 */

import uPlot from 'uplot';
import { number3, whole } from '../parts/figures.ts';
import { colourOf, onTheme } from '../parts/theme.ts';

export interface Series {
  readonly name: string;
  readonly atMs: readonly number[];
  readonly values: readonly (number | null)[];
}

export interface Lines {
  readonly root: HTMLElement;
  /** Draws; `fromMs` and `untilMs` are the ends of the axis. */
  set(series: readonly Series[], fromMs: number, untilMs: number): void;
  close(): void;
}

const height = { one: 170, many: 300 } as const;
/** Told apart by eye up to so many; more are drawn alike and told by the cursor. */
const tones = ['late', 'out', 'ratio', 'in', 'heat', 'lag'] as const;

/** Series on one time axis, in seconds, as uPlot wants them. */
const aligned = (series: readonly Series[]): uPlot.AlignedData => {
  if (series.length === 1) return [series[0]!.atMs.map((ms) => ms / 1000), [...series[0]!.values]];
  const tables = series.map(
    ({ atMs, values }): uPlot.AlignedData => [atMs.map((ms) => ms / 1000), [...values]],
  );
  // Points that another series has and this one has not are bridged; what was measured as nothing is a gap.
  return uPlot.join(
    tables,
    tables.map(() => [1]),
  );
};

/** Digits that fit the axis: 0.0012, 12.5, 12,000, 3.4M. */
const tick = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 1e9) return `${number3(value / 1e9)}G`;
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  return size >= 1e3 ? whole(value) : String(Number(value.toPrecision(4)));
};

export const createLines = (title: string, unit: string, syncKey: string): Lines => {
  const root = document.createElement('div');
  root.className = 'lines';
  let chart: uPlot | null = null;
  let madeOf = '';
  let latest: readonly [readonly Series[], number, number] | null = null;

  const make = (series: readonly Series[], data: uPlot.AlignedData): uPlot => {
    const soft = colourOf('soft');
    const grid = { stroke: colourOf('line'), width: 1 };
    const many = series.length > tones.length;
    const font = '11px system-ui, "DejaVu Sans", sans-serif';
    return new uPlot(
      {
        width: Math.max(200, root.clientWidth),
        height: many ? height.many : height.one,
        padding: [10, 30, 0, 0],
        cursor: { sync: { key: syncKey }, focus: { prox: 24 }, points: { size: 6 } },
        focus: { alpha: many ? 0.15 : 0.4 },
        legend: { show: true, live: true, isolate: true },
        scales: {
          x: { time: true },
          y: {
            range: (_chart, min, max) =>
              min === null || max === null ? [0, 1] : uPlot.rangeNum(min, max, 0.1, true),
          },
        },
        axes: [
          {
            stroke: soft,
            grid,
            ticks: grid,
            font,
            values: [
              [3600, '{HH}:{mm}', '\n{D} {MMM}', null, null, null, null, null, 1],
              [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
            ],
            space: 70,
            size: 34,
          },
          {
            stroke: soft,
            grid,
            ticks: grid,
            font,
            size: 62,
            label: unit === '' ? title.replace(/,.*/, '').toLowerCase() : unit,
            labelFont: font,
            labelSize: 16,
            labelGap: 0,
            space: 28,
            values: (_chart, splits) => splits.map(tick),
          },
        ],
        series: [
          {
            label: 'at',
            value: (_chart, at) => (at === null ? '–' : new Date(at * 1000).toLocaleTimeString('en-GB')),
          },
          ...series.map(({ name }, i) => ({
            label: name,
            stroke: colourOf(many ? 'late' : tones[i]!),
            width: many ? 1 : 1.5,
            alpha: many ? 0.6 : 1,
            points: { show: false },
            spanGaps: false,
            value: (_chart: uPlot, value: number | null) =>
              `${number3(value)}${unit === '' || value === null ? '' : ` ${unit}`}`,
          })),
        ],
      },
      data,
      root,
    );
  };
  const draw = (): void => {
    if (latest === null || root.clientWidth === 0) return;
    const [series, fromMs, untilMs] = latest;
    const data = aligned(series);
    const as = JSON.stringify([series.map(({ name }) => name), document.documentElement.dataset.theme]);
    if (chart === null || as !== madeOf) {
      chart?.destroy();
      chart = make(series, data);
      madeOf = as;
    } else chart.setData(data, false);
    chart.setScale('x', { min: fromMs / 1000, max: untilMs / 1000 });
    const last = series[0]?.values.at(-1) ?? null;
    root.setAttribute('role', 'img');
    root.setAttribute(
      'aria-label',
      `${title}: ${series.length} lines; the first is now ${number3(last)} ${unit}`,
    );
  };
  const resized = new ResizeObserver(() => {
    if (root.clientWidth === 0) return;
    if (chart === null) draw();
    else if (Math.abs(chart.width - root.clientWidth) > 1)
      chart.setSize({ width: root.clientWidth, height: chart.height });
  });
  resized.observe(root);
  const unthemed = onTheme(draw);

  return {
    root,
    set(series, fromMs, untilMs) {
      latest = [series, fromMs, untilMs];
      draw();
    },
    close() {
      unthemed();
      resized.disconnect();
      chart?.destroy();
      chart = null;
      latest = null;
    },
  };
};
