/**
 * The page's files, read and compressed once at the start and served from memory. It refuses every path that is not one of
 * them, so that no request can reach another file.
 */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { accepts, reply } from './answers.ts';

export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
  readonly etag: string;
  /** By name of the encoding, the best first; only those that are smaller. */
  readonly packed: readonly (readonly [encoding: string, body: Buffer])[];
  /** Its name holds a hash of its content. */
  readonly forever: boolean;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** As Vite names what it builds: `name-Hash123_.js`. */
const hashed = /-[\w-]{8}\.\w+$/;

export const fileOf = (name: string, body: Buffer, contentType: string): PageFile => {
  // The best quality takes seconds of a start for a tenth of the bytes.
  const brotli = brotliCompressSync(body, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
  });
  const packed = [['br', brotli] as const, ['gzip', gzipSync(body, { level: 6 })] as const];
  return {
    contentType,
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    packed: packed.filter(([, bytes]) => bytes.length < 0.9 * body.length),
    forever: hashed.test(name),
  };
};

/** By request path: `/` is index.html, `/folder/name.js` the file of that name; only kinds a page needs. None without it. */
export const readPageFiles = (folder: string): ReadonlyMap<string, PageFile> => {
  const files = new Map<string, PageFile>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const contentType = contentTypes[extname(entry.name)];
    if (contentType === undefined || !entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join('/');
    files.set(name === 'index.html' ? '/' : `/${name}`, fileOf(name, readFileSync(path), contentType));
  }
  return files;
};

/** The file, or 304 where the client has it. */
export const sendFile = (request: IncomingMessage, response: ServerResponse, file: PageFile): void => {
  const caching = {
    etag: file.etag,
    'cache-control': file.forever ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
  };
  const known = String(request.headers['if-none-match'] ?? '').split(/\s*,\s*/);
  if (known.includes(file.etag)) {
    response.writeHead(304, caching);
    response.end();
    return;
  }
  const [encoding, body] = file.packed.find(([name]) => accepts(request, name)) ?? [null, file.body];
  const headers = encoding === null ? caching : { ...caching, 'content-encoding': encoding };
  reply(request, response, 200, file.contentType, body, headers);
};
