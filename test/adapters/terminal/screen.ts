/**
 * A terminal's screen as far as the live view uses one: cursor moves, erasing, wrapping switched on and off.
 * It refuses any escape it does not know, so that the view cannot start to use one that is not tested.
 */

import type { LiveOutput } from '../../../src/adapters/terminal/live.ts';

export class Screen {
  columns: number;
  rows: number;
  readonly isTTY: boolean;
  readonly depth: number;
  writableNeedDrain = false;
  written = '';
  cursorShown = true;
  private cells: string[][];
  private row = 0;
  private column = 0;
  private wrap = true;
  private readonly resizes = new Set<() => void>();

  constructor(columns: number, rows: number, options: { isTTY?: boolean; depth?: number } = {}) {
    this.columns = columns;
    this.rows = rows;
    this.isTTY = options.isTTY ?? true;
    this.depth = options.depth ?? 8;
    this.cells = this.empty();
  }

  private empty(): string[][] {
    return Array.from({ length: this.rows }, () => Array<string>(this.columns).fill(' '));
  }

  /** What a person sees, blank ends cut off. */
  get text(): string[] {
    return this.cells.map((cells) => cells.join('').trimEnd());
  }

  get output(): LiveOutput {
    return this as unknown as LiveOutput;
  }

  getColorDepth(): number {
    return this.depth;
  }
  on(event: string, listener: () => void): void {
    if (event === 'resize') this.resizes.add(listener);
  }
  off(event: string, listener: () => void): void {
    if (event === 'resize') this.resizes.delete(listener);
  }
  get listeners(): number {
    return this.resizes.size;
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    const before = this.cells;
    this.cells = this.empty();
    // What was there stays as far as it fits: debris that the view has to deal with.
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) this.cells[y]![x] = before[y]?.[x] ?? ' ';
    this.row = Math.min(this.row, rows - 1);
    this.column = Math.min(this.column, columns - 1);
    for (const listener of this.resizes) listener();
  }

  write(text: string): boolean {
    this.written += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is read
    for (const part of text.match(/\x1b\[[0-9;?]*[A-Za-z]|[\s\S]/gu) ?? []) {
      if (part.length > 1 && part.startsWith('\x1b')) this.escape(part.slice(2));
      else if (part === '\r') this.column = 0;
      else if (part === '\n') this.feed();
      else this.put(part);
    }
    return true;
  }

  private feed(): void {
    if (this.row === this.rows - 1) {
      this.cells.shift();
      this.cells.push(Array<string>(this.columns).fill(' '));
    } else this.row++;
    // A terminal's line discipline turns a bare line feed into both.
    this.column = 0;
  }

  private put(character: string): void {
    if (character < ' ' || character === '\x7f')
      throw new Error(`control character ${JSON.stringify(character)}`);
    if (this.column === this.columns) {
      if (this.wrap) this.feed();
      else this.column--;
    }
    this.cells[this.row]![this.column++] = character;
  }

  private escape(code: string): void {
    const row = this.cells[this.row]!;
    if (/^[0-9;]*m$/.test(code) || code === '?2026h' || code === '?2026l') return;
    if (code === '?25l' || code === '?25h') this.cursorShown = code === '?25h';
    else if (code === '?7l' || code === '?7h') this.wrap = code === '?7h';
    else if (code === 'K') row.fill(' ', Math.min(this.column, this.columns - 1));
    else if (code === 'J') {
      row.fill(' ', Math.min(this.column, this.columns - 1));
      for (const below of this.cells.slice(this.row + 1)) below.fill(' ');
    } else if (code === '2J') this.cells = this.empty();
    else if (code === 'H') [this.row, this.column] = [0, 0];
    else if (/^\d+A$/.test(code)) this.row = Math.max(0, this.row - Number.parseInt(code, 10));
    else throw new Error(`the view sent an unknown escape ${JSON.stringify(code)}`);
  }
}
