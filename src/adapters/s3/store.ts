/**
 * A store in an S3-compatible object store: one request a call, signed, with a deadline. Refuses to try again by
 * itself: who asked knows whether it may wait.
 */

import { AwsClient } from 'aws4fetch';
import { Fault } from '../../domain/fault.ts';
import type { Store, StoredFile } from '../../ports/store.ts';

export interface S3Options {
  /** As https://s3.example.org; buckets are the first part of its paths. */
  readonly endpoint: string;
  readonly region: string;
  readonly keyId: string;
  readonly secret: string;
  readonly bucket: string;
  /** Before all names: '' or a folder that ends in `/`. */
  readonly prefix: string;
}

/** A request that takes longer has failed: a segment of 64 MiB at 2 MB/s. */
const requestMsMax = 30_000;
/** Two that create the same name at once may both be told to try again. */
const conflictsMax = 5;
const fullCodes = /QuotaExceeded|StorageFull|InsufficientStorage|NoSpace/i;

const encodePath = (name: string): string => name.split('/').map(encodeURIComponent).join('/');
const textsIn = (xml: string, tag: string): string[] =>
  [...xml.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, 'g'))].map((match) => match[1]!);
/** Keys come URL-encoded, as they were asked for: XML cannot carry every name. */
const decodeKey = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '));
const bytewise = (a: string, b: string): number => (a < b ? -1 : 1);

interface Page {
  readonly files: readonly StoredFile[];
  readonly folders: readonly string[];
  readonly next: string | null;
}

const pageOf = (xml: string): Page => {
  const files = [...xml.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)].map(([, content]) => ({
    name: decodeKey(textsIn(content!, 'Key')[0] ?? ''),
    byteCount: Number(textsIn(content!, 'Size')[0] ?? 0),
  }));
  const folders = [...xml.matchAll(/<CommonPrefixes>([\s\S]*?)<\/CommonPrefixes>/g)].map(([, content]) =>
    decodeKey(textsIn(content!, 'Prefix')[0] ?? ''),
  );
  const [token] = textsIn(xml, 'NextContinuationToken');
  // The token is opaque text in XML: only entities are to be undone.
  const next = token?.replaceAll('&amp;', '&').replaceAll('&quot;', '"') ?? null;
  return { files, folders, next };
};

export const createS3Store = (options: S3Options): Store => {
  const { bucket, prefix } = options;
  const client = new AwsClient({
    accessKeyId: options.keyId,
    secretAccessKey: options.secret,
    region: options.region,
    service: 's3',
    retries: 0,
  });
  const root = `${options.endpoint.replace(/\/+$/, '')}/${encodePath(bucket)}`;
  const place = `s3://${bucket}/${prefix}`;
  const urlOf = (name: string): string => {
    if (name.startsWith('/') || name.split('/').includes('..'))
      throw new Fault('request-invalid', `the name '${name}' leads out of the archive`);
    return `${root}/${encodePath(prefix + name)}`;
  };

  /** The answer, its body unread; throws store-failed or store-full but for the statuses that mean something. */
  const ask = async (
    what: string,
    url: string,
    init: { method: string; body?: Uint8Array; headers?: Record<string, string> },
    meaningful: readonly number[] = [],
  ): Promise<Response> => {
    let response: Response;
    try {
      response = await client.fetch(url, {
        method: init.method,
        headers: init.headers ?? {},
        ...(init.body === undefined ? {} : { body: init.body as Uint8Array<ArrayBuffer> }),
        signal: AbortSignal.timeout(requestMsMax),
      });
    } catch (cause) {
      const { cause: deeper, message } = cause as Error & { cause?: Error };
      throw new Fault('store-failed', `${what} in ${place}: ${deeper?.message || message}`, {
        cause,
        retryable: true,
      });
    }
    if (response.ok || meaningful.includes(response.status)) return response;
    const text = await response.text().catch(() => '');
    const code = textsIn(text, 'Code')[0] ?? response.statusText;
    const detail = `${what} in ${place}: ${response.status} ${code}`;
    if (response.status === 507 || fullCodes.test(code))
      throw new Fault('store-full', `${detail}; make room, and it goes on by itself`, { retryable: true });
    throw new Fault('store-failed', detail, { retryable: true });
  };
  const bodyOf = async (response: Response, what: string): Promise<Uint8Array> => {
    try {
      return new Uint8Array(await response.arrayBuffer());
    } catch (cause) {
      throw new Fault('store-failed', `${what} in ${place}: ${(cause as Error).message}`, {
        cause,
        retryable: true,
      });
    }
  };
  async function* pages(below: string, delimiter: string): AsyncIterable<Page> {
    let token: string | null = null;
    do {
      const query = new URLSearchParams({
        'list-type': '2',
        'encoding-type': 'url',
        prefix: prefix + below,
        ...(delimiter === '' ? {} : { delimiter }),
        ...(token === null ? {} : { 'continuation-token': token }),
      });
      const response = await ask(`listing ${below}`, `${root}?${query}`, { method: 'GET' });
      const page: Page = pageOf(Buffer.from(await bodyOf(response, `listing ${below}`)).toString());
      yield page;
      token = page.next;
    } while (token !== null);
  }

  return {
    place,
    async put(name, chunks) {
      const body = Buffer.concat(chunks);
      await ask(`writing ${name}`, urlOf(name), { method: 'PUT', body });
    },
    async create(name, bytes) {
      for (let attempt = 1; ; attempt += 1) {
        const headers = { 'if-none-match': '*' };
        const { status } = await ask(
          `creating ${name}`,
          urlOf(name),
          { method: 'PUT', body: bytes, headers },
          attempt < conflictsMax ? [409, 412] : [412],
        );
        if (status !== 409) return status !== 412;
      }
    },
    async size(name) {
      const response = await ask(`looking at ${name}`, urlOf(name), { method: 'HEAD' }, [404]);
      return response.status === 404 ? null : Number(response.headers.get('content-length') ?? 0);
    },
    async read(name, range) {
      if (range !== undefined && range.to <= range.from) return new Uint8Array(0);
      const headers: Record<string, string> =
        range === undefined ? {} : { range: `bytes=${range.from}-${range.to - 1}` };
      const response = await ask(`reading ${name}`, urlOf(name), { method: 'GET', headers }, [404]);
      if (response.status === 404) throw new Fault('file-invalid', `${place}${name} is not there`);
      return bodyOf(response, `reading ${name}`);
    },
    async *list(below) {
      for await (const { files } of pages(below, ''))
        for (const { name, byteCount } of files) yield { name: name.slice(prefix.length), byteCount };
    },
    async folder(name) {
      const found: string[] = [];
      for await (const { files, folders } of pages(name, '/'))
        for (const one of [...files.map((file) => file.name), ...folders])
          found.push(one.slice(prefix.length + name.length));
      return found.filter((one) => one !== '').sort(bytewise);
    },
    async clear() {
      // An upload that is cut off leaves nothing.
    },
    async remove(name) {
      await ask(`removing ${name}`, urlOf(name), { method: 'DELETE' }, [404]);
    },
  };
};
