/**
 * Asks a running monitor over its REST API. Refuses to write: it knows no method but GET; and to wait for one that is silent.
 */

import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';

type Value = string | number | undefined;

export interface MonitorClient {
  /** The JSON answer. @throws Fault `request-invalid` with the monitor's own words, or `monitor-unreachable` */
  json<T>(path: string, query?: Readonly<Record<string, Value>>): Promise<T>;
  text(path: string): Promise<string>;
}

const faultIn = (text: string): string => {
  try {
    const { fault } = JSON.parse(text) as { fault?: { message?: string } };
    return fault?.message ?? text;
  } catch {
    return text;
  }
};

/** @param address of the monitor, as `http://127.0.0.1:8080` */
export const openMonitorClient = (address: string): MonitorClient => {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new Fault('config-invalid', `--url ${address} is no address; as http://127.0.0.1:8080`);
  const ask = async (path: string, query: Readonly<Record<string, Value>> = {}): Promise<string> => {
    const url = new URL(path, address);
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(key, String(value));
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(url, { signal: AbortSignal.timeout(limits.monitorAnswerMs) });
      text = await answer.text();
    } catch (cause) {
      throw new Fault(
        'monitor-unreachable',
        `no monitor answers at ${address}: start one with \`tessera up\` or \`tessera dqm\`, or name it with --url`,
        { cause, retryable: true },
      );
    }
    if (answer.ok) return text;
    throw new Fault('request-invalid', faultIn(text).replace(/^request-invalid: /, ''));
  };
  return {
    json: async <T>(path: string, query?: Readonly<Record<string, Value>>) =>
      JSON.parse(await ask(path, query)) as T,
    text: (path) => ask(path),
  };
};
