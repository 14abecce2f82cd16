/**
 * The handbook: a page for every cause of an alarm, each with its four parts, naming only figures, codes and commands that
 * there are; and its pages as they are served.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openHandbook } from '../../../../src/adapters/http/monitor/handbook.ts';
import { htmlOf } from '../../../../src/adapters/http/monitor/markdown.ts';
import { alarmRules } from '../../../../src/anomaly/alarm_conditions.ts';
import { lateScoreNames } from '../../../../src/anomaly/scores/late_scores.ts';
import { objectScores } from '../../../../src/anomaly/scores/object_scores.ts';
import { repeatsName } from '../../../../src/anomaly/scores/repeats.ts';
import { surveyScores } from '../../../../src/anomaly/scores/scorers.ts';
import { surpriseName } from '../../../../src/anomaly/surprise.ts';
import { configKeys } from '../../../../src/config.ts';
import { faultCodes } from '../../../../src/domain/fault.ts';
import { checkMeanings } from '../../../../src/dqm/judging/verdicts.ts';
import { handbookFolder, serveWorld } from './served.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const { pages, files } = openHandbook(handbookFolder);
const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('generated'))
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  .join('\n');

const causes = new Set<string>(Object.keys(alarmRules));
const causePages = pages.filter(({ code }) => code !== '' && code !== 'unusual-frames');
const codesIn = (markdown: string): string[] =>
  [...markdown.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

describe('the handbook', () => {
  it('has a page for every cause, and none for what is no cause', () => {
    expect(new Set(causePages.map(({ code }) => code))).toEqual(causes);
    const contents = pages.find(({ code }) => code === '')!.markdown;
    const listed = [...contents.matchAll(/\]\(([\w-]+)\.md\)/g)].map((match) => match[1]!);
    expect(new Set(listed)).toEqual(new Set(pages.map(({ code }) => code).filter((code) => code !== '')));
  });

  it.each(causePages.map((page) => [page.code, page] as const))(
    '%s says its four parts, briefly',
    (code, page) => {
      const headings = [...page.markdown.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
      expect(headings).toEqual(['What it means', 'What you see', 'What to do', 'What not to do']);
      expect(page.title.startsWith(`${code}: `)).toBe(true);
      // A shifter at night reads one screen, not two.
      expect(page.markdown.split(/\s+/).length).toBeLessThan(500);
    },
  );

  it.each(pages.map((page) => [page.code, page] as const))(
    '%s names only what there is',
    (_, { markdown }) => {
      const metrics = new Set([...sources.matchAll(/'(tessera_[a-z_]+)'/g)].map((match) => match[1]!));
      const named = [...markdown.matchAll(/tessera_[a-z_]+[a-z]/g)].map((match) => match[0]);
      expect(named.filter((name) => !metrics.has(name))).toEqual([]);
      const codes = codesIn(markdown).filter((one) => /^(frame|packet|message|store|bus)-[a-z]+$/.test(one));
      expect(codes.filter((one) => !(faultCodes as string[]).includes(one))).toEqual([]);
      const flags = codesIn(markdown).filter((one) => /^--[a-z-]+$/.test(one));
      const known = configKeys.map(({ flag }) => flag);
      expect(flags.filter((flag) => !known.includes(flag))).toEqual([]);
      const commands = [...markdown.matchAll(/npx tessera ([a-z]+)/g)].map((match) => match[1]!);
      const made = [...sources.matchAll(/command\(\s*'([a-z]+)/g)].map((match) => match[1]!);
      expect(commands.filter((command) => !made.includes(command))).toEqual([]);
      const links = [...markdown.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1]!);
      expect(links.filter((link) => !readdirSync(handbookFolder).includes(link))).toEqual([]);
    },
  );

  it('explains every check that can call a region bad', () => {
    const { markdown } = pages.find(({ code }) => code === 'detector-quality')!;
    expect(checkMeanings.filter(({ name }) => !markdown.includes(`\`${name}\``))).toEqual([]);
  });

  it('explains every score that can make a frame unusual', () => {
    const table = pages.find(({ code }) => code === 'unusual-frames')!.markdown;
    const scores = [surpriseName, repeatsName, ...surveyScores, ...lateScoreNames, ...objectScores];
    expect(scores.filter((score) => !table.includes(`| \`${score}\` |`))).toEqual([]);
  });

  it('is served as pages and as it is written, and each alarm leads to its own', async () => {
    const { world, ask, server } = await serveWorld();
    world.killCard({ region: 'tpc_outer_n02', card: 4 });
    world.advance(10_000);
    const [alarm] = world.view.alarms.alarms;
    const page = await ask(alarm!.handbook);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await page.text()).toContain('<h2>What to do</h2>');
    const written = await ask('/handbook/lag.md');
    expect(await written.text()).toBe(pages.find(({ code }) => code === 'lag')!.markdown);
    for (const path of files.keys()) expect((await ask(path)).status).toBe(200);
    const links = [...files.values()].flatMap(({ body }) =>
      [...body.toString().matchAll(/href="(\/handbook[^"]*)"/g)].map((match) => match[1]!),
    );
    expect(links.filter((link) => !files.has(link))).toEqual([]);
    await server.close();
  });
});

describe('its Markdown', () => {
  const link = (href: string): string => href;
  it('becomes HTML that holds nothing but words', () => {
    const html = htmlOf(
      '# A <b>\n\nOne & **two** `a<b`\nthree [x](y.md).\n\n- one\n  more\n- two\n\n1. a',
      link,
    );
    expect(html).toBe(
      '<h1>A &lt;b&gt;</h1>\n<p>One &amp; <strong>two</strong> <code>a&lt;b</code> three <a href="y.md">x</a>.</p>\n' +
        '<ul><li>one more</li><li>two</li></ul>\n<ol><li>a</li></ol>',
    );
    expect(htmlOf('<script>alert(1)</script>', link)).not.toContain('<script>');
  });
  it('has tables and code', () => {
    expect(htmlOf('| a | b |\n| --- | --- |\n| `1` | 2 |', link)).toBe(
      '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td><code>1</code></td><td>2</td></tr></tbody></table>',
    );
    expect(htmlOf('a\n\n```sh\nx < y\n\nz\n```\n\nb', link)).toBe(
      '<p>a</p>\n<pre><code>x &lt; y\n\nz\n</code></pre>\n<p>b</p>',
    );
  });
});
