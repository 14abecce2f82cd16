/**
 * The live terminal on a screen that behaves like one: repainting leaves nothing behind, log lines stay above,
 * resizes and plain streams are handled. Refuses to compare escape codes; what a person sees is compared.
 */

import { describe, expect, it } from 'vitest';
import { startLiveTerminal } from '../../../src/adapters/terminal/live.ts';
import { renderLive, renderPlain } from '../../../src/adapters/terminal/render.ts';
import { lineWidth, sparkline, toAnsi } from '../../../src/adapters/terminal/style.ts';
import type { StatusSnapshot } from '../../../src/domain/status.ts';
import { createFedBook, exampleAlarms } from '../../browser/fed_book.ts';
import { Screen } from './screen.ts';

const address = 'http://127.0.0.1:8080/';
const start = async (screen: Screen, change: (now: StatusSnapshot) => StatusSnapshot = (now) => now) => {
  const fed = createFedBook(3);
  await fed.run(80);
  const live = startLiveTerminal({
    output: screen.output,
    snapshot: () => change(fed.book.snapshot()),
    address: () => address,
    paintIntervalMs: 3_600_000,
    lineIntervalMs: 3_600_000,
  });
  return { fed, live };
};

/** The same view painted once on a clean screen. */
const fresh = (now: StatusSnapshot, columns: number, rows: number): string[] => {
  const screen = new Screen(columns, rows);
  const lines = renderLive(now, { columns: columns - 1, rows, address });
  screen.write(lines.map((line) => toAnsi(line, false)).join('\r\n'));
  return screen.text;
};

describe('live terminal', () => {
  it('repaints in place and leaves nothing behind', async () => {
    const screen = new Screen(100, 40);
    const { fed, live } = await start(screen);
    expect(screen.text).toEqual(fresh(fed.book.snapshot(), 100, 40));
    for (let i = 0; i < 30; i++) {
      await fed.run(3);
      live.paint();
      expect(screen.text).toEqual(fresh(fed.book.snapshot(), 100, 40));
    }
    live.close();
  });

  it('leaves nothing behind when the view becomes shorter', async () => {
    const screen = new Screen(100, 40);
    let short = false;
    const { fed, live } = await start(screen, (now) =>
      short ? { ...now, refused: [], rare: [], books: now.books.slice(0, 1) } : now,
    );
    const before = screen.text.filter((line) => line !== '').length;
    short = true;
    live.paint();
    expect(screen.text.filter((line) => line !== '').length).toBeLessThan(before);
    expect(screen.text.join('\n')).not.toContain('rarest');
    expect(fed.book.snapshot().rare.length).toBeGreaterThan(0);
    live.close();
  });

  it('keeps log lines above the view, also those wider than the screen', async () => {
    const screen = new Screen(90, 44);
    const { fed, live } = await start(screen);
    live.print('12:00:00.000 warn  partition moved\n');
    live.print('x'.repeat(120));
    const view = fresh(fed.book.snapshot(), 90, 44).filter(
      (line, i, all) => line !== '' || i < all.findLastIndex((one) => one !== ''),
    );
    expect(screen.text.slice(0, 3)).toEqual([
      '12:00:00.000 warn  partition moved',
      'x'.repeat(90),
      'x'.repeat(30),
    ]);
    expect(screen.text.slice(3, 3 + view.length)).toEqual(view);
    live.close();
  });

  it('starts on a clean screen after a resize, and fits every size', async () => {
    const screen = new Screen(120, 45);
    const { fed, live } = await start(screen);
    for (const [columns, rows] of [
      [60, 20],
      [200, 60],
      [40, 10],
      [80, 24],
      [20, 5],
    ] as const) {
      screen.resize(columns, rows);
      expect(screen.text).toEqual(fresh(fed.book.snapshot(), columns, rows));
      live.paint();
      expect(screen.text).toEqual(fresh(fed.book.snapshot(), columns, rows));
    }
    live.close();
    expect(screen.listeners).toBe(0);
  });

  it('keeps what matters where there is little room', async () => {
    const screen = new Screen(80, 12);
    const { live } = await start(screen);
    const text = screen.text.join('\n');
    for (const word of ['tessera', 'running', 'frames/s', 'ratio', 'lag', 'total', 'received'])
      expect(text).toContain(word);
    live.close();
  });

  it('gives the cursor back and leaves the last view standing', async () => {
    const screen = new Screen(100, 40);
    const { fed, live } = await start(screen);
    expect(screen.cursorShown).toBe(false);
    live.close();
    live.close();
    expect(screen.cursorShown).toBe(true);
    expect(screen.text).toEqual(fresh(fed.book.snapshot(), 100, 40));
    live.print('drained');
    expect(screen.text.filter((line) => line !== '').at(-1)).toBe('drained');
  });

  it('has no colour where the terminal has none', async () => {
    const plain = new Screen(100, 40, { depth: 1 });
    const coloured = new Screen(100, 40, { depth: 4 });
    for (const screen of [plain, coloured]) (await start(screen)).live.close();
    expect(plain.written).not.toMatch(/\d+m/);
    expect(coloured.written).toContain('[36m');
    expect(plain.text).toEqual(coloured.text);
  });

  it('waits for a terminal that cannot follow', async () => {
    const screen = new Screen(100, 40);
    const { live } = await start(screen);
    screen.writableNeedDrain = true;
    const before = screen.written.length;
    for (let i = 0; i < 100; i++) live.paint();
    expect(screen.written.length).toBe(before);
    live.close();
  });

  it('lets nothing from the wire command the terminal', async () => {
    const screen = new Screen(100, 40);
    const evil = '\x1b]0;owned\x07\x1b[2J';
    const { live } = await start(screen, (now) => ({
      ...now,
      waitingFor: [evil],
      rare: now.rare.map((frame) => ({ ...frame, sourceName: evil })),
    }));
    expect(screen.written).not.toContain('\x1b]');
    live.close();
  });

  it('writes plain lines where there is no terminal', async () => {
    const screen = new Screen(4000, 40, { isTTY: false });
    const { fed, live } = await start(screen);
    live.print('a log line');
    live.paint();
    live.close();
    const line = renderPlain(fed.book.snapshot());
    expect(screen.written).toBe(`a log line\n${line}\n${line}\n`);
    expect(line).toMatch(/received \d+ = kept \d+ \+ shed 0 \+ refused \d+ \+ in flight \d+/);
  });
});

