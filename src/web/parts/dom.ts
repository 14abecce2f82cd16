/**
 * The few things done with the DOM everywhere: make an element, put a text, keep a list of rows. Refuses markup: text from
 * the wire only ever becomes text.
 */

export type Child = Node | string | null | undefined | false;
type Property = string | number | boolean | null | undefined | ((event: never) => void);

const apply = (element: Element, properties: Readonly<Record<string, Property>>): void => {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function')
      element.addEventListener(name.slice(2), value as unknown as EventListener);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
};

const add = (element: Element, children: readonly Child[]): void => {
  for (const child of children)
    if (child !== null && child !== undefined && child !== false) element.append(child);
};

/** An element with attributes; a function under `onclick` (any event) listens; null, undefined and false are left out. */
export const h = <Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Readonly<Record<string, Property>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] => {
  const element = document.createElement(name);
  apply(element, properties);
  add(element, children);
  return element;
};

export const svg = <Name extends keyof SVGElementTagNameMap>(
  name: Name,
  properties: Readonly<Record<string, Property>> = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Name] => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  apply(element, properties);
  add(element, children);
  return element;
};

/** Writes only what changes: a page that stands still paints nothing. */
export const put = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text;
};

export const mark = (element: Element, name: string, value: string | null): void => {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
};

export const shown = (element: HTMLElement, is: boolean): void => {
  if (element.hidden === is) element.hidden = !is;
};

/**
 * Rows of `parent`, one an item, in the items' order: made once, then only filled and moved, so that focus, selection and
 * a pointer's place survive.
 */
export const keyed = <Item, Row extends HTMLElement>(
  parent: Element,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  build: (item: Item) => Row,
  fill: (row: Row, item: Item) => void,
): void => {
  const known = new Map<string, Row>();
  for (const row of parent.children) known.set((row as HTMLElement).dataset.key ?? '', row as Row);
  let at: Element | null = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let row = known.get(key);
    if (row === undefined) {
      row = build(item);
      row.dataset.key = key;
    }
    known.delete(key);
    fill(row, item);
    if (row === at) at = at.nextElementSibling;
    else parent.insertBefore(row, at);
  }
  for (const gone of known.values()) gone.remove();
};

/** One node in place of whatever was there; nothing is touched when it is there already. */
export const only = (parent: Element, child: Node): void => {
  if (parent.childNodes.length !== 1 || parent.firstChild !== child) parent.replaceChildren(child);
};
