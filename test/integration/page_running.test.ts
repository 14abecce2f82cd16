/**
 * The page on the running system: a front-end card dies in the simulated detector, its cell turns Bad with the card named,
 * somebody acknowledges the alarm, processor and monitor are killed, and the page, which stayed open, shows it acknowledged.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../loadtest/drive.ts';
import type { BoardSnapshot } from '../../src/dqm/board.ts';
import { buildPage, chromiumInstalled, launch, visit } from '../browser/opened_page.ts';
import { kafkaMissing, startTestBroker, type TestBroker } from './broker.ts';

const root = join(import.meta.dirname, '../..');
const missing = (await kafkaMissing()) ?? (chromiumInstalled ? null : 'no Chromium');
const region = 'tpc_outer_n03';
const card = 5;
/** Verdicts come with the first full cycle; by then the run is compared with its own first four cycles, too. */
const afterSeconds = 60;
const cycleSeconds = 5;

describe.skipIf(missing !== null)(
  `the page on the running system${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    let broker: TestBroker;
    let browser: Browser;
    let folder: string;
    let port: number;
    /** What the services said last, for a failure's message. */
    const said = '';
    const children = new Map<string, ChildProcess>();

    const start = async (command: string, ...flags: string[]): Promise<void> => {
      const shared = [
        ...['--instrument', 'sphenix-tpc-pp', '--brokers', broker.brokers.join(','), '--partitions', '2'],
        ...['--data-dir', folder],
      ];
      const child = spawn(process.execPath, [join(root, 'src/main.ts'), command, ...shared, ...flags], {
        cwd: root,
        stdio: ['ignore', 'ignore', 'ignore'],
      });
      children.set(command, child);
    };
    const kill = async (command: string): Promise<void> => {
      const child = children.get(command);
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    };
    const startServices = async (): Promise<void> => {
      await start('process', '--workers', '1', '--status-port', String(await freePort()));
      await start(
        'dqm',
        '--simulated',
        '--http-port',
        String(port),
        '--cycle-ms',
        String(cycleSeconds * 1000),
      );
    };
    const board = async (): Promise<BoardSnapshot | null> => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/board`).catch(() => null);
      return answer?.ok === true ? ((await answer.json()) as BoardSnapshot) : null;
    };

    beforeAll(async () => {
      buildPage();
      folder = mkdtempSync(join(tmpdir(), 'tessera-page-'));
      broker = await startTestBroker();
      browser = await launch();
      port = await freePort();
    });
    afterAll(async () => {
      await browser?.close();
      for (const command of children.keys()) await kill(command);
      await broker?.stop();
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
    });

    it('finds a dead front-end card, and remembers who looks after it', { timeout: 400_000 }, async () => {
      await startServices();
      await expect.poll(board, { timeout: 60_000 }).not.toBeNull();
      const mishap = `dead-card:region=${region},card=${card},after=${afterSeconds}s`;
      await start('simulate', '--rate', '10', '--pool', '32', '--quiet', '--mishap', mishap);
      const { page, complaints } = await visit(browser, `http://127.0.0.1:${port}/#overview`);
      await page
        .getByRole('button', { name: new RegExp(`^${region}, channels: Good`) })
        .waitFor({ timeout: 150_000 })
        .catch((cause: Error) => {
          throw new Error(`${cause.message}\n${said}`);
        });
      const bad = page.getByRole('button', { name: new RegExp(`^${region}, channels: Bad`) });
      await bad.waitFor({ timeout: 120_000 });
      const now = (await board())!;
      const cell = now.cells.find((one) => one.region === region && one.check === 'channels')!;
      const foundSeconds = (cell.sinceMs - now.activity!.startedMs) / 1000 - afterSeconds;
      process.stderr.write(`dead card called Bad ${foundSeconds.toFixed(1)} s after it died\n`);
      await bad.click();
      await page.locator('.cell-panel .places', { hasText: `front-end card ${card}` }).waitFor();
      expect(now.cells.filter((one) => one.check === 'channels' && one.quality === 'bad')).toHaveLength(1);

      await page.goto(`http://127.0.0.1:${port}/#alarms?cause=detector-quality`);
      const alarm = page.locator('li.alarm[data-cause="detector-quality"]');
      await alarm.getByRole('button', { name: 'Acknowledge' }).click({ timeout: 30_000 });
      await page.getByLabel('your name').fill('ana');
      await page.getByLabel('what you do about it').fill('power of card 5');
      await page.locator('dialog').getByRole('button', { name: 'Acknowledge' }).click();
      const taken = alarm.locator('.who', { hasText: 'acknowledged by ana: power of card 5' });
      await taken.waitFor({ timeout: 20_000 });
      expect(complaints).toEqual([]);

      await Promise.all(['dqm', 'process'].map(kill));
      await page.waitForSelector('body[data-fresh="lost"]', { timeout: 20_000 });
      await startServices();
      await page.waitForSelector('body[data-fresh="fresh"]', { timeout: 60_000 });
      await taken.waitFor({ timeout: 60_000 });
      const fresh = await visit(browser, `http://127.0.0.1:${port}/#alarms`);
      await fresh.page.locator('.who', { hasText: 'acknowledged by ana' }).waitFor({ timeout: 30_000 });
    });
  },
);
