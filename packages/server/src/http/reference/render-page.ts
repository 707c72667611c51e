import { createHash } from 'node:crypto';
import { html, type Markup } from './html.ts';
import type { OpenApiDocument, Operation } from './openapi-document.ts';
import { filterScript, pageStyle } from './page-parts.ts';
import { renderOperation } from './render-operation.ts';
import { renderSchema } from './render-schema.ts';

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The API reference as one HTML page that needs nothing from anywhere else. */
export function renderPage(document: OpenApiDocument): string {
  const groups = groupByTag(document);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title} API reference</title><style>${{ html: pageStyle }}</style></head>
<body><nav><h1>${document.info.title} <small>${document.info.version}</small></h1>
<input type="search" id="filter" placeholder="Filter by path or words" aria-label="Filter operations">
${[...groups].map(([tag, entries]) => renderLinks(tag, entries))}
<h2><a href="#schemas">Schemas</a></h2></nav>
<main>${introduction}
${[...groups].map(([tag, entries]) => renderGroup(document, tag, entries))}
<h2 id="schemas">Schemas</h2>
${Object.entries(document.components.schemas).map(
  ([name, schema]) => html`<section class="schema" id="schema-${name}"><h3><code>${name}</code></h3>
<p>${schema.description ?? ''}</p>${renderSchema(schema)}</section>`,
)}</main><script>${{ html: filterScript }}</script></body></html>`;
  return page.html;
}

/** What a page may do: its own style and script, nothing else. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src '${hashOf(pageStyle)}'`,
  `script-src '${hashOf(filterScript)}'`,
  "base-uri 'none'",
].join('; ');

const introduction = html`<section><h2>Calling the API</h2>
<p>Send an API key as <code>Authorization: Bearer KEY</code>. Bodies are JSON. Unknown fields are refused by name.
Every answer has <code>x-request-id</code>; failed ones say what was wrong, where, and what to do next.</p>
<p>Paths below <code>/inference/v1</code> are OpenAI-compatible; the same are below <code>/v1</code> for clients that
want that. Paths below <code>/v1/accounts</code> manage resources.
The machine-readable form of this page is <a href="/openapi.json">/openapi.json</a>.</p></section>`;

function renderLinks(tag: string, entries: readonly Entry[]): Markup {
  return html`<details><summary>${titleOf(tag)}</summary><ul>${entries.map(
    ({ operation }) =>
      html`<li><a href="#${operation.operationId}">${operation.summary ?? operation.operationId}</a></li>`,
  )}</ul></details>`;
}

function renderGroup(document: OpenApiDocument, tag: string, entries: readonly Entry[]): Markup {
  return html`<div class="group"><h2 id="tag-${tag}">${titleOf(tag)}</h2>${entries.map(
    ({ method, path, operation }) => renderOperation(document, method, path, operation),
  )}</div>`;
}

/** Inference first: it is what most people come for. */
function groupByTag(document: OpenApiDocument): Map<string, Entry[]> {
  const entries = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation })),
  );
  const groups = Map.groupBy(entries, ({ operation }) => operation.tags?.[0] ?? 'other');
  return new Map([...groups].sort(([a], [b]) => Number(b === 'inference') - Number(a === 'inference')));
}

/** `nodePoolBindings` reads as "Node pool bindings". */
function titleOf(tag: string): string {
  const words = tag.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return words[0]!.toUpperCase() + words.slice(1);
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
