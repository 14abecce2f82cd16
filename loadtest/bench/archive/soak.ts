/**
 * Assembler and archiver under a steady load for some minutes, each a process of its own on a real broker: what memory they
 * hold at first and in the end. Refuses a soak in which nothing was archived.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileStore } from '../../../src/adapters/files/store.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { loadCards, openBus } from '../../../src/assemble.ts';
import { readConfig } from '../../../src/config.ts';
import { runsIn, sealsOf } from '../../../src/services/archive/position.ts';
import { topicSpecs, topicsOf } from '../../../src/services/topics.ts';
import { type ProcessorChild, say, sleep, startBroker, startTessera, stopAll } from '../../drive.ts';
import type { BenchResult } from '../../excerpts.ts';
import { median } from '../../measure.ts';
import { startTroubled } from '../../prove/assembly_source.ts';
import { randomOf } from '../../prove/random.ts';
import { clock, partitions, seed } from './produce.ts';

const instrument = 'sphenix-tpc-pp';
/** 2,400 packets of 600 bytes a second; segments as often as six times a minute. */
const timeFramesPerSecond = 100;
const payloadBytes = 600;
const rollMs = 10_000;
const sampleMs = 2_000;

type Row = BenchResult['rows'][number];

/** The last one again where a busy machine did not answer. */
const rssOf = async (child: ProcessorChild, last: number): Promise<number> => {
  const status = await child.status().catch(() => null);
  return status === null ? last : status.process.rssBytes / 1e6;
};

/** Memory of one service: in its third minute, and in its last. */
const rowOf = (service: string, minutes: number, samples: readonly number[]): Row => {
  const perMinute = 60_000 / sampleMs;
  const [early, late] = [samples.slice(2 * perMinute, 3 * perMinute), samples.slice(-perMinute)];
  return {
    soak: `${service}, ${minutes} minutes, ${timeFramesPerSecond * loadCards(instrument).card.regions.length} packets/s`,
    'RSS MB, third minute': Math.round(median(early)),
    'RSS MB, last minute': Math.round(median(late)),
    'RSS MB, greatest': Math.round(Math.max(...samples)),
    'last / third': Number((median(late) / median(early)).toPrecision(3)),
  };
};

/** @param minutes five at least: the first two are left out, in which code is compiled and buffers grow to their size */
export const soak = async (minutes: number): Promise<{ rows: Row[]; ratios: BenchResult['ratios'] }> => {
  const broker = await startBroker('memory');
  const brokers = broker.brokers.join(',');
  const config = readConfig({ instrument, brokers, partitions }, {});
  const bus = openBus(config, clock, quietLog);
  const { card } = loadCards(instrument);
  const topics = topicsOf(instrument);
  // What has been read is not kept for ever: a soak is about memory.
  await bus.ensureTopics(topicSpecs(card, partitions, 1_000_000_000));
  const folder = mkdtempSync(join(tmpdir(), 'tessera-soak-'));
  const archive = join(folder, 'archive');
  const shared = ['--instrument', instrument, '--brokers', brokers, '--partitions', String(partitions)];
  const own = (name: string): string[] => ['--data-dir', join(folder, name)];
  try {
    const assembler = await startTessera('assemble', [...shared, ...own('assembler')]);
    const archiver = await startTessera('archive', [
      ...[...shared, ...own('archiver'), '--archive', archive],
      ...['--archive-raw', '0', '--archive-roll-ms', String(rollMs)],
    ]);
    await Promise.all([assembler.ready(), archiver.ready()]);
    const random = randomOf(seed);
    const troubled = { card, topic: topics.tokens, partitions, random, payloadBytes };
    const source = startTroubled(bus, troubled, timeFramesPerSecond);
    const samples: Record<'assembler' | 'archiver', number[]> = { assembler: [], archiver: [] };
    for (let at = 0; at < minutes * 60_000; at += sampleMs) {
      await sleep(sampleMs);
      samples.assembler.push(await rssOf(assembler, samples.assembler.at(-1) ?? 0));
      samples.archiver.push(await rssOf(archiver, samples.archiver.at(-1) ?? 0));
      if (at % 30_000 === 0)
        say(
          `soak: ${at / 1000} s, assembler ${samples.assembler.at(-1)!.toFixed(0)} MB, archiver ${samples.archiver.at(-1)!.toFixed(0)} MB`,
        );
    }
    const sent = await source.stop();
    await assembler.stop();
    await archiver.stop();
    const store = createFileStore(archive);
    let packets = 0;
    for (const run of await runsIn(store))
      for (const { counts } of await sealsOf(store, run)) packets += counts.packets;
    if (packets < 0.9 * sent) throw new Error(`${packets} of ${sent} packets were archived in the soak`);
    const rows = (['assembler', 'archiver'] as const).map((name) => rowOf(name, minutes, samples[name]));
    const ratios = {
      rss_growth_assembler: rows[0]!['last / third'] as number,
      rss_growth_archiver: rows[1]!['last / third'] as number,
    };
    return { rows, ratios };
  } finally {
    await bus.close();
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
  }
};
