/**
 * The simulated detector of a proof, as a process of its own: started at a steady rate, asked to stop, and asked
 * how many frames it sent. It refuses to guess that number.
 */

import { startTessera } from '../drive.ts';
import type { ProofWorld } from './world.ts';

export interface Source {
  /** SIGTERM; resolves with its exit code and the frames it says were acknowledged. */
  stop(): Promise<{ readonly code: number | null; readonly frames: number | null }>;
}

export const startSource = async (
  world: ProofWorld,
  plan: { readonly rate: number; readonly pool: number; readonly seed: number },
): Promise<Source> => {
  const child = await startTessera('simulate', [
    ...[...world.flags, '--rate', String(plan.rate), '--pool', String(plan.pool)],
    ...['--seed', String(plan.seed), '--quiet', '--json'],
  ]);
  let said = '';
  child.process.stdout!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const closed = new Promise<void>((resolve) => child.process.once('close', () => resolve()));
  return {
    async stop() {
      await child.stop();
      await closed;
      const summary = said.trim().split('\n').at(-1) ?? '';
      const frames = summary === '' ? null : (JSON.parse(summary) as { frames: number }).frames;
      return { code: await child.exited, frames };
    },
  };
};
