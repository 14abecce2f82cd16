/**
 * The proof of assembly: assemblers killed with -9 at random instants under load, alone and in pairs, on packets of a
 * detector with troubles; then the topics are audited. It refuses to end early: a fault is written down.
 */

import { topicSpecs } from '../../src/services/topics.ts';
import { sleep } from '../drive.ts';
import { type AssemblyAudit, auditAssembly } from './assembly_audit.ts';
import { startTroubled } from './assembly_source.ts';
import { openCrew } from './crew.ts';
import { randomOf } from './random.ts';
import { drained, openWorld } from './world.ts';

export interface AssemblyPlan {
  readonly instrument: string;
  readonly partitions: number;
  /** Time frames a second. */
  readonly rate: number;
  readonly kills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface AssemblyReport {
  readonly kills: number;
  readonly audit: AssemblyAudit;
  /** Everything that is wrong, in words. */
  readonly faults: readonly string[];
  /** Ends of the assemblers' logs when there are faults. */
  readonly logs: string;
}

const deadlineMs = 200;
const backstopMs = 1000;
const payloadBytes = 600;
/** How long an assembler may take to start: on a machine with other work, a minute. */
const patienceMs = 180_000;
/** Every other kill is of one of two, so that a takeover is tried as well as a restart. */
const crewOf = (kill: number): number => (kill % 2 === 0 ? 1 : 2);

/** Runs the whole proof in a world of its own; the caller ends it with `stopAll`. */
export const proveAssembly = async (plan: AssemblyPlan): Promise<AssemblyReport> => {
  const { say, partitions } = plan;
  const random = randomOf(plan.seed);
  const world = await openWorld(plan.instrument, partitions);
  const { bus, topics } = world;
  const { card } = world.cards;
  await bus.ensureTopics(topicSpecs(card, partitions, 64_000_000_000));
  const group = 'proof';
  const crew = openCrew(
    [
      ...[...world.flags, '--group', group, '--assemble-deadline-ms', String(deadlineMs)],
      ...['--assemble-backstop-ms', String(backstopMs)],
    ],
    'assemble',
  );
  await crew.muster(1, patienceMs);
  const troubled = { card, topic: topics.tokens, partitions, random, payloadBytes };
  const source = startTroubled(bus, troubled, plan.rate);
  for (let kill = 0; kill < plan.kills; kill += 1) {
    await crew.muster(crewOf(kill), patienceMs);
    // Instants at random are what is being tried: there is nothing to wait for.
    await sleep(200 + 1800 * random());
    const victim = crew.members[Math.floor(random() * crew.members.length)]!;
    await victim.murder();
    await crew.start();
    say(`${kill + 1} of ${plan.kills}: ${victim.name} killed`);
  }
  await crew.muster(1, patienceMs);
  const sent = await source.stop();
  await drained(world, `${group}-assembly`, topics.tokens);
  // What is still open goes by the wall clock.
  await sleep(3 * backstopMs);
  const faults: string[] = [];
  await crew.retire();
  const audit = await auditAssembly(bus, topics, card.regions);
  if (audit.records !== sent) faults.push(`${sent} packets were sent, ${audit.records} are there`);
  faults.push(...crew.faults, ...audit.faults);
  const { packets, timeFrames, amendments } = audit;
  say(`${timeFrames} time frames, ${packets} packets, ${amendments} amendments: ${faults.length} faults`);
  return { kills: plan.kills, audit, faults, logs: faults.length > 0 ? crew.logs() : '' };
};
