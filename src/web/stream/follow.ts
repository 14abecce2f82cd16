/**
 * How a tab hears the monitor: through the worker that all tabs of the browser share, or by itself where a browser has no
 * such workers. Refuses to open two streams.
 */

import { openConnection, type Told } from './connection.ts';

/** Under the third of a hidden tab's minute, so that the worker keeps it. */
const beatMs = 20_000;

/** Calls with what is new, some times a second at most; returns what ends it. */
export const follow = (tell: (told: Told) => void): (() => void) => {
  const address = new URL('events', document.baseURI).href;
  if (typeof SharedWorker === 'undefined') return openConnection(address, tell).close;
  const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), {
    type: 'module',
    name: 'tessera',
  });
  let close = (): void => {
    worker.port.postMessage({ bye: true });
    worker.port.close();
    clearInterval(timer);
  };
  const hello = (): void => worker.port.postMessage({ address });
  const timer = setInterval(hello, beatMs);
  worker.port.onmessage = ({ data }: MessageEvent<Told>) => tell(data);
  // A worker that cannot be loaded is none.
  worker.onerror = () => {
    close();
    close = openConnection(address, tell).close;
  };
  addEventListener('pagehide', () => worker.port.postMessage({ bye: true }));
  addEventListener('pageshow', hello);
  hello();
  return () => close();
};
