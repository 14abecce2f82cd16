/**
 * A log file: lines buffered to a few kB, written out every second, set aside when it has grown large. It
 * refuses to stop the service over a full disk: what cannot be written is dropped, and said once it can.
 */

import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { limits } from '../../domain/limits.ts';

export interface LogFile {
  write(text: string): void;
  flush(): void;
  /** Idempotent; later writes go nowhere. */
  close(): void;
}

/** So that a line costs no system call; small enough that little is lost to a kill. */
const bufferChars = 4096;
const flushIntervalMs = 1000;

/** @param bytesMax size at which the file is set aside as `<path>.1` */
export function openLogFile(path: string, bytesMax: number = limits.logFileBytesMax): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  let file: number | null = openSync(path, 'a');
  let size = fstatSync(file).size;
  let waiting = '';
  let dropped = 0;

  const setAside = (): void => {
    if (file === null || size < bytesMax) return;
    renameSync(path, `${path}.1`);
    // The new one first: a closed number must never stay in `file`, where it may soon mean a socket.
    const next = openSync(path, 'a');
    closeSync(file);
    file = next;
    size = 0;
  };
  const flush = (): void => {
    if (file === null || waiting === '') return;
    const text =
      dropped > 0
        ? `${JSON.stringify({ level: 'warn', msg: 'log lines dropped', dropped })}\n${waiting}`
        : waiting;
    waiting = '';
    try {
      setAside();
      const bytes = Buffer.from(text);
      for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from);
      size += bytes.length;
      dropped = 0;
    } catch {
      // The disk is full or gone: the data path goes on without its log.
      dropped += text.split('\n').length - 1;
    }
  };
  const timer = setInterval(flush, flushIntervalMs).unref();
  process.on('exit', flush);
  return {
    write(text) {
      if (file === null) return;
      waiting += text;
      if (waiting.length >= bufferChars) flush();
    },
    flush,
    close() {
      if (file === null) return;
      flush();
      clearInterval(timer);
      process.off('exit', flush);
      closeSync(file);
      file = null;
    },
  };
}
