/**
 * `npm run prove`: the long proofs, one after another, with one summary and a result file for the README. It
 * refuses to end well when any of them found a fault, and prints the seed that finds it again.
 *
 *   node loadtest/prove/main.ts [--seed 1] [--quick] [--only together [--kills 50] | --only watch] [--json FILE]
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { version } from '../../src/assemble.ts';
import { root, stopAll } from '../drive.ts';
import type { BenchResult } from '../excerpts.ts';
import { median } from '../measure.ts';
import { machine, writeResult } from '../result.ts';
import { type ArchiveReport, proveArchive } from './archive.ts';
import { type AssemblyReport, proveAssembly } from './assembly.ts';
import { type Disturbance, type KillPlan, type KillReport, proveKills } from './kill.ts';
import { proveTogether, type TogetherReport } from './together.ts';
import { proveWatch } from './watch.ts';

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
    /** `together`: assembler and archiver under one load alone; `watch`: false alarms and dead cards. */
    only: { type: 'string' },
    kills: { type: 'string', default: '50' },
    json: { type: 'string', default: join(root, 'loadtest/results/prove_kill.json') },
    'json-watch': { type: 'string', default: join(root, 'loadtest/results/prove_watch.json') },
    'json-together': { type: 'string', default: join(root, 'loadtest/results/prove_together.json') },
  },
});
const seed = Number(flags.seed);
/** Packets flow again within this after a kill. */
const barSeconds = 15;

const say = (line: string): void => {
  process.stderr.write(`prove: ${line}\n`);
};

const plans: readonly KillPlan[] = [
  {
    instrument: 'sphenix-tpc-pp',
    partitions: 4,
    rate: 25,
    pool: 32,
    seed,
    steps: flags.quick ? { alone: 1, pair: 1 } : { alone: 9, early: 2, pair: 5, zombie: 3, asleep: 1 },
    say,
  },
  {
    instrument: 'sphenix-tpc-auau',
    partitions: 2,
    rate: 1,
    pool: 4,
    seed,
    steps: flags.quick ? { alone: 1 } : { alone: 3, pair: 1, zombie: 1 },
    say,
  },
];

const inWords: Record<Disturbance, string> = {
  alone: 'the only processor killed, replaced at once',
  early: 'its replacement killed while it starts',
  pair: 'one of two processors killed',
  frozen: 'one of two processors frozen (SIGSTOP)',
  zombie: 'it wakes with its partitions lost, the other is killed',
  asleep: 'the only processor wakes after 12 s (SIGCONT)',
  broker: 'the broker killed and restarted',
};
/** Those with a `kill -9` of a processor that was running: what the bar is about. */
const judged: readonly Disturbance[] = ['alone', 'pair', 'zombie'];

const secondsOf = (report: KillReport, which: readonly Disturbance[]): number[] =>
  report.recoveries.filter(({ disturbance }) => which.includes(disturbance)).map(({ seconds }) => seconds);

const rounded = (seconds: number): number => Math.round(seconds * 100) / 100;

const rowsOf = ({ instrument }: KillPlan, report: KillReport): BenchResult['rows'] => {
  const { audit, replay } = report;
  const refused = Object.values(audit.refused).reduce((sum, count) => sum + count, 0);
  const recoveries = (Object.keys(inWords) as Disturbance[]).flatMap((disturbance) => {
    const seconds = secondsOf(report, [disturbance]);
    if (seconds.length === 0) return [];
    const back =
      disturbance === 'broker' ? `, answering after ${report.brokerBackSeconds[0]?.toFixed(1)} s` : '';
    const times = {
      times: seconds.length,
      'median s': rounded(median(seconds)),
      'max s': rounded(Math.max(...seconds)),
    };
    return [{ instrument, what: `${inWords[disturbance]}${back}`, ...times }];
  });
  return [
    ...recoveries,
    {
      instrument,
      what: `${report.kills} × kill -9 in all: the audit`,
      frames: audit.frames,
      packets: audit.packets,
      'sent twice, refused': refused,
      'replayed identical': replay?.identical ?? null,
      faults: report.faults.length,
    },
  ];
};

const archiveRow = (report: ArchiveReport): BenchResult['rows'][number] => ({
  instrument: 'sphenix-tpc-pp',
  what: `${report.kills} × kill -9 of the archiver under load: the audit of its files`,
  'partial events sent': report.sent,
  'archived once': report.events,
  segments: report.segments,
  faults: report.faults.length,
});

const assemblyRow = ({ audit, kills, faults }: AssemblyReport): BenchResult['rows'][number] => ({
  instrument: 'sphenix-tpc-pp',
  what: `${kills} × kill -9 of assemblers under load, regions late, missing and twice: the audit`,
  'time frames': audit.timeFrames,
  'packets, each in one partial event': audit.packets,
  amendments: audit.amendments,
  'sent twice, refused': audit.refused['packet-duplicate'] ?? 0,
  faults: faults.length,
});

const where = `${machine}, broker and simulator beside`;

