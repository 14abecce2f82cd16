/** `tessera assemble`: the assembler in a process of its own. It refuses to decide anything about data. */

import { openAssembler } from './assemble.ts';
import type { Config } from './config.ts';
import { serveAlone } from './standalone.ts';

const say = (line: string): void => {
  process.stderr.write(`tessera assemble: ${line}\n`);
};

/** Assembles until asked to stop; returns the exit code. */
export const assemble = (config: Config, options: { readonly forMs?: number }): Promise<number> =>
  serveAlone(config, {
    ...options,
    service: 'assembler',
    logFile: 'tessera.log',
    delivery: config.delivery,
    simulated: false,
    say,
    greeting: `partial events of ${config.instrument}`,
    unfinished: 'not finished in time: what is not committed goes to the next owner, nothing is lost',
    start: (world, book) => openAssembler(world, book, () => book.state('running')),
  });
