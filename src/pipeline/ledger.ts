/**
 * The books of a stage: received = kept + shed + refused + in flight, always. It refuses to be wrong: a
 * movement that would unbalance it is our bug and throws.
 */

/** How the items of one settled batch ended. */
export interface Ends {
  readonly kept: number;
  readonly shed: number;
  readonly refused: number;
}

export interface Books extends Ends {
  /** Items taken in, less those handed back to the bus unsettled (their next owner counts them). */
  readonly received: number;
  readonly inFlight: number;
}

export interface Ledger {
  received(items: number): void;
  /** A batch was committed: its items end. */
  settled(ends: Ends): void;
  /** Items in flight that were not committed go back to the bus (the partition was taken or the commit failed). */
  returned(items: number): void;
  readonly books: Books;
}

export const openLedger = (): Ledger => {
  let received = 0;
  let kept = 0;
  let shed = 0;
  let refused = 0;
  let inFlight = 0;
  const leave = (items: number): void => {
    if (!Number.isSafeInteger(items) || items < 0 || items > inFlight)
      throw new Error(`ledger: ${items} items cannot leave, ${inFlight} are in flight`);
    inFlight -= items;
  };
  return {
    received(items) {
      received += items;
      inFlight += items;
    },
    settled(ends) {
      leave(ends.kept + ends.shed + ends.refused);
      kept += ends.kept;
      shed += ends.shed;
      refused += ends.refused;
    },
    returned(items) {
      leave(items);
      received -= items;
    },
    get books() {
      return { received, kept, shed, refused, inFlight };
    },
  };
};

/** True when nothing is missing from the books. */
export const balanced = (books: Books): boolean =>
  books.received === books.kept + books.shed + books.refused + books.inFlight;
