/**
 * The last resort of an ending: a process that was asked to stop and cannot, because what it waits for is gone,
 * ends at its deadline all the same. It refuses to be silent about it.
 */

/** Ends the process with `code` after `ms`, unless it has ended by then; `say` is given the last word. */
export const endWithin = (ms: number, code: number, say: () => void): void => {
  setTimeout(() => {
    say();
    process.exit(code);
  }, ms).unref();
};
