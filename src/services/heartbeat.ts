/**
 * The JSON of a heartbeat (`x5f2`): one code and the figures, small enough to be sent every second.
 * It refuses to carry the history and the frames of the live view; those are for people.
 */

import type { StatusSnapshot } from '../domain/status.ts';

/** Status codes as NICOS shows them for every service of a neutron facility. */
export const heartbeatCode = { ok: 200, warn: 210, disabled: 235, error: 240 } as const;

const codeOf = (snapshot: StatusSnapshot): number => {
  if (snapshot.books.some((book) => !book.balanced)) return heartbeatCode.error;
  if (snapshot.state === 'stopped') return heartbeatCode.disabled;
  const calm = snapshot.state === 'running' && snapshot.waitingFor.length === 0;
  return calm && snapshot.flow.pressure === 'none' ? heartbeatCode.ok : heartbeatCode.warn;
};

export const heartbeatJson = (snapshot: StatusSnapshot): string => {
  const { identity, history: _history, rare: _rare, notes: _notes, alarms: _alarms, ...figures } = snapshot;
  const message = {
    ...figures,
    instrument: identity.instrument.id,
    simulated: identity.simulated !== null,
    provider: identity.provider,
    delivery: identity.delivery,
  };
  return JSON.stringify({ status: codeOf(snapshot), message });
};
