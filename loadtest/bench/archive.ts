/**
 * `tessera bench archive`: what the archive's files weigh beside the packets in them, how fast the archiver writes
 * beside how fast the processor makes, and what a question for one time frame fetches. It refuses to count what was not
 * read back.
 */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createFileStore } from '../../src/adapters/files/store.ts';
import { loadCards, version } from '../../src/assemble.ts';
import { say } from '../drive.ts';
import type { BenchResult } from '../excerpts.ts';
import { median } from '../measure.ts';
import { machine, writeResult } from '../result.ts';
import { type Case, produce, seed } from './archive/produce.ts';
import { pointQuery } from './archive/query.ts';
import { soak } from './archive/soak.ts';
import { type ViewCost, viewCostOf } from './archive/view.ts';
import { format, messagesOf, temporary, type Written, write } from './archive/write.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    repeats: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    /** Only these; rows and ratios of the others stay as they stand in the file. */
    parts: { type: 'string', default: 'auau,pp,query,soak' },
    'soak-minutes': { type: 'string', default: '6' },
  },
});
const wanted = flags.parts.split(',');
const repeats = flags.quick ? 1 : Number(flags.repeats);
const queriedTimeFrames = flags.quick ? 100_000 : 1_000_000;
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

const rounded = (value: number, digits = 3): number => Number(value.toPrecision(digits));

type Row = BenchResult['rows'][number];
type Measured = Pick<BenchResult, 'rows' | 'ratios'>;

/** What one instrument's packets weigh in files, and both rates, repeat after repeat. */
const measureCase = async (one: Case): Promise<Measured> => {
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
  const row = {
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
  };
  return {
    rows: [row],
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

const measureQuery = async (one: Case): Promise<Measured> => {
  const { made, card } = await produce({ ...one, timeFrames: 1000 });
  const { written, questions } = await pointQuery(card, made, queriedTimeFrames);
  const worst = questions.reduce((a, b) => (a.fetchedBytes > b.fetchedBytes ? a : b));
  const share = worst.fetchedBytes / written.archiveBytes;
  const row = {
    question: `one time frame of ${queriedTimeFrames.toLocaleString('en')} (p+p, one region), worst of ${questions.length}`,
    'archive MB': rounded(written.archiveBytes / 1e6),
    segments: written.segments,
    'fetched kB': rounded(worst.fetchedBytes / 1e3),
    requests: worst.requests,
    'fetched / archive': rounded(share),
    'archived bytes a packet': rounded(written.archiveBytes / written.packets, 4),
    'bytes a packet': rounded(written.packetBytes / written.packets, 4),
  };
  return {
    rows: [row],
    ratios: {
      bytes_over_packets_one_region: rounded(written.archiveBytes / written.packetBytes, 4),
      point_query_share: rounded(share),
    },
  };
};

/** What stands in the file of parts that are not measured now. */
const before = (): Measured =>
  flags.json !== undefined && existsSync(flags.json)
    ? (JSON.parse(readFileSync(flags.json, 'utf8')) as BenchResult)
    : { rows: [], ratios: {} };

const [auau, pp] = cases as [Case, Case];
/** In the order of the table; each knows its rows again in a file. */
const parts: Readonly<Record<string, { owns(row: Row): boolean; measure(): Promise<Measured> }>> = {
  auau: { owns: (row) => String(row.packets).startsWith(auau.title), measure: () => measureCase(auau) },
  pp: { owns: (row) => String(row.packets).startsWith(pp.title), measure: () => measureCase(pp) },
  query: { owns: (row) => 'question' in row, measure: () => measureQuery(pp) },
  soak: { owns: (row) => 'soak' in row, measure: () => soak(Number(flags['soak-minutes'])) },
};

const main = async (): Promise<void> => {
  const old = before();
  const rows: Row[] = [];
  let ratios: BenchResult['ratios'] = old.ratios;
  for (const [name, { owns, measure }] of Object.entries(parts)) {
    const measured = wanted.includes(name) ? await measure() : { rows: old.rows.filter(owns), ratios: {} };
    rows.push(...measured.rows);
    ratios = { ...ratios, ...measured.ratios };
  }
  const { bytes_over_packets_auau: a, bytes_over_packets_pp: b } = ratios;
  const result: BenchResult = {
    bench: 'archive',
    machine,
    version,
    seed,
    note:
      'Frames are simulated. Archived bytes are all files of the run, seals too; the processor and the archiver run one ' +
      'after the other in this process, both over the memory bus, the archiver into a folder in memory (beside: on disk, ' +
      'each file forced to it). Processor time is of all threads. What a question fetches is counted at the store: all ' +
      'seals of the run, footers, pages; its packet is compared byte for byte. The training view ' +
      '(plain tokens and patch coordinates as lists, of the first time frames) is weighed beside the packets. In the soak ' +
      'assembler and archiver are processes of their own on a real broker, under a steady load.',
    rows,
    ratios: {
      ...(a == null || b == null ? {} : { bytes_over_packets: Math.max(a, b) }),
      ...Object.fromEntries(Object.entries(ratios).filter(([key]) => key !== 'bytes_over_packets')),
    },
  };
  writeResult(result, flags.json);
  for (const [key, value] of Object.entries(result.ratios)) say(`${key} ${value}`);
};

await main();
