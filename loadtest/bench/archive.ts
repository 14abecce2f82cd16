/**
 * `tessera bench archive`: what the archive's files weigh beside the packets in them, how fast the archiver writes
 * beside how fast the processor makes, and what a question for one time frame fetches. It refuses to count what was not
 * read back.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createFileStore } from '../../src/adapters/files/store.ts';
import { createParquetFormat } from '../../src/adapters/parquet/format.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { layerTable } from '../../src/archive/layer_rows.ts';
import { sealsFolder } from '../../src/archive/names.ts';
import { packetBytesOf, packetTable, scoreNamesOf } from '../../src/archive/packet_rows.ts';
import type { Seal } from '../../src/archive/seal.ts';
import { loadCards, openBus, openTelemetry, runProcessor, version } from '../../src/assemble.ts';
import { readConfig } from '../../src/config.ts';
import type { InstrumentCard } from '../../src/domain/instrument.ts';
import type { Bus, OutputRecord } from '../../src/ports/bus.ts';
import type { Store } from '../../src/ports/store.ts';
import { archiveGroups, startArchiver } from '../../src/services/archive/archiver.ts';
import { readSeal, runsIn, sealsOf } from '../../src/services/archive/position.ts';
import { createServiceBook } from '../../src/services/service_book.ts';
import { topicSpecs, topicsOf } from '../../src/services/topics.ts';
import { encodePartialEvent } from '../../src/wire/events/partial_event.ts';
import { say, sleep } from '../drive.ts';
import type { BenchResult } from '../excerpts.ts';
import { drainRate, median } from '../measure.ts';
import { eventOf, type MadePacket, packetsOn, renumbered } from './archive/events.ts';
import { type ViewCost, viewCostOf } from './archive/view.ts';
import { preload } from './preload.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    repeats: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    /** Only these; rows and ratios of the others stay as they stand in the file. */
    parts: { type: 'string', default: 'auau,pp,query' },
  },
});
const wanted = flags.parts.split(',');
const repeats = flags.quick ? 1 : Number(flags.repeats);
const queriedTimeFrames = flags.quick ? 100_000 : 1_000_000;
const seed = 1;
const partitions = 4;
const clock = createSystemClock();
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const format = createParquetFormat(`tessera ${version}`);

interface Case {
  readonly key: 'auau' | 'pp';
  readonly title: string;
  readonly instrument: string;
  readonly timeFrames: number;
  readonly pool: number;
  /** How often what was made is archived, so that a start and an end are a small part of what is timed. */
  readonly copies: number;
}
const cases: readonly Case[] = [
  {
    key: 'auau',
    title: 'Au+Au',
    instrument: 'sphenix-tpc-auau',
    timeFrames: flags.quick ? 24 : 120,
    pool: 23,
    copies: 8,
  },
  {
    key: 'pp',
    title: 'p+p',
    instrument: 'sphenix-tpc-pp',
    timeFrames: flags.quick ? 1000 : 4000,
    pool: 499,
    copies: 1,
  },
];

/** Processor time of all threads since `used`, µs. */
const cpuMicros = (used: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(used);
  return user + system;
};

/** The processor over the memory bus: its packets, frames a second, and processor time a frame. */
const produce = async (one: Case) => {
  const cards = loadCards(one.instrument);
  const settings = {
    instrument: one.instrument,
    partitions,
    overload: 'wait',
    httpPort: 0,
    statusPort: 0,
    bus: 'memory',
    seed,
  };
  const config = readConfig({ ...settings, retentionBytes: 8_000_000_000 }, {});
  const telemetry = openTelemetry(config, 'bench', { kind: 'json', write: () => {} });
  const bus = openBus(config, clock, telemetry.telemetry.log);
  const frames = await preload(bus, cards.card, one.timeFrames, one.pool, partitions, seed);
  const running = await runProcessor(config, cards, telemetry, { simulated: true, bus });
  const topics = topicsOf(one.instrument);
  const rating = drainRate(bus, config.group, topics.frames, frames);
  // Its processor time is counted over the middle of the work: beginnings compile code.
  const madeCount = async (): Promise<number> =>
    (await bus.offsets(topics.tokens)).reduce((sum, { high }) => sum + Number(high), 0);
  while ((await madeCount()) < frames * 0.3) await sleep(5);
  const [from, used] = [await madeCount(), process.cpuUsage()];
  while ((await madeCount()) < frames * 0.9) await sleep(5);
  const microseconds = cpuMicros(used) / ((await madeCount()) - from);
  const rate = await rating;
  while ((await madeCount()) < frames) await sleep(50);
  const made = await packetsOn(bus, topics.tokens, cards.card);
  await running.stop();
  telemetry.close();
  return { rate, microseconds, made, card: cards.card };
};

