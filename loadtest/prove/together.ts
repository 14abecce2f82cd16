/**
 * The proof of assembler and archiver together: both killed with -9 at random instants under one load, alone, at once, in
 * pairs, and archivers frozen until they have lost their partitions; then the run is stopped, and topics and archive are
 * audited. It refuses to end early: a fault is written down.
 */

import { join } from 'node:path';
import { createFileStore } from '../../src/adapters/files/store.ts';
import { readRun } from '../../src/services/archive/position.ts';
import { topicSpecs } from '../../src/services/topics.ts';
import { encodeRunStop } from '../../src/wire/runs/stop.ts';
import { sleep } from '../drive.ts';
import { type AssemblyAudit, auditAssembly } from './assembly_audit.ts';
import { startTroubled, troubledRun } from './assembly_source.ts';
import { type Crew, openCrew } from './crew.ts';
import { randomOf } from './random.ts';
import { auditArchive, type TogetherAudit } from './together_audit.ts';
import { openWorld, type ProofWorld, temporaryFolder } from './world.ts';

export interface TogetherPlan {
  readonly instrument: string;
  readonly partitions: number;
  /** Time frames a second. */
  readonly rate: number;
  readonly kills: number;
  readonly seed: number;
  /** Waits until what killed writers left counts as left, and has none of it found. */
  readonly looksForUnfinished: boolean;
  readonly say: (line: string) => void;
}

export interface TogetherReport {
  readonly kills: Readonly<Record<'assembler' | 'archiver', number>>;
  readonly assembly: AssemblyAudit;
  readonly archive: TogetherAudit;
  readonly faults: readonly string[];
  readonly logs: string;
}

const group = 'proof';
const deadlineMs = 200;
const backstopMs = 1000;
const payloadBytes = 300;
/** How long one may take to start: on a machine with other work, a minute. */
const patienceMs = 180_000;
/** A member that was frozen so long has lost its partitions to another. */
const frozenMs = 11_000;
/** From the stop to the closed run, for what is behind when the load ends and a takeover at the worst instant. */
const closedWithinMs = 600_000;
/** What a killed writer left unfinished counts as left after half a minute. */
const unfinishedMs = 35_000;

const crewsOf = (world: ProofWorld, folder: string): Record<'assembler' | 'archiver', Crew> => {
  const shared = [...world.flags, '--group', group];
  const assembling = ['--assemble-deadline-ms', deadlineMs, '--assemble-backstop-ms', backstopMs].map(String);
  const archiving = [
    ...['--archive', folder, '--archive-raw', '0'],
    // Small segments, so that every kill meets another step of one.
    ...['--archive-segment-bytes', '262144', '--archive-roll-ms', '1000'],
  ];
  return {
    assembler: openCrew([...shared, ...assembling], 'assemble'),
    archiver: openCrew([...shared, ...archiving], 'archive'),
  };
};

/** Stops the run as run control does, and waits until it has closed. */
const closeRun = async ({ bus, topics }: ProofWorld, folder: string): Promise<string | null> => {
  const order = { jobId: 'proof', serviceId: 'proof', commandId: 'proof', runName: String(troubledRun) };
  const value = encodeRunStop({ ...order, stopMs: 0 });
  await bus.send([{ topic: topics.runs, partition: 0, key: null, value }]);
  const store = createFileStore(folder);
  for (const deadline = performance.now() + closedWithinMs; performance.now() < deadline; await sleep(250))
    if ((await readRun(store, troubledRun))?.state === 'closed') return null;
  return `the run is not closed ${closedWithinMs / 1000} s after its stop`;
};

/** Runs the whole proof in a world of its own; the caller ends it with `stopAll`. */
export const proveTogether = async (plan: TogetherPlan): Promise<TogetherReport> => {
  const { say, partitions } = plan;
  const random = randomOf(plan.seed);
  const world = await openWorld(plan.instrument, partitions);
  const { bus, topics } = world;
  const { card } = world.cards;
  await bus.ensureTopics(topicSpecs(card, partitions, 64_000_000_000));
  const folder = join(temporaryFolder(), 'archive');
  const crews = crewsOf(world, folder);
  for (const crew of Object.values(crews)) await crew.muster(1, patienceMs);
  const troubled = { card, topic: topics.tokens, partitions, random: randomOf(plan.seed + 1), payloadBytes };
  const source = startTroubled(bus, troubled, plan.rate);

  const kills = { assembler: 0, archiver: 0 };
  const kill = async (which: keyof typeof kills): Promise<void> => {
    const crew = crews[which];
    const victim = crew.members[Math.floor(random() * crew.members.length)]!;
    await victim.murder();
    kills[which] += 1;
    say(`${kills.assembler + kills.archiver} of ${plan.kills}: ${victim.name} killed`);
    await crew.start();
  };
  for (let turn = 0; kills.assembler + kills.archiver < plan.kills; turn += 1) {
    // One or two of each, so that takeovers are tried as well as restarts; in every fourth turn only the one that is
    // about to be killed again has to be ready: the others die while they start.
    const members = 1 + (turn % 2);
    if (turn % 4 !== 3) for (const crew of Object.values(crews)) await crew.muster(members, patienceMs);
    await sleep(200 + 1800 * random());
    const frozen = turn % 6 === 5 ? crews.archiver.members[0]! : null;
    if (frozen !== null) {
      frozen.freeze();
      await sleep(frozenMs);
      frozen.thaw();
      await sleep(500 * random());
    }
    const share = random();
    if (share < 1 / 3) await kill('assembler');
    else if (share < 2 / 3) await kill('archiver');
    else await Promise.all([kill('assembler'), kill('archiver')]);
  }
  for (const crew of Object.values(crews)) await crew.muster(1, patienceMs);
  if (plan.looksForUnfinished) await sleep(unfinishedMs);
  const sent = await source.stop();
  const faults: string[] = [];
  const open = await closeRun(world, folder);
  if (open !== null) faults.push(open);
  for (const crew of Object.values(crews)) await crew.retire();
  const assembly = await auditAssembly(bus, topics, card.regions);
  if (assembly.records !== sent) faults.push(`${sent} packets were sent, ${assembly.records} are there`);
  const archive = await auditArchive(bus, topics, folder, plan.looksForUnfinished);
  for (const { faults: found } of [crews.assembler, crews.archiver, assembly, archive]) faults.push(...found);
  say(
    `${archive.events} partial events, ${archive.packets} packets in ${archive.segments} segments: ${faults.length} faults`,
  );
  const logs = faults.length > 0 ? `${crews.assembler.logs()}\n${crews.archiver.logs()}` : '';
  return { kills, assembly, archive, faults, logs };
};
