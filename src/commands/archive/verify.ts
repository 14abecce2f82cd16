/**
 * `tessera verify`: an archive's verdict in words, run by run, and with --against-raw what its tokens and rungs cost.
 * It refuses to call good what it could not read.
 */

import type { Estimate } from '../../archive/proof/fidelity.ts';
import type { RawVerdict } from '../../services/dataset/against_raw.ts';
import { decodedLayers } from '../../services/dataset/decoder.ts';
import type { ArchiveVerdict } from '../../services/dataset/verify.ts';
import type { RunVerdict } from '../../services/dataset/verify_run.ts';
import { alignedLines, bytesInWords, grouped, type Output } from '../output.ts';

const findingsShown = 50;

const signedWords = ({ closed, signedBy }: RunVerdict): string => {
  if (!closed) return 'not closed: no manifest yet';
  return signedBy === null
    ? 'NOT SIGNED: anybody could have written this manifest'
    : `signed by key ${signedBy}`;
};

const runLines = (run: RunVerdict): string[] => [
  `run ${run.run}: ${run.files} files, ${bytesInWords(run.bytes)}, ${grouped(run.packets)} packets of ${grouped(run.timeFrames)} time frames; ${signedWords(run)}`,
  ...(run.root === null ? [] : [`  root ${run.root}`]),
  ...(run.lateSegments === 0
    ? []
    : [
        `  ${run.lateSegments} segments came after it closed: no manifest has them until it is stopped again`,
      ]),
  ...(run.deleted === 0 ? [] : [`  ${run.deleted} files were deleted by retention, as its records say`]),
  `  ${run.answer}`,
];

const estimate = ({ value, low, high }: Estimate): string => {
  const digits = (one: number): string => one.toPrecision(4);
  return low === null || high === null ? digits(value) : `${digits(value)} [${digits(low)}, ${digits(high)}]`;
};

const rawLines = ({ run, rawFrames, joined, exact, differing, layers }: RawVerdict): string[] => {
  const head = ['layer', 'frames', 'log2 MAE', 'precision', 'recall', 'charge'];
  const rows = decodedLayers.flatMap((layer) => {
    const found = layers[layer];
    if (found === null) return [];
    const { frames, logMae, precision, recall, chargeRatio } = found;
    return [[layer, String(frames), ...[logMae, precision, recall, chargeRatio].map(estimate)]];
  });
  return [
    `run ${run} against ${rawFrames} raw frames (${joined} have their packet here; 95 % intervals over time frames)`,
    ...alignedLines([head, ...rows], [false, true, true, true, true, true]).map((line) => `  ${line}`),
    ...(exact + differing === 0 ? [] : [`  lossless: ${exact} give the very frame, ${differing} do not`]),
  ];
};

/** @returns whether all is well */
export const tellVerdict = (
  verdict: ArchiveVerdict,
  raw: readonly RawVerdict[],
  output: Output,
  json: boolean,
): boolean => {
  const good = verdict.findings.length === 0 && raw.every(({ differing }) => differing === 0);
  if (json) {
    output.print(JSON.stringify({ good, ...verdict, againstRaw: raw }));
    return good;
  }
  for (const run of verdict.runs) for (const line of runLines(run)) output.print(line);
  for (const one of raw) for (const line of rawLines(one)) output.print(line);
  for (const { sentence } of verdict.findings.slice(0, findingsShown)) output.print(`FOUND ${sentence}`);
  const more = verdict.findings.length - findingsShown;
  if (more > 0) output.print(`… and ${more} more`);
  output.print(good ? `${verdict.place}: all is what was written` : `${verdict.place}: NOT what was written`);
  return good;
};
