import { readFileSync, writeFileSync } from 'node:fs';
import { buildKeywordTable } from './build-keyword-table.ts';

const page = new URL('../../docs/structured-output.md', import.meta.url);
const BEGIN = '<!-- What follows is written by npm run generate. -->\n';
const END = '<!-- Until here. -->\n';

/** The page as it is, and as it would be with a table of this code. */
export function renderPage(): { readonly current: string; readonly expected: string } {
  const current = readFileSync(page, 'utf8');
  const [before, rest = ''] = current.split(BEGIN);
  const [, after] = rest.split(END);
  if (before === undefined || after === undefined) throw new Error(`${page.pathname} has lost its marks`);
  return { current, expected: [before, BEGIN, '\n', buildKeywordTable(), '\n', END, after].join('') };
}

/** Writes the table of keywords into the page about structured output. */
export function writeKeywordTable(): void {
  writeFileSync(page, renderPage().expected);
}
