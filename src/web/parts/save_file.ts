/** Gives a reader something to keep as a file. Refuses to ask the server for it: it is what the page holds. */

import { h } from './dom.ts';

export const saveFile = (name: string, content: Blob): void => {
  const href = URL.createObjectURL(content);
  h('a', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
};
