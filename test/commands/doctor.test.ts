/** doctor on this machine with providers that say what they like: what is needed decides, the rest is told. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DoctorParts, doctor } from '../../src/commands/doctor.ts';
import { captureOutput } from './captured_output.ts';

const parts = (output: DoctorParts['output']): DoctorParts => ({
  output,
  probeProviders: async () => [
    { provider: 'cpu', works: true, detail: 'ran 9 of the model’s 9 kernels' },
    { provider: 'cuda', works: false, detail: 'its files are not installed' },
  ],
  provider: 'cpu',
  dataFolder: join(tmpdir(), 'tessera-doctor', 'not', 'yet', 'there'),
  kafkaReady: true,
  python: join(tmpdir(), 'no-such-python'),
  chromiums: [join(tmpdir(), 'no-such-browser'), process.execPath],
  nodePinned: process.versions.node,
});
const ask = async (changes: Partial<DoctorParts> = {}) => {
  const output = captureOutput();
  const exit = await doctor({ ...parts(output), ...changes }, { json: true });
  const { good, findings } = JSON.parse(output.lines[0]!);
  const states = Object.fromEntries(
    findings.map((one: { name: string; state: string }) => [one.name, one.state]),
  );
  return { exit, good, findings, states };
};

describe('tessera doctor', () => {
  it('finds what is there, and gives the mend of what is not', async () => {
    const { states, findings } = await ask();
    expect(states).toMatchObject({
      Node: 'good',
      'Kafka jars': 'good',
      'provider cpu': 'good',
      'provider cuda': 'optional',
      'Python for tests': 'optional',
      'Chromium for tests': 'good',
    });
    for (const { state, mend } of findings) expect(mend === '').toBe(state === 'good');
  });

  it('fails when the provider asked for does not work, or Node is another', async () => {
    expect(await ask({ provider: 'cuda' })).toMatchObject({
      exit: 1,
      good: false,
      states: { 'provider cuda': 'missing' },
    });
    expect(await ask({ nodePinned: '1.2.3' })).toMatchObject({ exit: 1, states: { Node: 'missing' } });
  });

  it('prints one aligned line each and a last sentence', async () => {
    const output = captureOutput();
    await doctor({ ...parts(output), nodePinned: '1.2.3' }, {});
    expect(output.lines[0]).toMatch(/^missing {3}Node {2,}\d.*→ start tessera through npm/);
    expect(output.lines.at(-1)).toMatch(/^tessera cannot run here yet: Node/);
  });
});
