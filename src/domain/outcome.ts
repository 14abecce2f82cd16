/**
 * The only three ways a frame may end. The books balance over them: received = kept + shed + refused + in flight.
 */

import type { Fault } from './fault.ts';

export type Outcome<Kept> =
  | { readonly end: 'kept'; readonly value: Kept }
  | { readonly end: 'shed'; readonly value: Kept }
  | { readonly end: 'refused'; readonly fault: Fault };
