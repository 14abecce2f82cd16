/**
 * A fault as a gRPC status: the code says who must act, two trailers say which fault it is and what mends it.
 * It refuses to pass on what is not a Fault: that is our bug, and its text stays here.
 */

import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { Fault, faultList } from '../../domain/fault.ts';

export const faultCodeTrailer = 'tessera-fault-code';
export const faultDetailTrailer = 'tessera-fault-detail';

const statusOf = (fault: Fault): status => {
  if (fault.code === 'gateway-full') return status.RESOURCE_EXHAUSTED;
  if (fault.code === 'request-invalid') return status.INVALID_ARGUMENT;
  const [whoActs] = faultList[fault.code];
  if (whoActs === 'item') return status.INVALID_ARGUMENT;
  return whoActs === 'world' ? status.UNAVAILABLE : status.FAILED_PRECONDITION;
};

export const statusOfError = (
  error: unknown,
): Partial<StatusObject> & Pick<StatusObject, 'code' | 'details'> => {
  if (!(error instanceof Fault))
    return { code: status.INTERNAL, details: 'a bug in tessera; its log says more' };
  const metadata = new Metadata();
  metadata.set(faultCodeTrailer, error.code);
  // Header values are ASCII; a detail may quote what the client sent.
  metadata.set(faultDetailTrailer, encodeURIComponent(error.detail.toWellFormed()));
  return { code: statusOf(error), details: error.code, metadata };
};
