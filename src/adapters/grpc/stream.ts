/**
 * One Subscribe call: what the gateway delivers goes to the client no faster than the client takes it. It
 * refuses to have more bytes under way than its half of a subscriber's budget (a larger message travels alone).
 */

import type { ServerWritableStream } from '@grpc/grpc-js';
import { limits } from '../../domain/limits.ts';
import type { Gateway } from '../../services/gateway.ts';
import type { SubscribeRequest, SubscribeResponse } from '../../wire/proto/generated/tessera/v1/tessera.ts';
import { deliveryMessage, positionedMessage, subscriptionOf } from './messages.ts';
import { statusOfError } from './status.ts';

export type SubscribeCall = ServerWritableStream<SubscribeRequest, SubscribeResponse>;

/** Bytes written and not yet taken by the transport, of all calls; the peak of any one of them. */
export interface FlowBook {
  outstandingBytes: number;
  outstandingBytesPeak: number;
}

const outstandingBytesMax = limits.subscriberBufferBytesMax / 2;

/** Writes with a bound: `write` settles when the next message may be written. */
const openFlow = (call: SubscribeCall, book: FlowBook) => {
  let outstanding = 0;
  let abandoned = false;
  let wake: (() => void)[] = [];

  const settled = (bytes: number): void => {
    if (abandoned) return;
    outstanding -= bytes;
    book.outstandingBytes -= bytes;
    const waiting = wake;
    wake = [];
    for (const resume of waiting) resume();
  };
  const changed = (ended: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const resume = (): void => {
        ended.removeEventListener('abort', resume);
        resolve();
      };
      wake.push(resume);
      ended.addEventListener('abort', resume);
    });
  const hasRoom = (bytes: number): boolean => outstanding === 0 || outstanding + bytes <= outstandingBytesMax;

  return {
    async write(message: SubscribeResponse, bytes: number, ended: AbortSignal): Promise<void> {
      while (!hasRoom(bytes) && !ended.aborted) await changed(ended);
      if (ended.aborted) return;
      outstanding += bytes;
      book.outstandingBytes += bytes;
      book.outstandingBytesPeak = Math.max(book.outstandingBytesPeak, outstanding);
      // The callback comes when the transport has taken the bytes, which the client's window decides.
      call.write(message, () => settled(bytes));
    },
    /** Forgets what a dead call will never call back for. */
    abandon(): void {
      settled(outstanding);
      abandoned = true;
    },
  };
};

/** An abort when the client cancels, its connection ends or its deadline passes. */
const endOf = (call: SubscribeCall): { readonly signal: AbortSignal; release(): void } => {
  const ended = new AbortController();
  const abort = (): void => ended.abort();
  call.on('cancelled', abort);
  call.on('close', abort);
  if (call.cancelled) abort();
  // grpc-js answers the deadline itself, but behind bytes a stalled client never takes; our part ends now.
  const deadline = call.getDeadline();
  const leftMs = deadline === Number.POSITIVE_INFINITY ? Number.NaN : Number(deadline) - Date.now();
  const timer =
    leftMs > 2 ** 31 - 1 || Number.isNaN(leftMs) ? undefined : setTimeout(abort, Math.max(0, leftMs));
  return { signal: ended.signal, release: () => clearTimeout(timer) };
};

export const serveSubscribe = async (
  call: SubscribeCall,
  gateway: Gateway,
  book: FlowBook,
  onBug: (error: unknown) => void,
): Promise<void> => {
  const { signal, release } = endOf(call);
  const flow = openFlow(call, book);
  try {
    const { summaryOnly } = call.request;
    const send = (message: SubscribeResponse, ended: AbortSignal): Promise<void> =>
      flow.write(message, sizeOf(message), ended);
    await gateway.subscribe(
      subscriptionOf(call.request),
      {
        positioned: (positions, ended) => send(positionedMessage(positions), ended),
        deliver: (delivery, ended) => send(deliveryMessage(delivery, summaryOnly), ended),
      },
      signal,
    );
    if (!signal.aborted) call.end();
  } catch (error) {
    const answer = statusOfError(error);
    if (answer.metadata === undefined) onBug(error);
    if (!signal.aborted) call.emit('error', answer);
  } finally {
    release();
    if (signal.aborted) flow.abandon();
  }
};

/** Near enough for a budget, without encoding twice: a message's envelope is some hundred bytes. */
const envelopeBytes = 512;
const sizeOf = ({ event }: SubscribeResponse): number =>
  envelopeBytes + (event?.$case === 'delivery' ? event.value.message.byteLength : 0);
