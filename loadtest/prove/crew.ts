/**
 * The processors, assemblers or archivers of a proof: mustered to a number, killed, frozen, thawed and replaced, with a
 * folder of logs each. It refuses to let one end by itself unseen: an exit nobody asked for is a fault of the proof.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessorChild, startTessera } from '../drive.ts';
import { temporaryFolder } from './world.ts';

export interface Member extends ProcessorChild {
  readonly name: string;
  /** `kill -9`; resolves when it is gone. */
  murder(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** SIGTERM; resolves with its exit code. */
  retire(): Promise<number | null>;
}

export interface Crew {
  readonly members: readonly Member[];
  /** Deaths nobody asked for, and ends that went wrong, in words. */
  readonly faults: readonly string[];
  start(): Promise<Member>;
  /** So many at least, and all of them ready; throws with the logs when one is not. */
  muster(count: number, patienceMs?: number): Promise<void>;
  /** All of them, one after another. */
  retire(): Promise<void>;
  /** The end of every member's log, for the report of a proof that failed. */
  logs(): string;
}

const logCharsShown = 6000;

export const openCrew = (
  flags: readonly string[],
  command: 'process' | 'assemble' | 'archive' = 'process',
): Crew => {
  const folder = temporaryFolder();
  const faults: string[] = [];
  const members: Member[] = [];
  const folders: string[] = [];
  let count = 0;

  const start = async (): Promise<Member> => {
    count += 1;
    const name = `${command} ${count}`;
    const dataFolder = join(folder, String(count));
    folders.push(dataFolder);
    const child = await startTessera(command, [...flags, '--data-dir', dataFolder]);
    let asked = false;
    const ended = child.exited.then((code) => {
      members.splice(members.indexOf(member), 1);
      if (!asked) faults.push(`${name} ended by itself with ${code}`);
      return code;
    });
    const member: Member = {
      ...child,
      name,
      async murder() {
        asked = true;
        child.kill();
        await ended;
      },
      freeze: () => void child.process.kill('SIGSTOP'),
      thaw: () => void child.process.kill('SIGCONT'),
      async retire() {
        asked = true;
        child.process.kill('SIGTERM');
        return ended;
      },
    };
    members.push(member);
    return member;
  };

  const logs = (): string =>
    folders
      .map((one) => join(one, command === 'archive' ? 'archive.log' : 'tessera.log'))
      .filter((file) => existsSync(file))
      .map((file) => `${file}:\n${readFileSync(file, 'utf8').slice(-logCharsShown)}`)
      .join('\n');

  return {
    members,
    faults,
    start,
    async muster(count, patienceMs) {
      while (members.length < count) await start();
      for (const member of [...members])
        await member.ready(patienceMs).catch((error: Error) => {
          throw new Error(`${error.message}\n${logs()}`);
        });
    },
    async retire() {
      while (members.length > 0) {
        const { name, retire } = members[0]!;
        const code = await retire();
        if (code !== 0) faults.push(`${name}, asked to stop, ended with ${code}`);
      }
    },
    logs,
  };
};
