/** Text that is HTML already; everything else is escaped when it goes into a page. */
export interface Markup {
  readonly html: string;
}

type Part = Markup | string | number | readonly Part[] | null;

/** Writes HTML: values are escaped unless they are Markup, lists are joined, null is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { html: strings.map((text, index) => text + write(parts[index] ?? null)).join('') };
}

function write(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  if (isList(part)) return part.map(write).join('');
  return part.html;
}

function isList(part: Part): part is readonly Part[] {
  return Array.isArray(part);
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (letter) => entities[letter]!);
}
