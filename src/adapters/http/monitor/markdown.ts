/**
 * The part of Markdown that the handbook is written in, as HTML: headings, paragraphs, lists, tables, code, bold, links.
 * Refuses HTML inside: everything is escaped, so that a page can hold nothing but words. A library of forty kilobytes would
 * bring what we then would have to switch off.
 */

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** @param href of a link as it is written */
type Link = (href: string) => string;

const inline = (text: string, link: Link): string =>
  text
    .split(/(`[^`]+`)/)
    .map((part) =>
      part.startsWith('`') && part.length > 1
        ? `<code>${escaped(part.slice(1, -1))}</code>`
        : escaped(part)
            .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
            .replaceAll(
              /\[([^\]]+)\]\(([^)\s]+)\)/g,
              (_, words: string, href: string) => `<a href="${link(href)}">${words}</a>`,
            ),
    )
    .join('');

const cellsOf = (line: string): string[] =>
  line
    .replace(/^\s*\|/, '')
    .replace(/\|\s*$/, '')
    .split('|')
    .map((cell) => cell.trim());

const tableOf = (lines: readonly string[], link: Link): string => {
  const [head, , ...body] = lines;
  const row = (line: string, tag: 'td' | 'th'): string =>
    `<tr>${cellsOf(line)
      .map((cell) => `<${tag}>${inline(cell, link)}</${tag}>`)
      .join('')}</tr>`;
  return `<table><thead>${row(head!, 'th')}</thead><tbody>${body.map((line) => row(line, 'td')).join('')}</tbody></table>`;
};

const itemMark = /^(?:- |\d+\. )/;

const listOf = (lines: readonly string[], link: Link): string => {
  const items: string[] = [];
  for (const line of lines)
    if (itemMark.test(line)) items.push(line.replace(itemMark, ''));
    else items.push(`${items.pop() ?? ''} ${line.trim()}`);
  const tag = lines[0]!.startsWith('-') ? 'ul' : 'ol';
  return `<${tag}>${items.map((item) => `<li>${inline(item, link)}</li>`).join('')}</${tag}>`;
};

const blockOf = (block: string, link: Link): string => {
  const lines = block.split('\n');
  const [first] = lines as [string];
  const heading = /^(#{1,3}) (.*)$/.exec(first);
  if (heading !== null && lines.length === 1)
    return `<h${heading[1]!.length}>${inline(heading[2]!, link)}</h${heading[1]!.length}>`;
  if (/^\s*\|/.test(first)) return tableOf(lines, link);
  if (itemMark.test(first)) return listOf(lines, link);
  return `<p>${inline(lines.join(' '), link)}</p>`;
};

/** Blocks are what empty lines part, fences of code included. */
export const htmlOf = (markdown: string, link: Link): string =>
  markdown
    .split(/^```\w*\n([\s\S]*?)^```$/m)
    .map((part, i) =>
      i % 2 === 1
        ? `<pre><code>${escaped(part)}</code></pre>`
        : part
            .split(/\n{2,}/)
            .map((block) => block.trim())
            .filter((block) => block !== '')
            .map((block) => blockOf(block, link))
            .join('\n'),
    )
    .join('\n');
