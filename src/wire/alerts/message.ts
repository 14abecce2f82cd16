/**
 * What lies on `<i>_alerts`: JSON in one of two forms, each as its network takes it. Reading refuses, by null, what is
 * neither.
 */

import type { Notice } from '../../domain/burst.ts';
import { jsonBytes, readJson } from '../json.ts';
import { type GcnNotice, gcnNotice, gcnOf } from './gcn.ts';
import { type Sender, type SnewsMessage, snewsHeartbeat, snewsMessage, snewsOf } from './snews.ts';

export type AlertMessage =
  | { readonly form: 'gcn'; readonly message: GcnNotice }
  | { readonly form: 'snews'; readonly message: SnewsMessage };

/** A message as a record holds it. */
export interface EncodedAlert {
  readonly form: AlertMessage['form'];
  readonly value: Uint8Array;
}

/** All messages of a notice, GCN's first. */
export const encodeNotice = (sender: Sender, notice: Notice): EncodedAlert[] => [
  { form: 'gcn', value: jsonBytes(gcnOf(sender, notice)) },
  ...snewsOf(sender, notice).map((message) => ({ form: 'snews' as const, value: jsonBytes(message) })),
];

export const encodeAlertHeartbeat = (sender: Sender, on: boolean, atMs: number): EncodedAlert => ({
  form: 'snews',
  value: jsonBytes(snewsHeartbeat(sender, on, atMs)),
});

/** Never throws. */
export const readAlert = (bytes: Uint8Array): AlertMessage | null => {
  const json = readJson(bytes);
  const snews = snewsMessage.safeParse(json);
  if (snews.success) return { form: 'snews', message: snews.data };
  const gcn = gcnNotice.safeParse(json);
  return gcn.success ? { form: 'gcn', message: gcn.data } : null;
};
