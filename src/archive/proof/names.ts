/** Names of what proves a run: manifest, signature, run book, records of retention. Refuses nothing. */

import { runFolder } from '../names.ts';

export const manifestFile = (run: number): string => `${runFolder(run)}manifest.json`;
export const signatureFile = (run: number): string => `${runFolder(run)}manifest.sig`;
export const runBookFile = (run: number): string => `${runFolder(run)}runbook.json`;
export const retentionFolder = (run: number): string => `${runFolder(run)}retention/`;
/** @param number counted from 1 */
export const retentionFile = (run: number, number: number): string =>
  `${retentionFolder(run)}${String(number).padStart(6, '0')}.json`;
