/**
 * What a view is: a part of the page with an address, shown one at a time. Types only.
 */

import type { Route } from './route.ts';
import type { Store } from './store.ts';

export interface View {
  readonly root: HTMLElement;
  /** The address leads here, or its query changed while here. */
  enter(route: Route): void;
  /** Something it shows may have changed; called once a frame of the screen at most, and once after `enter`. */
  draw(): void;
  /** Another view is shown: what costs anything stops. */
  leave(): void;
  /** A key that is not the page's own; true when it was taken. */
  key?(event: KeyboardEvent): boolean;
}

export type MakeView = (store: Store) => View;
