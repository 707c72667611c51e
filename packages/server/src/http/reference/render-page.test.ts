import { buildOpenApi } from '@sparkler/api/openapi';
import { expect, test } from 'vitest';
import { html } from './html.ts';
import type { OpenApiDocument } from './openapi-document.ts';
import { renderPage } from './render-page.ts';

const document = buildOpenApi() as unknown as OpenApiDocument;
const page = renderPage(document);

test('every operation has its section, its link and its path', () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const { operationId } of Object.values(operations)) {
      expect(page).toContain(`id="${operationId}"`);
      expect(page).toContain(`href="#${operationId}"`);
    }
    expect(page).toContain(`<code>${path}</code>`);
  }
});

test('every link within the page leads somewhere', () => {
  const targets = new Set([...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
  expect(links.length).toBeGreaterThan(300);
  expect(links.filter((link) => !targets.has(link))).toEqual([]);
});

test('the page needs nothing from elsewhere', () => {
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(page).not.toMatch(/@import|url\(/);
});

test('ids are unique', () => {
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
  expect(new Set(ids).size).toBe(ids.length);
});

test('an example of a chat completion holds what the schema requires', () => {
  const section = page.slice(page.indexOf('id="createChatCompletion"'));
  expect(section.slice(0, section.indexOf('</section>'))).toContain(
    '&quot;model&quot;: &quot;smollm2-135m-instruct&quot;',
  );
});

test('text is escaped, markup is not, lists are joined', () => {
  const bold = html`<b>${'a < b & "c"'}</b>`;
  expect(html`<p title="${"'x'"}">${[bold, 1, null]}</p>`.html).toBe(
    '<p title="&#39;x&#39;"><b>a &lt; b &amp; &quot;c&quot;</b>1</p>',
  );
});
