/**
 * What we ask of a place where files are kept for years: whole files under names with `/`, never changed once they
 * are there. `adapters/files` keeps them in a folder, `adapters/s3` in an object store, `adapters/memory` in this
 * process. The contract is tested by `test/ports/store.contract.ts` against all of them.
 */

export interface StoredFile {
  readonly name: string;
  readonly byteCount: number;
}

/**
 * Every call may throw `store-full` (there is no room) or `store-failed` (it cannot be reached, or refused); both are
 * retryable, and after either nothing, or the whole file, is there. Names have no `..`, do not begin with `/`.
 */
export interface Store {
  /** The place in words, for messages. */
  readonly place: string;
  /**
   * Keeps a file whose bytes are the chunks one after another, over one that may be there: readers see the old one or
   * the whole new one, never a part. On disk when it resolves.
   */
  put(name: string, chunks: readonly Uint8Array[]): Promise<void>;
  /** Keeps a file only if none has this name: of all that try at once, exactly one is told `true`. */
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  /** Null when there is no such file. */
  size(name: string): Promise<number | null>;
  /** Bytes [from, to) of a file, the whole of it by default; throws file-invalid when there is none of this name. */
  read(name: string, range?: { readonly from: number; readonly to: number }): Promise<Uint8Array>;
  /** Files whose names begin with `prefix`, in any depth, ordered by name (bytewise). */
  list(prefix: string): AsyncIterable<StoredFile>;
  /** The next parts of names below a folder (`''`, or a name that ends in `/`), ordered; those that lead on end in `/`. */
  folder(name: string): Promise<readonly string[]>;
  /** One that is not there is removed already. */
  remove(name: string): Promise<void>;
  /**
   * Removes what writers that died left unfinished in a folder (not in those below), where the place leaves such things. A
   * file that has not grown for half a minute counts as left; should its writer live, it is told store-failed.
   */
  clear(folder: string): Promise<void>;
}
