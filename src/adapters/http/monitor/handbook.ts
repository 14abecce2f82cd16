/**
 * The operator's handbook as pages, read and made once at the start: one for each cause of an alarm, by its code. Refuses
 * pages that are not in its folder.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileOf, type PageFile } from '../page_files.ts';
import { escaped, htmlOf } from './markdown.ts';

export interface HandbookPage {
  /** Cause of an alarm, or another page's name; '' is the list of them. */
  readonly code: string;
  readonly title: string;
  readonly markdown: string;
}

const readPages = (folder: string): HandbookPage[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => {
      const markdown = readFileSync(join(folder, name), 'utf8');
      const title = /^# (.*)$/m.exec(markdown)?.[1] ?? name;
      return { code: name === 'README.md' ? '' : name.slice(0, -'.md'.length), title, markdown };
    });

const pathOf = (code: string): string => (code === '' ? '/handbook' : `/handbook/${code}`);
/** Links between the folder's files become links between pages. */
const linkOf = (href: string): string => {
  const code = /^([\w-]+)\.md$/.exec(href)?.[1];
  return code === undefined ? href : pathOf(code === 'README' ? '' : code);
};

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 22%, transparent) }
body { font: 17px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1.5rem 1.2rem 4rem;
  color: light-dark(#1b1f24, #e6e9ed); background: light-dark(#fff, #14171b) }
nav { font-size: .9rem; margin-bottom: 1.5rem }
a { color: light-dark(#0a55a8, #83b9ff) }
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 1rem }
h2 { font-size: 1.1rem; margin: 1.9rem 0 .5rem; padding-top: .8rem; border-top: 1px solid var(--line) }
li { margin: .3rem 0 } ul, ol { padding-left: 1.4rem }
code { font: .88em ui-monospace, monospace; padding: .1em .3em; border-radius: 4px; overflow-wrap: anywhere;
  background: color-mix(in srgb, currentColor 9%, transparent) }
table { border-collapse: collapse; width: 100%; font-size: .95rem }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line) }
`;

const documentOf = ({ code, title, markdown }: HandbookPage): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · tessera handbook</title><style>${style}</style></head>
<body><nav><a href="/">Monitor</a>${code === '' ? '' : ' · <a href="/handbook">Handbook</a>'}</nav>
<main>${htmlOf(markdown, linkOf)}</main></body></html>
`;

export interface Handbook {
  readonly pages: readonly HandbookPage[];
  /** By request path: pages for people, and as they are written (`.md`) for other readers. */
  readonly files: ReadonlyMap<string, PageFile>;
}

export const openHandbook = (folder: string): Handbook => {
  const pages = readPages(folder);
  const files = new Map<string, PageFile>();
  for (const page of pages) {
    const { code, markdown } = page;
    const html = Buffer.from(documentOf(page));
    files.set(pathOf(code), fileOf(`${code}.html`, html, 'text/html; charset=utf-8'));
    const name = `${code === '' ? 'README' : code}.md`;
    files.set(`/handbook/${name}`, fileOf(name, Buffer.from(markdown), 'text/markdown; charset=utf-8'));
  }
  return { pages, files };
};
