/**
 * Plots as inline SVG, so that a report is one file that opens anywhere: curves with error bars over a linear or
 * logarithmic scale. Refuses values that are no numbers by leaving them out.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Ends of the error bar, where there is one. */
  readonly low?: number;
  readonly high?: number;
}

export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
  readonly dashed?: boolean;
}

export interface Scale {
  readonly title: string;
  readonly log?: boolean;
  /** Ends of the axis; without them what the curves need. */
  readonly from?: number;
  readonly to?: number;
}

export interface Plot {
  readonly title: string;
  readonly x: Scale;
  readonly y: Scale;
  readonly curves: readonly Curve[];
  /** Horizontal lines to read against. */
  readonly levels?: readonly number[];
}

const [width, height] = [420, 280];
const edge = { left: 58, right: 12, top: 26, bottom: 42 };
/** Okabe and Ito's palette, told apart by the colour-blind too (jfly.uni-koeln.de/color). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000'];

const text = (raw: string): string =>
  raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

interface Ruler {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Steps of 1, 2 or 5 times a power of ten: some five of them. */
const linearTicks = (from: number, to: number): number[] => {
  const rough = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? rough;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
};

const logTicks = (from: number, to: number): number[] => {
  const [first, last] = [Math.ceil(Math.log10(from) - 1e-9), Math.floor(Math.log10(to) + 1e-9)];
  const decades = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i));
  return decades.length >= 2 ? decades : [from, ...decades, to];
};

const rulerOf = (scale: Scale, values: readonly number[], begin: number, end: number): Ruler => {
  const usable = values.filter((value) => Number.isFinite(value) && (scale.log !== true || value > 0));
  let from = scale.from ?? Math.min(...usable);
  let to = scale.to ?? Math.max(...usable);
  if (!(Number.isFinite(from) && Number.isFinite(to))) [from, to] = [scale.log === true ? 1 : 0, 10];
  if (from === to) [from, to] = scale.log === true ? [from / 2, to * 2] : [from - 1, to + 1];
  const place =
    scale.log === true ? (value: number) => Math.log(Math.max(value, from)) : (value: number) => value;
  const [low, high] = [place(from), place(to)];
  return {
    at: (value) =>
      begin + ((Math.min(Math.max(place(value), low), high) - low) / (high - low)) * (end - begin),
    ticks: scale.log === true ? logTicks(from, to) : linearTicks(from, to),
  };
};

const label = (value: number): string =>
  value !== 0 && (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3)
    ? value.toExponential(0)
    : String(Number(value.toPrecision(4)));

const curveSvg = (curve: Curve, colour: string, x: Ruler, y: Ruler): string => {
  const points = curve.points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  const place = (point: Point) => `${x.at(point.x).toFixed(1)},${y.at(point.y).toFixed(1)}`;
  const bars = points
    .filter(({ low, high }) => low !== undefined && high !== undefined)
    .map(({ x: at, low, high }) => {
      const [px, from, to] = [x.at(at), y.at(low!), y.at(high!)].map((n) => n.toFixed(1));
      return `<line x1="${px}" x2="${px}" y1="${from}" y2="${to}" stroke="${colour}" stroke-width="1"/>`;
    });
  const dash = curve.dashed === true ? ' stroke-dasharray="5 3"' : '';
  const line = `<polyline fill="none" stroke="${colour}" stroke-width="1.6"${dash} points="${points.map(place).join(' ')}"/>`;
  const dots = points.map((point) => {
    const [cx, cy] = place(point).split(',');
    return `<circle cx="${cx}" cy="${cy}" r="2.2" fill="${colour}"/>`;
  });
  return [...bars, line, ...(points.length > 60 ? [] : dots)].join('');
};

export const plotSvg = ({ title, x, y, curves, levels = [] }: Plot): string => {
  const points = curves.flatMap((curve) => curve.points);
  const [right, bottom] = [width - edge.right, height - edge.bottom];
  const xRuler = rulerOf(
    x,
    points.map((point) => point.x),
    edge.left,
    right,
  );
  const yValues = points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]);
  const yRuler = rulerOf(y, yValues, bottom, edge.top);
  const grid = [
    ...xRuler.ticks.map((tick) => {
      const at = xRuler.at(tick).toFixed(1);
      return `<line x1="${at}" x2="${at}" y1="${edge.top}" y2="${bottom}" stroke="#e3e3e3"/><text x="${at}" y="${bottom + 14}" text-anchor="middle">${label(tick)}</text>`;
    }),
    ...yRuler.ticks.map((tick) => {
      const at = yRuler.at(tick).toFixed(1);
      return `<line x1="${edge.left}" x2="${right}" y1="${at}" y2="${at}" stroke="#e3e3e3"/><text x="${edge.left - 5}" y="${at}" text-anchor="end" dominant-baseline="middle">${label(tick)}</text>`;
    }),
    ...levels.map((level) => {
      const at = yRuler.at(level).toFixed(1);
      return `<line x1="${edge.left}" x2="${right}" y1="${at}" y2="${at}" stroke="#999" stroke-dasharray="2 3"/>`;
    }),
  ];
  const drawn = curves.map((curve, i) => curveSvg(curve, colours[i % colours.length]!, xRuler, yRuler));
  const names = curves.map(
    ({ name }, i) =>
      `<text x="${edge.left + 8}" y="${edge.top + 12 + 13 * i}" fill="${colours[i % colours.length]}">${text(name)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="10" fill="#333">`,
    `<text x="${width / 2}" y="15" text-anchor="middle" font-size="12">${text(title)}</text>`,
    ...grid,
    `<rect x="${edge.left}" y="${edge.top}" width="${right - edge.left}" height="${bottom - edge.top}" fill="none" stroke="#666"/>`,
    ...drawn,
    ...names,
    `<text x="${(edge.left + right) / 2}" y="${height - 8}" text-anchor="middle">${text(x.title)}</text>`,
    `<text transform="translate(13 ${(edge.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${text(y.title)}</text>`,
    '</svg>',
  ].join('');
};
