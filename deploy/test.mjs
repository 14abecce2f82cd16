// `npm test`: installs what is missing (packages, Kafka's jars, a Python environment, Chromium), builds the page, runs
// vitest on the pinned Node and ends with one plain line of counts from the runner's own report. It refuses to hide a
// skip: each is named, with the reason its outside part could not be had.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ensureDependencies, nodeFlags, pinnedNode, root, runToEnd, say } from './setup.mjs';

ensureDependencies();
const scratch = join(root, '.tessera');
mkdirSync(scratch, { recursive: true });
const reasons = [];
const environment = { ...process.env };

const prepare = async (name, load) => {
  try {
    const result = await load();
    if (result?.skipped) reasons.push(`${name}: ${result.skipped}`);
    return result;
  } catch (error) {
    reasons.push(`${name}: ${error.message}`);
    return undefined;
  }
};

await prepare('Kafka', async () => {
  const code = await runToEnd(pinnedNode, [...nodeFlags, join(root, 'src/main.ts'), 'kafka', 'prepare']);
  if (code !== 0) return { skipped: 'the local broker could not be prepared (see above)' };
});
const python = await prepare('Python clients', async () => {
  const { preparePython } = await import('./python.mjs');
  return preparePython(say);
});
if (python?.path) environment.TESSERA_TEST_PYTHON = python.path;
const chromium = await prepare('Chromium', async () => {
  const { prepareChromium } = await import('./chromium.mjs');
  return prepareChromium(say);
});
if (chromium?.path) environment.TESSERA_TEST_CHROMIUM = chromium.path;

await prepare('the page', async () => {
  const { ensurePage } = await import('./page.mjs');
  ensurePage(say);
});

const reportFile = join(scratch, 'test-report.json');
rmSync(reportFile, { force: true });
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
const code = await runToEnd(
  pinnedNode,
  [...nodeFlags, vitest, 'run', ...reporters, ...process.argv.slice(2)],
  { env: environment },
);

if (!existsSync(reportFile)) {
  say('the test runner ended without a report');
  process.exit(code === 0 ? 1 : code);
}
const report = JSON.parse(readFileSync(reportFile, 'utf8'));
const skipped = report.testResults.flatMap((file) =>
  file.assertionResults
    .filter((test) => test.status !== 'passed' && test.status !== 'failed')
    .map((test) => `${relative(root, file.name)}: ${test.fullName}`),
);
if (skipped.length > 0 || reasons.length > 0) {
  process.stdout.write(`\nSKIPPED: ${skipped.length} tests did not run\n`);
  for (const reason of reasons) process.stdout.write(`  reason: ${reason}\n`);
  for (const name of skipped) process.stdout.write(`  ${name}\n`);
}
// A file that does not load has no tests to count: it is a failure all the same.
const brokenFiles = report.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
).length;
const failed = report.numFailedTests + brokenFiles;
process.stdout.write(`${report.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped\n`);
process.exit(code !== 0 ? code : failed > 0 ? 1 : 0);
