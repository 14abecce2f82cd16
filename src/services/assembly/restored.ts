/**
 * What an assembler's partition goes on from: the changes its last owner committed, and the packets that waited, read again
 * from where they lie. It refuses to begin anew where a state was committed and is gone: it would send time frames twice.
 */

import type { Assembly } from '../../assembly/assembly.ts';
import { changesUntil, decodeChange } from '../../assembly/changelog.ts';
import type { AssemblyChange } from '../../domain/archive/assembly.ts';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus, PartitionFeed } from '../../ports/bus.ts';
import { instantsHeader } from '../../wire/instants.ts';

const metadataHead = 'as1;';
/** What is committed with the offset: which change of the state goes with it, what waits, and the event time. */
export const committedMetadata = (
  sequence: number,
  { openFrom, watermarkNanos }: Pick<Assembly, 'openFrom' | 'watermarkNanos'>,
): string => `${metadataHead}${sequence};${openFrom ?? ''};${watermarkNanos}`;

/** How far a partition is assembled, from what is committed with its offset. */
export interface Assembled {
  /** Offset of the first packet that waits for its time frame; null when none does. */
  readonly openFrom: bigint | null;
  /** ns since the epoch; 0: none yet. */
  readonly watermarkNanos: bigint;
}
export const assembledUntil = (metadata: string): Assembled => {
  const match = /^as1;\d+;(\d*);(\d+)$/.exec(metadata);
  if (match === null) return { openFrom: null, watermarkNanos: 0n };
  const [, openFrom, watermark] = match;
  return { openFrom: openFrom === '' ? null : BigInt(openFrom!), watermarkNanos: BigInt(watermark!) };
};

const none = new Uint8Array(0);

/** Records at the end of the topic looked through first: the changes since one that is whole, and their markers. */
const tailRecords = BigInt(4 * limits.assemblyChangesMax);

/** Changes from the last whole one up to the one committed with the offset; none where nothing was committed. */
export const latestChanges = async (
  bus: Bus,
  topic: string,
  partition: number,
  metadata: string,
): Promise<readonly AssemblyChange[]> => {
  if (!metadata.startsWith(metadataHead)) return [];
  const sequence = Number(metadata.slice(metadataHead.length).split(';', 1)[0]);
  const ends = (await bus.offsets(topic)).find((one) => one.partition === partition);
  const [low, high] = [ends?.low ?? 0n, ends?.high ?? 0n];
  for (let tail = tailRecords; ; tail *= 4n) {
    const offset = high - tail > low ? high - tail : low;
    const from = { at: 'offsets', offsets: new Map([[partition, offset]]) } as const;
    const read: AssemblyChange[] = [];
    const bufferBytesMax = limits.assemblyReadBytesMax;
    for await (const { value } of bus.read({
      topic,
      partitions: [partition],
      from,
      untilEnd: true,
      bufferBytesMax,
    }))
      read.push(decodeChange(value));
    const changes = changesUntil(read, sequence);
    if (changes !== null) return changes;
    if (offset === low)
      throw new Fault(
        'bus-failed',
        `the state of commit ${sequence} is not on ${topic}, partition ${partition}: take another --group to begin anew`,
      );
  }
};

/** Reads the packets again that wait for their time frames; returns how many are kept no more. */
export const bringPackets = async (
  bus: Bus,
  topic: string,
  feed: PartitionFeed,
  assembly: Assembly,
): Promise<number> => {
  const { partition, startOffset } = feed;
  const lacking = assembly.lacking;
  if (lacking.size === 0) return 0;
  const first = BigInt64Array.from(lacking).sort()[0]!;
  const from = { at: 'offsets', offsets: new Map([[partition, first]]) } as const;
  const bufferBytesMax = limits.assemblyReadBytesMax;
  let left = lacking.size;
  for await (const record of bus.read({
    topic,
    partitions: [partition],
    from,
    untilEnd: true,
    bufferBytesMax,
  })) {
    if (record.offset >= startOffset) break;
    if (!lacking.has(record.offset)) continue;
    assembly.bring(record.offset, record.value, record.headers[instantsHeader] ?? none);
    left -= 1;
    if (left === 0) break;
  }
  return assembly.giveUp();
};
