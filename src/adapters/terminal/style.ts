/**
 * Lines made of styled pieces, cut to the terminal's width and turned into ANSI, with the two small drawings
 * the live view uses. It refuses to colour where the terminal says it cannot (NO_COLOR included).
 */

export type Style = 'plain' | 'bold' | 'faint' | 'accent' | 'good' | 'warn' | 'bad' | 'second';
export interface Piece {
  readonly text: string;
  readonly style: Style;
}
export type Line = readonly Piece[];

/** The sixteen colours only: they follow the reader's own palette, dark or light. */
const sgr: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '1',
  faint: '2',
  accent: '36',
  good: '32',
  warn: '33',
  bad: '1;31',
  second: '35',
};

export const piece = (text: string, style: Style = 'plain'): Piece => ({ text, style });

/** What a terminal would take as a command has no place in a name that came over the wire. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');

export const lineWidth = (line: Line): number => line.reduce((width, { text }) => width + text.length, 0);

/** At most `columns` wide; what is cut off shows as an ellipsis. */
export const cut = (line: Line, columns: number): Line => {
  if (lineWidth(line) <= columns) return line;
  const short: Piece[] = [];
  let room = Math.max(0, columns - 1);
  for (const { text, style } of line) {
    short.push(piece(text.slice(0, room), style));
    room -= text.length;
    if (room <= 0) break;
  }
  return [...short, piece('…', 'faint')];
};

/** Left and right parts pushed to the edges; the left is cut where they meet, unless little of it would be left. */
export const justify = (left: Line, right: Line, columns: number): Line => {
  const room = columns - lineWidth(right) - 2;
  if (lineWidth(right) === 0 || room < columns / 3) return left;
  const shown = cut(left, room);
  return [...shown, piece(' '.repeat(columns - lineWidth(shown) - lineWidth(right))), ...right];
};

export const toAnsi = (line: Line, colour: boolean): string =>
  line
    .filter(({ text }) => text !== '')
    .map(({ text, style }) => {
      const clean = printable(text);
      return colour && sgr[style] !== '' ? `\x1b[${sgr[style]}m${clean}\x1b[0m` : clean;
    })
    .join('');

const levels = '▁▂▃▄▅▆▇█';

/** One character a value, newest right, from 0 to the greatest shown; a gap where nothing was measured. */
export const sparkline = (values: readonly (number | null)[], width: number): string => {
  const shown = values.slice(-width);
  const top = Math.max(0, ...shown.map((value) => value ?? 0));
  const text = shown.map((value) => {
    if (value === null) return ' ';
    if (top === 0) return levels[0]!;
    return levels[Math.min(levels.length - 1, Math.floor((value / top) * levels.length))]!;
  });
  return text.join('').padStart(width);
};

/**
 * A bar on a scale of `width` characters: heavy to `share`, light on to `reach` (0 … 1, more is cut), and a
 * dotted rest.
 */
export const bar = (share: number, reach: number, width: number, style: Style): Line => {
  const cells = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * width);
  const solid = cells(share);
  const shaded = Math.max(0, cells(reach) - solid);
  return [
    piece('━'.repeat(solid) + '─'.repeat(shaded), style),
    piece('┄'.repeat(width - solid - shaded), 'faint'),
  ];
};