describe('rendering', () => {
  it('is never wider than the screen nor as high', async () => {
    const fed = createFedBook(5);
    await fed.run(40);
    const now = fed.book.snapshot();
    for (let columns = 1; columns <= 240; columns += 7)
      for (let rows = 2; rows <= 60; rows += 5) {
        const lines = renderLive(now, { columns, rows, address });
        expect(lines.length).toBeLessThan(rows);
        for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(columns);
      }
  });

  it('shows books that do not balance as what they are', async () => {
    const fed = createFedBook(5);
    await fed.run(4);
    fed.book.watchInFlight(() => -1);
    const now = fed.book.snapshot();
    const text = renderLive(now, { columns: 120, rows: 40, address }).map((line) => toAnsi(line, false));
    expect(text.join('\n')).toContain('DO NOT BALANCE');
    expect(renderPlain(now)).toContain('DO NOT BALANCE');
  });

  it('shows what of the byte budget is spent where one is set, and what it took', async () => {
    const fed = createFedBook(5);
    await fed.run(4);
    const free = fed.book.snapshot();
    expect(fresh(free, 120, 44).join('\n')).not.toContain('byte budget');
    const budget = { bytesPerSecond: 2e6, spentPerSecond: 1.9e6, fixedPerSecond: 5e5, level: 0.4 };
    const held = {
      ...free,
      policy: { ...free.policy, budget },
      fidelity: { ...free.fidelity, budget: 12, spare: 0 },
    };
    const text = fresh(held, 120, 44).join('\n');
    expect(text).toMatch(
      /bytes +95\.0 % of the byte budget of 2\.00 MB\/s +· +25\.0 % tokens and control +· +rare frames are given 40\.0 %/,
    );
    expect(text).toContain('12 rare, less for the budget');
    expect(text).not.toContain('spare planes');
  });

  it('draws a gap where nothing was measured, and nothing above zero for zeros', () => {
    expect(sparkline([null, 0, 4, 8], 6)).toBe('   ▁▅█');
    expect(sparkline([0, 0], 2)).toBe('▁▁');
    expect(sparkline([1, 2, 3], 2)).toBe('▆█');
  });

  it('shows alarms first, the severity as a word, and keeps them where there is little room', async () => {
    const fed = createFedBook(3);
    await fed.run(80);
    const calm = fed.book.snapshot();
    const now = { ...calm, alarms: exampleAlarms(calm.atMs) };
    expect(fresh(calm, 120, 40).join('\n')).not.toContain('alarms');
    const lines = fresh(now, 120, 44);
    const at = lines.findIndex((line) => line.startsWith('alarms'));
    expect(lines.slice(at, at + 4)).toEqual([
      expect.stringMatching(
        /^alarms {4}MAJOR {4}frames-refused {2}10,000 frames in 2 min 14 s {2}frames are refused/,
      ),
      expect.stringMatching(
        /^ {10}MINOR {4}latency-budget {2}10 min 55 s of 11 min 40 s {2}acknowledged by ana/,
      ),
      expect.stringMatching(/^ {10}shelved {2}lag {2}MINOR still; for 59 min 00 s more, by ana: same disk/),
      expect.stringMatching(/^ {10}shelved {2}input-silent {2}for 2 h 00 min more, by ana: no beam/),
    ]);
    const small = fresh(now, 80, 12).join('\n');
    expect(small).toContain('frames-refused');
    expect(small).toContain('latency-budget');
    const many = { ...now, alarms: Array.from({ length: 9 }, () => now.alarms[0]!) };
    expect(fresh(many, 100, 40).join('\n')).toContain('and 3 more');
    expect(renderPlain(now)).toMatch(/alarms MAJOR frames-refused, MINOR latency-budget acknowledged$/);
    expect(renderPlain(calm)).not.toContain('alarms');
  });
});
