/**
 * The worker that all tabs of one browser share: one event stream for all of them, so that a wall of tabs costs the monitor
 * one reader. Refuses to keep tabs that do not say they are there.
 */

import { type Connection, openConnection, type Told } from './connection.ts';

/** A hidden tab's timers run once a minute; twice that and some is gone for good. */
const tabSilentMsMax = 150_000;

/** What a SharedWorker's scope has and a window's has not. */
const scope = globalThis as unknown as {
  addEventListener(name: 'connect', listener: (event: { ports: readonly MessagePort[] }) => void): void;
};

const tabs = new Map<MessagePort, number>();
let connection: Connection | undefined;

const tellAll = (told: Told): void => {
  const now = performance.now();
  for (const [port, heardMs] of tabs)
    if (now - heardMs > tabSilentMsMax) tabs.delete(port);
    else port.postMessage(told);
  if (tabs.size > 0) return;
  // Nobody looks: the stream is closed, and opened with the next tab.
  connection?.close();
  connection = undefined;
};

scope.addEventListener('connect', ({ ports }) => {
  const port = ports[0]!;
  port.addEventListener('message', ({ data }: MessageEvent<{ bye?: true; address?: string }>) => {
    if (data.bye === true) {
      tabs.delete(port);
      return;
    }
    const isNew = !tabs.has(port);
    tabs.set(port, performance.now());
    connection ??= openConnection(data.address!, tellAll);
    if (isNew) port.postMessage(connection.known);
  });
  port.start();
});
