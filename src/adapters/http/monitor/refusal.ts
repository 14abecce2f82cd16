/** Why a question is not answered, and how it is told. Refuses to answer without what, where and the mend. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, faultList } from '../../../domain/fault.ts';
import { json, reply } from '../answers.ts';

export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** @param mend what, where and the mend, after the code of all refusals */
  constructor(status: number, mend: string, headers: Readonly<Record<string, string>> = {}) {
    super(`request-invalid: ${mend}`);
    this.status = status;
    this.headers = headers;
  }
}

/** The world's faults pass, a person's do not, and what is neither is our bug. */
const statusOf = (error: unknown): number => {
  if (error instanceof Refusal) return error.status;
  if (!(error instanceof Fault)) return 500;
  return faultList[error.code][0] === 'world' ? 503 : 400;
};

export const refuse = (request: IncomingMessage, response: ServerResponse, error: unknown): void => {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  const ours = error instanceof Refusal ? 'request-invalid' : 'internal';
  const code = error instanceof Fault ? error.code : ours;
  const headers = error instanceof Refusal ? error.headers : {};
  reply(
    request,
    response,
    statusOf(error),
    json,
    `${JSON.stringify({ fault: { code, message } })}\n`,
    headers,
  );
};