/** Assembler and archiver together: faults, and a result file of its own. */
const together = async (): Promise<TogetherReport> => {
  say(`assembler and archiver together, seed ${seed} …`);
  const instrument = 'sphenix-tpc-pp';
  const kills = flags.quick ? 4 : Number(flags.kills);
  const report = await proveTogether({
    instrument,
    partitions: 4,
    rate: 25,
    kills,
    seed,
    looksForUnfinished: true,
    say,
  });
  await stopAll();
  const { assembly, archive, faults } = report;
  const result: BenchResult = {
    bench: 'prove_together',
    machine: where,
    version,
    seed,
    note:
      'Packets are made up, of a detector with troubles: regions late, missing, twice and out of order. Assembler and ' +
      'archiver are killed with -9 at random instants, alone, both at once, one of two, and archivers that were frozen; then ' +
      'the run is stopped and closes. The audit compares topics and archive: every packet in one partial event, every (time ' +
      'frame, revision) in the archive once, packets byte for byte, the manifest, and that no file is left that nobody names.',
    rows: [
      {
        instrument,
        'kill -9 of the assembler': report.kills.assembler,
        'of the archiver': report.kills.archiver,
        'time frames': archive.timeFrames,
        'packets, each in one partial event': assembly.packets,
        amendments: assembly.amendments,
        '(time frame, revision), each archived once': archive.events,
        segments: archive.segments,
        faults: faults.length,
      },
    ],
    ratios: { kills: report.kills.assembler + report.kills.archiver, faults: faults.length },
  };
  writeResult(result, flags['json-together']);
  for (const fault of faults) say(`FAULT (seed ${seed}): ${fault}`);
  if (report.logs !== '') process.stderr.write(report.logs);
  return report;
};

/** The watch of good and dying chambers; how many faults it has. */
const watching = async (): Promise<number> => {
  say('the watch: good chambers, and cards that die …');
  const { result, faults } = await proveWatch(flags.quick, say);
  writeResult(result, flags['json-watch']);
  for (const fault of faults) say(`FAULT: ${fault}`);
  return faults.length;
};

const main = async (): Promise<number> => {
  if (flags.only === 'watch') return (await watching()) === 0 ? 0 : 1;
  const joint = await together();
  if (flags.only === 'together') return joint.faults.length === 0 ? 0 : 1;
  const reports: KillReport[] = [];
  for (const plan of plans) {
    say(`${plan.instrument}, seed ${seed} …`);
    reports.push(await proveKills(plan));
    await stopAll();
  }
  say(`assemblers, seed ${seed} …`);
  const assembly = await proveAssembly({
    instrument: 'sphenix-tpc-pp',
    partitions: 4,
    rate: 100,
    kills: flags.quick ? 3 : 25,
    seed,
    say,
  });
  await stopAll();
  say(`the archiver, seed ${seed} …`);
  const archive = await proveArchive({
    instrument: 'sphenix-tpc-pp',
    partitions: 4,
    rate: 200,
    kills: flags.quick ? 3 : 25,
    seed,
    say,
  });
  const kills = reports.flatMap((report) => secondsOf(report, judged));
  const brokers = reports.flatMap((report) => secondsOf(report, ['broker']));
  const faults = [...reports.flatMap((report) => report.faults), ...assembly.faults, ...archive.faults];
  const sum = (of: (report: KillReport) => number): number => reports.reduce((all, one) => all + of(one), 0);
  const result: BenchResult = {
    bench: 'prove_kill',
    machine: where,
    version,
    seed,
    note:
      'Frames are simulated. Seconds are from the disturbance until every partition brought a committed packet whose ' +
      'frame was taken after it. The audit reads the topics as any committed reader does: one packet a frame, in order.',
    rows: [
      ...plans.flatMap((plan, index) => rowsOf(plan, reports[index]!)),
      assemblyRow(assembly),
      archiveRow(archive),
    ],
    ratios: {
      kills: sum((report) => report.kills),
      frames: sum((report) => report.audit.frames),
      packets: sum((report) => report.audit.packets),
      replayed_identical: sum((report) => report.replay?.identical ?? 0),
      recovery_s_median: rounded(median(kills)),
      recovery_s_max: rounded(Math.max(...kills)),
      broker_recovery_s_max: rounded(Math.max(...brokers)),
      assembler_kills: assembly.kills,
      packets_assembled_once: assembly.audit.packets,
      archiver_kills: archive.kills,
      archived_once: archive.events,
      faults: faults.length,
    },
  };
  writeResult(result, flags.json);
  for (const row of result.rows) say(Object.values(row).join(' · '));
  const slow = kills.filter((seconds) => seconds > barSeconds).length;
  say(`flows again: median ${median(kills).toFixed(1)} s, at most ${Math.max(...kills).toFixed(1)} s`);
  if (slow > 0) say(`${slow} of ${kills.length} kills took longer than ${barSeconds} s`);
  for (const fault of faults) say(`FAULT (seed ${seed}): ${fault}`);
  for (const { logs } of [...reports, assembly, archive]) if (logs !== '') process.stderr.write(logs);
  const all = faults.length + joint.faults.length + (await watching());
  say(all === 0 ? 'every frame has exactly one packet' : `${all} faults`);
  return all === 0 && slow === 0 ? 0 : 1;
};

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopAll().finally(() => process.exit(130)));
try {
  process.exitCode = await main();
} finally {
  await stopAll();
}
