/**
 * Where a command writes: results to one side, words about progress to the other. It refuses to know whether
 * either is a terminal; whoever hands it in decides.
 */

export interface Output {
  /** One line of the result (stdout). */
  print(line: string): void;
  /** One line about what is going on (stderr); nothing where nobody looks. */
  note(line: string): void;
}

const groups = new Intl.NumberFormat('en-US');
/** 81234 → `81,234`. */
export const grouped = (value: number): string => groups.format(value);

/** Bytes as people say them: `312 B`, `9.8 kB`, `4.6 MB`. */
export const bytesInWords = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  const [unit, size] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  return `${(bytes / Number(size)).toFixed(1)} ${unit}`;
};

/** Columns of a table, padded to their widest cell; numbers to the right. */
export const alignedLines = (rows: readonly (readonly string[])[], right: readonly boolean[]): string[] => {
  const widths = right.map((_, column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (right[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
};

/** A value as JSON on one line; 64-bit numbers as decimal text, bytes never. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? one.toString() : one));
