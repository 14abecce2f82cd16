/** An output that keeps its lines. */

import type { Output } from '../../src/commands/output.ts';

export const captureOutput = (): Output & { readonly lines: string[]; readonly notes: string[] } => {
  const lines: string[] = [];
  const notes: string[] = [];
  return {
    lines,
    notes,
    print: (line) => void lines.push(...line.split('\n')),
    note: (line) => void notes.push(line),
  };
};
