/**
 * What we ask of a model runtime: rows of bytes in, rows of bytes out. It knows shapes and nothing of physics.
 */

export type Provider = 'cpu' | 'webgpu' | 'cuda';

export interface Model {
  /** The execution provider really in use; never silently another one than was asked for. */
  readonly provider: Provider;
  /**
   * Runs `rowCount` rows. `input` holds rowCount × inputWidth values, `output` receives rowCount × outputWidth.
   * Calls are serialised inside; neither array may be touched before the promise settles. Throws `model-run`.
   */
  run(input: Uint8Array, rowCount: number, output: Uint8Array): Promise<void>;
  /** Releases the session; once. */
  close(): Promise<void>;
}
