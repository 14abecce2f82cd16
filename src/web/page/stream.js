/**
 * The feed of snapshots and how fresh the last one is, by this browser's own clock. It refuses to call figures
 * fresh because the connection stands: only a snapshot that arrived says so.
 */

/** Six snapshots missed: not a hiccup any more. */
export const staleAfterMs = 3_000;

/**
 * @param {(snapshot: object) => void} onSnapshot
 * @param {(freshness: {state: 'waiting'|'fresh'|'stale', ageMs: number, connected: boolean}) => void} onFreshness
 */
export const follow = (onSnapshot, onFreshness) => {
  let source;
  let arrivedMs;
  let connected = false;
  let openedMs = performance.now();

  const open = () => {
    source?.close();
    openedMs = performance.now();
    source = new EventSource('events');
    source.addEventListener('open', () => {
      connected = true;
    });
    source.addEventListener('error', () => {
      connected = false;
      tell();
    });
    source.addEventListener('message', (event) => {
      arrivedMs = performance.now();
      connected = true;
      onSnapshot(JSON.parse(event.data));
      tell();
    });
  };
  const tell = () => {
    const now = performance.now();
    const ageMs = arrivedMs === undefined ? 0 : now - arrivedMs;
    const state = arrivedMs === undefined ? 'waiting' : ageMs > staleAfterMs ? 'stale' : 'fresh';
    onFreshness({ state, ageMs, connected });
    // A browser gives up on some answers (an error page of a proxy, say); and a connection can stand although
    // the other side is gone. Both are opened anew, at a calm pace.
    const silentMs = now - Math.max(arrivedMs ?? 0, openedMs);
    if (silentMs > (source.readyState === EventSource.CLOSED ? 2_000 : 6_000)) open();
  };
  open();
  setInterval(tell, 500);
  // A tab that slept counts its age at once when it is looked at again.
  document.addEventListener('visibilitychange', tell);
};
