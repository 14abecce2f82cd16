/**
 * One file against what is said of it: size, hash, and where it differs the groups of rows and time frames that are
 * touched. Refuses to trust a file because it can be read.
 */

import type { ManifestGroup } from '../../archive/proof/manifest.ts';
import { Fault } from '../../domain/fault.ts';
import { checksumOf } from '../../wire/files/checksum.ts';
import { sha256Of } from '../../wire/files/sha256.ts';
import type { ArchiveParts } from './archive.ts';

export interface Finding {
  readonly file: string;
  /** Numbers of the groups of rows that are touched. */
  readonly groups?: readonly number[];
  /** First and last time frame that is touched. */
  readonly timeFrames?: readonly [number, number];
  readonly sentence: string;
}

export interface Said {
  readonly name: string;
  readonly byteCount: number;
  readonly sha256: string;
  readonly groups?: readonly ManifestGroup[] | undefined;
  /** Of all its rows, where nothing is said of groups. */
  readonly timeFrames?: readonly [number, number] | null;
}

const spanOf = (ranges: readonly (readonly [number, number])[]): [number, number] => [
  Math.min(...ranges.map(([from]) => from)),
  Math.max(...ranges.map(([, to]) => to)),
];

const words = (groups: readonly number[]): string =>
  groups.length === 1 ? `row group ${groups[0]}` : `row groups ${groups.join(', ')}`;

const touched = (
  name: string,
  what: string,
  groups: readonly number[],
  ranges: (readonly [number, number])[],
): Finding => {
  const timeFrames = ranges.length === 0 ? null : spanOf(ranges);
  const where = timeFrames === null ? '' : `, time frames ${timeFrames[0]} to ${timeFrames[1]}`;
  return {
    file: name,
    groups,
    ...(timeFrames === null ? {} : { timeFrames }),
    sentence: `${name}: ${what}: ${words(groups)}${where}`,
  };
};

/** Groups whose bytes are not what the manifest says. */
const byChecksum = ({ name, groups = [] }: Said, bytes: Uint8Array, what: string): Finding => {
  const changed = groups
    .map((group, index) => ({ ...group, index }))
    .filter(
      ({ fromByte, toByte, crc32c: said }) =>
        toByte > bytes.length || checksumOf(bytes.subarray(fromByte, toByte)) !== said,
    );
  const ranges = (list: readonly ManifestGroup[]): (readonly [number, number])[] =>
    list.map(({ timeFrames }) => timeFrames).filter((range) => range !== null);
  if (changed.length > 0)
    return touched(
      name,
      what,
      changed.map(({ index }) => index),
      ranges(changed),
    );
  // Between and after the groups stand the indices and the footer, by which all of them are found.
  return touched(
    name,
    `${what} outside its rows (the footer or an index)`,
    groups.map((_, index) => index),
    ranges(groups),
  );
};

/** Without checksums of groups: those that cannot be read any more, or all of them. */
const byReading = async (
  { format }: ArchiveParts,
  said: Said,
  bytes: Uint8Array,
  what: string,
): Promise<Finding> => {
  const whole: Finding = {
    file: said.name,
    ...(said.timeFrames ? { timeFrames: said.timeFrames } : {}),
    sentence: `${said.name}: ${what}${said.timeFrames ? `: somewhere in time frames ${said.timeFrames[0]} to ${said.timeFrames[1]}` : ''}`,
  };
  if (!said.name.endsWith('.parquet')) return whole;
  const bad: number[] = [];
  const ranges: (readonly [number, number])[] = [];
  try {
    const table = await format.open({
      byteLength: bytes.length,
      read: async (from, to) => bytes.slice(from, to),
    });
    for (let group = 0; group < table.groups.length; group += 1)
      try {
        for await (const rows of table.rows({ group })) void rows;
      } catch {
        bad.push(group);
        const range = table.groups[group]!.ranges.time_frame;
        if (range !== undefined) ranges.push([Number(range.least), Number(range.greatest)]);
      }
  } catch {
    return { ...whole, sentence: `${whole.sentence}; its footer cannot be read` };
  }
  return bad.length === 0 ? whole : touched(said.name, what, bad, ranges);
};

/** What is wrong with a file; null when it is what is said. A store that cannot be reached throws. */
export const checkFile = async (parts: ArchiveParts, said: Said): Promise<Finding | null> => {
  const { store } = parts;
  const size = await store.size(said.name);
  if (size === null)
    return {
      file: said.name,
      ...(said.timeFrames ? { timeFrames: said.timeFrames } : {}),
      sentence: `${said.name} is missing: it is sealed, and no record says that it was deleted`,
    };
  const bytes = await store.read(said.name);
  if (sha256Of([bytes]) === said.sha256) return null;
  const what =
    size === said.byteCount ? 'its bytes were changed' : `it has ${size} bytes, not ${said.byteCount}`;
  return said.groups === undefined ? byReading(parts, said, bytes, what) : byChecksum(said, bytes, what);
};

/** What `act` throws as file-invalid becomes a finding. */
export const asFinding = async <Result>(
  file: string,
  findings: Finding[],
  act: () => Promise<Result> | Result,
): Promise<Result | null> => {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Fault) || (error.code !== 'file-invalid' && error.code !== 'card-invalid'))
      throw error;
    findings.push({
      file,
      sentence: error.detail.includes(file) ? error.detail : `${file}: ${error.detail}`,
    });
    return null;
  }
};
