/**
 * How the servers of this room answer: one way to write a body, with the headers that shut everything else out. Refuses
 * to let an answer be cached unless it is said how.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Scripts, styles, pictures and streams come from this server alone. A style attribute is allowed: plots are SVG whose
 * library sizes its parts so, and a style reads nothing.
 */
const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
    "font-src 'self' data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

export const json = 'application/json; charset=utf-8';
export const plain = 'text/plain; charset=utf-8';

export const secure = (response: ServerResponse): void => {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
};

/** Whether an address is this machine's own. */
export const isLoopback = (address: string | undefined): boolean =>
  /^(::ffff:)?127\.|^::1$/.test(address ?? '');

/** One whole answer; of a HEAD its headers only. */
export const reply = (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
};

/** Whether a client takes this encoding; only plain tokens, weights of 0 are refusals. */
export const accepts = (request: IncomingMessage, encoding: string): boolean =>
  String(request.headers['accept-encoding'] ?? '')
    .split(',')
    .some((one) => {
      const [name, weight] = one.trim().split(/\s*;\s*q=/);
      return name === encoding && Number(weight ?? 1) > 0;
    });