interface Written {
  readonly packets: number;
  readonly packetBytes: number;
  readonly archiveBytes: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly segments: number;
  readonly seconds: number;
  readonly microsecondsAPacket: number;
}

/** In memory where there is room, so that a figure is not that of one machine's disk; on it, to say what that costs. */
const temporary = (place: 'memory' | 'disk'): string =>
  mkdtempSync(join(place === 'memory' && existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tessera-archive-'));

const bytesIn = async (store: Store): Promise<{ all: number; byKind: Record<string, number> }> => {
  const byKind: Record<string, number> = {};
  let all = 0;
  for await (const { name, byteCount } of store.list('run=')) {
    const kind = /\.([a-z]+)\.[0-9a-f]{8}\.parquet$/.exec(name)?.[1] ?? 'seals';
    byKind[kind] = (byKind[kind] ?? 0) + byteCount;
    all += byteCount;
  }
  return { all, byKind };
};

/** The archiver alone, on a memory bus that `feed` fills; from its start until all is sealed. */
const write = async (
  card: InstrumentCard,
  store: Store,
  messages: number,
  feed: (bus: Bus) => Promise<void>,
  before: boolean,
): Promise<Written> => {
  const config = readConfig({ instrument: card.id, bus: 'memory' }, {});
  const bus = openBus(config, clock, quiet);
  await bus.ensureTopics(topicSpecs(card, partitions, 32_000_000_000));
  const topics = topicsOf(card.id);
  if (before) await feed(bus);
  const [beginMs, used] = [performance.now(), process.cpuUsage()];
  const archiver = await startArchiver(
    {
      card,
      topics,
      bus,
      store,
      format,
      clock,
      log: quiet,
      book: createServiceBook('archiver', clock),
      version,
      simulated: true,
    },
    {
      group: 'bench',
      segmentBytes: config.archiveSegmentBytes,
      rollMs: 2_000,
      prescale: 0,
      cards: [],
      onWaiting: () => {},
      onAssigned: () => {},
      closing: async () => {},
    },
  );
  const feeding = before ? Promise.resolve() : feed(bus);
  const done = async (): Promise<number> => {
    const committed = await bus.committed(archiveGroups('bench').partials, topics.partials);
    return committed.reduce((sum, { offset }) => sum + Number(offset ?? 0n), 0);
  };
  // What is taken last is sealed when the archiver is told to stop, not after a wait for its age.
  while (archiver.inFlight + (await done()) < messages) await Promise.race([sleep(5), archiver.failed]);
  await feeding;
  await archiver.stop();
  const [seconds, microseconds] = [(performance.now() - beginMs) / 1000, cpuMicros(used)];
  const seals: Seal[] = [];
  for (const run of await runsIn(store)) seals.push(...(await sealsOf(store, run)));
  const sum = (of: (seal: Seal) => number): number => seals.reduce((all, seal) => all + of(seal), 0);
  if (sum(({ counts }) => counts.events) !== messages)
    throw new Error(`${sum(({ counts }) => counts.events)} of ${messages} partial events are archived`);
  const { all, byKind } = await bytesIn(store);
  return {
    packets: sum(({ counts }) => counts.packets),
    packetBytes: sum(({ counts }) => counts.packetBytes),
    archiveBytes: all,
    byKind,
    segments: seals.length,
    seconds,
    microsecondsAPacket: microseconds / sum(({ counts }) => counts.packets),
  };
};

/** All events of a case, `copies` times over under new numbers, to the partitions by time frame. */
const messagesOf = (
  card: InstrumentCard,
  made: ReadonlyMap<number, MadePacket[]>,
  copies: number,
): OutputRecord[] => {
  const topic = topicsOf(card.id).partials;
  const lists = [...made.values()];
  return Array.from({ length: copies * lists.length }, (_, number) => {
    const packets = lists[number % lists.length]!.map((packet) => renumbered(packet, number));
    const value = encodePartialEvent(eventOf(card, packets, number));
    return { topic, partition: number % partitions, key: null, value };
  });
};

interface Question {
  readonly fetchedBytes: number;
  readonly requests: number;
  readonly found: number;
}

/** Every byte a reader fetches for one time frame: seals of the run, footers, pages of packets and of their tokens. */
const ask = async (store: Store, run: number, timeFrame: number, expected: Uint8Array): Promise<Question> => {
  let [fetchedBytes, requests, found] = [0, 0, 0];
  const counted = async <Bytes extends Uint8Array>(reading: Promise<Bytes>): Promise<Bytes> => {
    const bytes = await reading;
    fetchedBytes += bytes.length;
    requests += 1;
    return bytes;
  };
  const sought = { column: 'time_frame', from: BigInt(timeFrame), to: BigInt(timeFrame) };
  for (const file of await store.folder(sealsFolder(run))) {
    const name = sealsFolder(run) + file;
    const seal = await readSeal(store, name);
    await counted(store.read(name));
    if (seal.timeFrames === null || seal.timeFrames[0] > timeFrame || seal.timeFrames[1] < timeFrame)
      continue;
    const rowsOf = async (kind: string) => {
      const file = seal.files.find((one) => one.kind === kind);
      if (file === undefined) return { columns: [], rows: [] };
      const table = await format.open({
        byteLength: file.byteCount,
        read: (from, to) => counted(store.read(file.name, { from, to })),
      });
      const rows: Readonly<Record<string, unknown>>[] = [];
      for await (const group of table.rows({ sought })) rows.push(...group);
      return { columns: table.columns, rows };
    };
    const payloads: Uint8Array[] = [];
    for (const kind of ['tokens', 'near', 'lossless'])
      for (const cells of (await rowsOf(kind)).rows) {
        const { layer, payload } = layerTable.rowOf(cells);
        payloads[layer] = payload;
      }
    const { columns, rows } = await rowsOf('packets');
    await rowsOf('events');
    const identity = { run, instrumentId: seal.instrument, instrumentHash: seal.instrumentHash };
    for (const cells of rows) {
      const bytes = packetBytesOf(packetTable(scoreNamesOf(columns)).rowOf(cells), payloads, identity);
      if (Buffer.compare(bytes, expected) !== 0) throw new Error(`time frame ${timeFrame} is not as it was`);
      found += 1;
    }
  }
  if (found !== 1) throw new Error(`time frame ${timeFrame} was found ${found} times`);
  return { fetchedBytes, requests, found };
};

/** One region of p+p under so many time frames, and questions for some of them. */
const pointQuery = async (card: InstrumentCard, made: ReadonlyMap<number, MadePacket[]>) => {
  const pool = [...made.values()].flatMap((packets) => packets.filter(({ region }) => region === 0));
  const packetAt = (number: number): MadePacket => renumbered(pool[(number * 7919) % pool.length]!, number);
  const folder = temporary('disk');
  const store = createFileStore(folder);
  const topic = topicsOf(card.id).partials;
  try {
    const written = await write(
      card,
      store,
      queriedTimeFrames,
      async (bus) => {
        for (let number = 0; number < queriedTimeFrames; ) {
          const records: OutputRecord[] = [];
          for (const end = Math.min(queriedTimeFrames, number + 2000); number < end; number += 1) {
            const value = encodePartialEvent(eventOf(card, [packetAt(number)], number));
            records.push({ topic, partition: number % partitions, key: null, value });
          }
          await bus.send(records);
          // The archiver shares this process: what is sent waits in memory.
          await sleep(0);
        }
      },
      false,
    );
    const [run] = await runsIn(store);
    const asked = [0.001, 0.2, 0.4, 0.6, 0.8, 0.999].map((share) => Math.floor(share * queriedTimeFrames));
    const questions: Question[] = [];
    for (const number of asked) questions.push(await ask(store, run!, number, packetAt(number).packet));
    return { written, questions };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const rounded = (value: number, digits = 3): number => Number(value.toPrecision(digits));

type Row = BenchResult['rows'][number];
interface Part {
  readonly row: Row;
  readonly ratios: BenchResult['ratios'];
}

/** What one instrument's packets weigh in files, and both rates, repeat after repeat. */
const measureCase = async (one: Case): Promise<Part> => {
  const [rates, speeds, diskSpeeds]: number[][] = [[], [], []];
  const [frameMicros, packetMicros]: number[][] = [[], []];
  let last: Written | null = null;
  let view: ViewCost | null = null;
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const { rate, made, card, microseconds } = await produce(one);
    rates!.push(rate);
    frameMicros!.push(microseconds);
    const messages = messagesOf(card, made, one.copies);
    for (const place of ['memory', 'disk'] as const) {
      const folder = temporary(place);
      try {
        const store = createFileStore(folder);
        last = await write(card, store, messages.length, (bus) => bus.send(messages), true);
        if (place === 'disk' && repeat === repeats - 1)
          view = await viewCostOf(store, format, loadCards(one.instrument));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      (place === 'memory' ? speeds : diskSpeeds)!.push(last.packets / last.seconds);
      if (place === 'memory') packetMicros!.push(last.microsecondsAPacket);
    }
    const told = [rate, speeds!.at(-1)!, diskSpeeds!.at(-1)!].map(Math.round);
    say(`${one.key}: ${told[0]} frames/s made, ${told[1]} packets/s archived, ${told[2]} to disk`);
  }
  const { packets, packetBytes, archiveBytes, byKind, segments } = last!;
  const kinds = Object.entries(byKind).map(
    ([kind, bytes]) => `${kind} ${((100 * bytes) / archiveBytes).toFixed(1)} %`,
  );
  const ratio = median(speeds!) / median(rates!);
  return {
    row: {
      packets: `${one.title}, ${packets} in ${segments} segments`,
      'bytes a packet': rounded(packetBytes / packets, 4),
      'archived bytes a packet': rounded(archiveBytes / packets, 4),
      'of it': kinds.sort().join(', '),
      'processor, frames/s': rounded(median(rates!)),
      'archiver, packets/s': rounded(median(speeds!)),
      'archiver to this disk, packets/s': rounded(median(diskSpeeds!)),
      'archiver / processor': rounded(ratio),
      'training view, bytes a packet': rounded(view!.byteCount / view!.rows, 4),
      'training view, packets/s': rounded(view!.rows / view!.seconds),
      'processor time, µs a frame / a packet': `${Math.round(median(frameMicros!))} / ${Math.round(median(packetMicros!))}`,
    },
    ratios: {
      [`bytes_over_packets_${one.key}`]: rounded(archiveBytes / packetBytes, 4),
      [`view_over_packets_${one.key}`]: rounded(view!.byteCount / view!.rows / (packetBytes / packets), 3),
      ...(one.key === 'auau'
        ? {
            write_over_produce: rounded(ratio),
            cpu_produce_over_write: rounded(median(frameMicros!) / median(packetMicros!)),
          }
        : {}),
    },
  };
};

const measureQuery = async (one: Case): Promise<Part> => {
  const { made, card } = await produce({ ...one, timeFrames: 1000 });
  const { written, questions } = await pointQuery(card, made);
  const worst = questions.reduce((a, b) => (a.fetchedBytes > b.fetchedBytes ? a : b));
  const share = worst.fetchedBytes / written.archiveBytes;
  return {
    row: {
      question: `one time frame of ${queriedTimeFrames.toLocaleString('en')} (p+p, one region), worst of ${questions.length}`,
      'archive MB': rounded(written.archiveBytes / 1e6),
      segments: written.segments,
      'fetched kB': rounded(worst.fetchedBytes / 1e3),
      requests: worst.requests,
      'fetched / archive': rounded(share),
      'archived bytes a packet': rounded(written.archiveBytes / written.packets, 4),
      'bytes a packet': rounded(written.packetBytes / written.packets, 4),
    },
    ratios: {
      bytes_over_packets_one_region: rounded(written.archiveBytes / written.packetBytes, 4),
      point_query_share: rounded(share),
    },
  };
};

/** What stands in the file of parts that are not measured now. */
const before = (): Pick<BenchResult, 'rows' | 'ratios'> =>
  flags.json !== undefined && existsSync(flags.json)
    ? (JSON.parse(readFileSync(flags.json, 'utf8')) as BenchResult)
    : { rows: [], ratios: {} };

const main = async (): Promise<void> => {
  const parts = ['auau', 'pp', 'query'] as const;
  const [auau, pp] = cases as [Case, Case];
  const old = before();
  const oldRow = (part: string): Row | undefined =>
    old.rows.find((row) =>
      part === 'query'
        ? 'question' in row
        : String(row.packets).startsWith(part === 'auau' ? auau.title : pp.title),
    );
  const rows: Row[] = [];
  let ratios: BenchResult['ratios'] = old.ratios;
  for (const part of parts) {
    if (!wanted.includes(part)) {
      const row = oldRow(part);
      if (row !== undefined) rows.push(row);
      continue;
    }
    const measured =
      part === 'query' ? await measureQuery(pp) : await measureCase(part === 'auau' ? auau : pp);
    rows.push(measured.row);
    ratios = { ...ratios, ...measured.ratios };
  }
  const { bytes_over_packets_auau: a, bytes_over_packets_pp: b } = ratios;
  const result: BenchResult = {
    bench: 'archive',
    machine: `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    version,
    seed,
    note:
      'Frames are simulated. Archived bytes are all files of the run, seals too; the processor and the archiver run one ' +
      'after the other in this process, both over the memory bus, the archiver into a folder in memory (beside: on disk, ' +
      'each file forced to it). Processor time is of all threads. What a question fetches is counted at the store: all ' +
      'seals of the run, footers, pages; its packet is compared byte for byte. The training view ' +
      '(plain tokens and patch coordinates as lists, of the first time frames) is weighed beside the packets.',
    rows,
    ratios: {
      ...(a == null || b == null ? {} : { bytes_over_packets: Math.max(a, b) }),
      ...Object.fromEntries(Object.entries(ratios).filter(([key]) => key !== 'bytes_over_packets')),
    },
  };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (flags.json !== undefined) writeFileSync(flags.json, text);
  else process.stdout.write(text);
  for (const [key, value] of Object.entries(result.ratios)) say(`${key} ${value}`);
};

await main();
