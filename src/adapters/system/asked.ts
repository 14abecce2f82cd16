/**
 * When somebody wants a process to end: signals, or a time that was set. Refuses to be asked twice: who insists a second
 * later ends it at once.
 */

/** Resolves on the first SIGINT or SIGTERM, or after `forMs`; a second signal a second later ends at once. */
export const untilAsked = (forMs: number | undefined): Promise<string> =>
  new Promise((resolve) => {
    let askedMs = 0;
    const asked = (signal: string): void => {
      const nowMs = performance.now();
      // A terminal's ctrl-C also arrives through npm: only one that comes later means "now".
      if (askedMs > 0 && nowMs - askedMs > 1000) process.exit(130);
      if (askedMs === 0) askedMs = nowMs;
      resolve(signal);
    };
    process.on('SIGINT', () => asked('SIGINT'));
    process.on('SIGTERM', () => asked('SIGTERM'));
    if (forMs !== undefined) setTimeout(() => asked('time'), forMs).unref();
  });
