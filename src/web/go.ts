/**
 * To another address of the page, as a reader's click does it. Refuses to go where one is.
 */

/** `replace` leaves no step in the history: for typing, for moving through a list. */
export const go = (href: string, replace = false): void => {
  if (location.hash === href) return;
  if (replace) {
    history.replaceState(null, '', href);
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else location.hash = href;
};
