/** A log that nobody reads: of commands that answer a question, of tests and benches. */

import type { Log } from '../../ports/telemetry.ts';

export const quietLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
