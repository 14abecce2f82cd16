/**
 * One event stream, opened anew whenever it falls silent, told on in few words. It runs in the worker that all tabs share,
 * or in the one tab where there is none. Refuses to trust that a connection stands: only events say so.
 */

import type { BoardEvents } from '../../dqm/board.ts';
import { eventNames, type News, take } from './merge.ts';

/** open: events come; lost: the stream broke off and is being opened again. */
export type LinkState = 'connecting' | 'open' | 'lost';

export interface Told {
  readonly link: LinkState;
  readonly news: News;
}

/** Four times a second is as fast as figures can be read; it bounds what a tab does however fast events come. */
const tellEveryMs = 250;
/** A board comes every cycle and heartbeats every second: this long without either, the other side is gone. */
const silentMsMax = 15_000;
/** A browser gives up on some answers (a proxy's error page, a monitor that is not up yet): asked again at a calm pace. */
const reopenAfterMs = 2_000;

export interface Connection {
  /** All that is known now, for a tab that has just come. */
  readonly known: Told;
  close(): void;
}

export const openConnection = (address: string, tell: (told: Told) => void): Connection => {
  let link: LinkState = 'connecting';
  let news: News = {};
  const latest: News = {};
  let source: EventSource | undefined;
  let heardMs = performance.now();
  let changed = false;

  const linked = (state: LinkState): void => {
    if (state !== link) changed = true;
    link = state;
  };
  const hear = <Name extends keyof BoardEvents>(name: Name, text: string): void => {
    heardMs = performance.now();
    linked('open');
    changed = true;
    const value = JSON.parse(text) as BoardEvents[Name];
    take(news, name, value);
    if (name !== 'trends') take(latest, name, value);
  };
  const open = (): void => {
    source?.close();
    heardMs = performance.now();
    source = new EventSource(address);
    source.addEventListener('error', () => linked(link === 'connecting' ? 'connecting' : 'lost'));
    for (const name of eventNames)
      source.addEventListener(name, (event) => hear(name, (event as MessageEvent<string>).data));
  };
  const timer = setInterval(() => {
    const silentMs = performance.now() - heardMs;
    const closed = source?.readyState === EventSource.CLOSED;
    if (closed && link === 'open') linked('lost');
    if (silentMs > (closed ? reopenAfterMs : silentMsMax)) open();
    if (!changed) return;
    const told = { link, news };
    changed = false;
    news = {};
    tell(told);
  }, tellEveryMs);
  open();
  return {
    get known() {
      return { link, news: latest };
    },
    close() {
      clearInterval(timer);
      source?.close();
    },
  };
};
