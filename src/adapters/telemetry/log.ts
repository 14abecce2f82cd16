/**
 * The log: pino's JSON lines to a file or to stderr, or one readable line each where a person watches.
 * It refuses to be called per frame by having no debug level, and keeps the last warnings for the live view.
 */

import pino from 'pino';
import { limits } from '../../domain/limits.ts';
import type { NoteSnapshot } from '../../domain/status.ts';
import type { Log } from '../../ports/telemetry.ts';
import { type LogFile, openLogFile } from './log_file.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type LogTarget =
  /** JSON lines appended to a file; its folder is made. */
  | { readonly kind: 'file'; readonly path: string }
  /** JSON lines to a function, as for stderr when it is not a terminal. */
  | { readonly kind: 'json'; readonly write: (text: string) => void }
  /** One readable line each, as for a terminal. */
  | { readonly kind: 'pretty'; readonly write: (text: string) => void; readonly colour: boolean };

/** Fields every line has and a reader need not see twice. */
const quiet = new Set(['level', 'time', 'msg', 'service', 'pid', 'hostname']);
const sgr = { info: 36, warn: 33, error: 31, debug: 90 } as const;

const showField = (value: unknown): string => {
  if (typeof value === 'string') return /[\s"=]/.test(value) ? JSON.stringify(value) : value;
  if (typeof value === 'object' && value !== null && 'message' in value) return JSON.stringify(value.message);
  return JSON.stringify(value) ?? 'undefined';
};

/** `12:34:56.789 warn  partition moved  partition=3` */
export const prettyLine = (json: string, colour: boolean): string => {
  const line = JSON.parse(json) as Record<string, unknown>;
  const level = String(line.level) as LogLevel;
  const paint = (code: number, text: string): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const time = new Date(String(line.time)).toISOString().slice(11, 23);
  const fields = Object.entries(line)
    .filter(([name]) => !quiet.has(name))
    .map(([name, value]) => `${paint(90, `${name}=`)}${showField(value)}`);
  const words = [paint(90, time), paint(sgr[level] ?? 0, level.padEnd(5)), String(line.msg ?? ''), ...fields];
  return `${words.join(' ')}\n`;
};

export interface LogAdapter {
  readonly log: Log;
  /** The last warnings and errors, newest last; the same sentence in a row is counted. */
  notes(): readonly NoteSnapshot[];
  /** Writes out what is buffered. Idempotent. */
  close(): void;
}

const openTarget = (target: LogTarget): LogFile => {
  const nothing = (): void => {};
  if (target.kind === 'file') return openLogFile(target.path);
  const { write } = target;
  if (target.kind === 'json') return { write, flush: nothing, close: nothing };
  const { colour } = target;
  return { write: (text) => write(prettyLine(text, colour)), flush: nothing, close: nothing };
};

export function createLog(options: {
  readonly service: string;
  readonly level: LogLevel;
  readonly target: LogTarget;
}): LogAdapter {
  const out = openTarget(options.target);
  const logger = pino(
    {
      level: options.level,
      base: { service: options.service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    // After the close nobody reads any more: a late line is dropped rather than thrown at its writer.
    { write: (text: string) => (closed ? undefined : out.write(text)) },
  );
  let closed = false;
  const notes: NoteSnapshot[] = [];
  const note = (level: 'warn' | 'error', text: string): void => {
    const last = notes.at(-1);
    if (last?.text === text && last.level === level) notes.pop();
    notes.push({ atMs: Date.now(), level, text, count: last?.text === text ? last.count + 1 : 1 });
    if (notes.length > limits.statusNotesMax) notes.shift();
  };
  return {
    log: {
      info: (fields, message) => logger.info(fields, message),
      warn(fields, message) {
        note('warn', message);
        logger.warn(fields, message);
      },
      error(fields, message) {
        note('error', message);
        logger.error(fields, message);
        // Data was lost, and worse may follow: this line is not left in a buffer.
        out.flush();
      },
    },
    notes: () => [...notes],
    close() {
      if (closed) return;
      closed = true;
      out.close();
    },
  };
}
