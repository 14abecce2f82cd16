/**
 * The live view in a terminal: repainted in place, at a steady pace, with log lines kept above it; where there
 * is no terminal, one plain line every five seconds. It refuses to queue: a terminal that cannot follow is
 * simply painted less often.
 */

import type { StatusSnapshot } from '../../domain/status.ts';
import { renderLive, renderPlain } from './render.ts';
import { toAnsi } from './style.ts';

export type LiveOutput = Pick<
  NodeJS.WriteStream,
  'write' | 'isTTY' | 'columns' | 'rows' | 'writableNeedDrain' | 'getColorDepth' | 'on' | 'off'
>;

export interface LiveTerminal {
  /** Writes a finished line (a log line, say) above the view. */
  print(text: string): void;
  /** Paints now, whatever the pace. */
  paint(): void;
  /** Paints once more, leaves that on the screen and gives the cursor back. Idempotent. */
  close(): void;
}

const csi = '\x1b[';
// Terminals that know it show a repaint in one piece; the others ignore it.
const beginUpdate = `${csi}?2026h`;
const endUpdate = `${csi}?2026l`;

export function startLiveTerminal(options: {
  readonly output: LiveOutput;
  readonly snapshot: () => StatusSnapshot;
  readonly address: () => string;
  readonly paintIntervalMs?: number;
  readonly lineIntervalMs?: number;
}): LiveTerminal {
  const { output } = options;
  return output.isTTY ? startPainting(options) : startLines(options);
}

type LiveOptions = Parameters<typeof startLiveTerminal>[0];

const startLines = ({ output, snapshot, lineIntervalMs = 5_000 }: LiveOptions): LiveTerminal => {
  const paint = (): void => void output.write(`${renderPlain(snapshot())}\n`);
  const timer = setInterval(paint, lineIntervalMs);
  let closed = false;
  return {
    print: (text) => void output.write(text.endsWith('\n') ? text : `${text}\n`),
    paint,
    close() {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      paint();
    },
  };
};

const startPainting = ({ output, snapshot, address, paintIntervalMs = 250 }: LiveOptions): LiveTerminal => {
  // One bit is black and white: NO_COLOR and dumb terminals come out so.
  const colour = output.getColorDepth() > 1;
  let painted = 0;
  let closed = false;

  const toTop = (): string => (painted > 1 ? `\r${csi}${painted - 1}A` : '\r');
  const view = (): string => {
    // The last column stays free: a terminal that holds its cursor there would erase what was written in it.
    const screen = { columns: (output.columns || 80) - 1, rows: output.rows || 24, address: address() };
    const lines = renderLive(snapshot(), screen).map((line) => `${toAnsi(line, colour)}${csi}K`);
    painted = lines.length;
    return `${lines.join('\r\n')}${csi}J`;
  };
  const paint = (): void => {
    if (closed || output.writableNeedDrain) return;
    const top = toTop();
    output.write(`${beginUpdate}${top}${view()}${endUpdate}`);
  };
  // A narrower terminal has re-wrapped what stood there, so where it began is unknown: start on a clean screen.
  const resized = (): void => {
    if (closed) return;
    painted = 0;
    output.write(`${beginUpdate}${csi}2J${csi}H${view()}${endUpdate}`);
  };
  const restore = (): void => void output.write(`${csi}?25h${csi}?7h`);

  // No cursor in the figures, and no wrapping while a resize is under way.
  output.write(`${csi}?25l${csi}?7l`);
  process.once('exit', restore);
  output.on('resize', resized);
  const timer = setInterval(paint, paintIntervalMs);
  paint();

  return {
    print(text) {
      const line = text.endsWith('\n') ? text.slice(0, -1) : text;
      if (closed) {
        output.write(`${line}\n`);
        return;
      }
      const top = toTop();
      // Wrapping is given back for the line: it may be longer than the screen is wide.
      const above = `${top}${csi}J${csi}?7h${line.replaceAll('\n', '\r\n')}${csi}?7l\r\n`;
      output.write(`${beginUpdate}${above}${view()}${endUpdate}`);
    },
    paint,
    close() {
      if (closed) return;
      paint();
      closed = true;
      clearInterval(timer);
      output.off('resize', resized);
      process.off('exit', restore);
      restore();
      output.write('\n');
    },
  };
};
