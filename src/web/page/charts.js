/**
 * The two drawings of the page, in SVG by hand: a line over the last two minutes and a small heat map of
 * patches. It refuses to interpolate: a second in which nothing was measured is a gap.
 */

const namespace = 'http://www.w3.org/2000/svg';
const secondsShown = 120;

export const svg = (name, attributes = {}, text) => {
  const element = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
};

/** The next of 1, 2, 5, 10 … above a value, so that the scale does not jump with every second. */
export const niceTop = (value) => {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 5, 7.5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
};

/** Unbroken runs of measured points as path text, in a box of width × height. */
const paths = (values, top, width, height) => {
  const runs = [];
  let run = [];
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
  const point = ([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`;
  // A lone point would be invisible as a line: it is drawn a pixel long.
  const widened = runs.map((one) => (one.length === 1 ? [one[0], [one[0][0] + 1, one[0][1]]] : one));
  return {
    line: widened.map((one) => `M${one.map(point).join('L')}`).join(''),
    area: widened
      .map(
        (one) =>
          `M${point([one[0][0], height])}L${one.map(point).join('L')}L${point([one.at(-1)[0], height])}Z`,
      )
      .join(''),
  };
};

/**
 * Draws `values` (one a second, newest last) and keeps a reading under the pointer.
 * @param chart the <svg> to fill
 * @param {{values: (number|null)[], second?: (number|null)[], limit?: number, name: string,
 *   show: (value: number|null) => string}} data
 */
export const drawLine = (chart, data) => {
  const width = chart.clientWidth || 300;
  const height = 62;
  const measured = data.values.filter((value) => value !== null);
  const highest = Math.max(0, ...measured, ...(data.second ?? []).filter((value) => value !== null));
  // The limit is drawn only once the values come near it; far above, it would flatten them to nothing.
  const limit = data.limit !== undefined && highest > data.limit / 3 ? data.limit : undefined;
  const top = niceTop(Math.max(highest, limit ?? 0));
  const line = paths(data.values, top, width, height);
  const y = (value) => height - (value / top) * height;
  const parts = [
    svg('line', { class: 'grid', x1: 0, x2: width, y1: 0.5, y2: 0.5 }),
    svg('line', { class: 'grid', x1: 0, x2: width, y1: height / 2, y2: height / 2 }),
    svg('line', { class: 'grid', x1: 0, x2: width, y1: height, y2: height }),
    svg('path', { class: 'area', d: line.area }),
    svg('path', { class: 'line', d: line.line }),
  ];
  if (data.second !== undefined)
    parts.push(svg('path', { class: 'second', d: paths(data.second, top, width, height).line }));
  if (limit !== undefined)
    parts.push(svg('line', { class: 'limit', x1: 0, x2: width, y1: y(limit), y2: y(limit) }));
  parts.push(
    svg('text', { x: 0, y: -4 }, data.show(top)),
    svg('text', { x: 0, y: height + 13 }, '2 min ago'),
    svg('text', { x: width, y: height + 13, 'text-anchor': 'end' }, 'now'),
  );
  const pointed = chart.pointedShare;
  if (pointed !== undefined) {
    const back = Math.round((1 - pointed) * (secondsShown - 1));
    const value = data.values.at(-1 - back);
    const x = width - (back * width) / (secondsShown - 1);
    const text = value === undefined ? 'before the start' : `${data.show(value)}, ${back} s ago`;
    const anchor = pointed > 0.5 ? 'end' : 'start';
    parts.push(
      svg('line', { class: 'at', x1: x, x2: x, y1: 0, y2: height }),
      svg('text', { class: 'read', x: x + (pointed > 0.5 ? -5 : 5), y: 12, 'text-anchor': anchor }, text),
    );
  }
  chart.setAttribute('viewBox', `0 -14 ${width} ${height + 30}`);
  const latest = data.values.at(-1) ?? null;
  chart.setAttribute(
    'aria-label',
    `${data.name}, last two minutes: now ${data.show(latest)}, highest ${data.show(measured.length > 0 ? highest : null)}`,
  );
  chart.replaceChildren(...parts);
};

/** Lets a pointer read a chart: `redraw` is called as it moves and leaves. */
export const readable = (chart, redraw) => {
  chart.addEventListener('pointermove', (event) => {
    const box = chart.getBoundingClientRect();
    chart.pointedShare = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    redraw();
  });
  chart.addEventListener('pointerleave', () => {
    chart.pointedShare = undefined;
    redraw();
  });
};

/**
 * Patches on the last two axes of the grid, surprise added up over the others; the most surprising is the
 * strongest colour.
 */
export const heatMap = (frame, grid, axes) => {
  const rows = grid.at(-2) ?? 1;
  const columns = grid.at(-1);
  const cells = new Map();
  for (const { at, surpriseBits } of frame.patches) {
    const key = (at.at(-2) ?? 0) * columns + at.at(-1);
    cells.set(key, (cells.get(key) ?? 0) + surpriseBits);
  }
  const most = Math.max(...cells.values(), 1e-9);
  const strongest = frame.patches[0];
  const map = svg('svg', {
    class: 'heat',
    viewBox: `0 0 ${columns} ${rows}`,
    role: 'img',
    'aria-label':
      strongest === undefined
        ? 'no patches'
        : `${frame.patches.length} most surprising patches; the first at ${strongest.at
            .map((index, axis) => `${axes[axis]} ${index}`)
            .join(', ')} with ${number1(strongest.surpriseBits)} bits`,
  });
  for (const [key, bits] of cells) {
    const cell = svg('rect', {
      x: key % columns,
      y: Math.floor(key / columns),
      width: 1,
      height: 1,
      opacity: (0.35 + 0.65 * (bits / most)).toFixed(2),
    });
    cell.append(svg('title', {}, `${number1(bits)} bits`));
    map.append(cell);
  }
  return map;
};

const number1 = (value) => value.toFixed(1);
