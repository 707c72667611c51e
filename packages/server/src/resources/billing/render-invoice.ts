import type { toUsageRow } from './usage-handlers.ts';

export interface InvoicePage {
  readonly name: string;
  readonly period: string;
  readonly state: string;
  readonly subtotalUsd: string;
  readonly creditUsd: string;
  readonly dueUsd: string;
  readonly paidUsd: string;
  readonly createTime: string;
  readonly dueTime: string;
  readonly lines: readonly ReturnType<typeof toUsageRow>[];
}

/** An invoice as a page to read and print, without scripts and without anything from elsewhere. */
export function renderInvoice(account: string, invoice: InvoicePage): string {
  const rows = invoice.lines.map(renderLine).join('\n');
  const sums = [
    ['Used', invoice.subtotalUsd],
    ['Covered by credit and payments', invoice.creditUsd],
    ['Due', invoice.dueUsd],
    ['Paid', invoice.paidUsd],
  ];
  const foot = sums
    .map(([label, usd]) => `<tr><th colspan="5">${label}</th><td class="n">${usd}</td></tr>`)
    .join('\n');
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Invoice ${escapeHtml(account)} ${invoice.period}</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 3rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
td { overflow-wrap: anywhere; }
tfoot th { text-align: right; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
</style>
<h1>Invoice ${invoice.period}</h1>
<p>Account ${escapeHtml(account)} · made ${invoice.createTime.slice(0, 10)} ·
due ${invoice.dueTime.slice(0, 10)} · ${invoice.state}. All amounts in USD; days are UTC.</p>
<table>
<thead><tr><th>Day</th><th>What</th><th>Model, deployment</th><th>Key</th><th class="n">Quantity</th>
<th class="n">USD</th></tr></thead>
<tbody>
${rows}
</tbody>
<tfoot>
${foot}
</tfoot>
</table>
</html>
`;
}

function renderLine(line: InvoicePage['lines'][number]): string {
  const what = line.item === '' ? line.kind : `${line.kind} ${line.item}`;
  const where = [line.model, line.deployment].filter((name) => name !== '').map(escapeHtml);
  return (
    `<tr><td>${line.day}</td><td>${escapeHtml(what)}</td><td>${where.join('<br>')}</td>` +
    `<td>${escapeHtml(line.apiKeyId)}</td><td class="n">${describeQuantity(line)}</td>` +
    `<td class="n">${line.costUsd}</td></tr>`
  );
}

function describeQuantity(line: InvoicePage['lines'][number]): string {
  if (line.gpuSeconds !== '0') return `${line.gpuSeconds} GPU seconds`;
  if (line.trainingTokens !== '0') return `${line.trainingTokens} tokens`;
  return (
    `${line.requestCount} requests<br>${line.promptTokens} tokens in<br>` +
    `${line.cachedPromptTokens} of them cached<br>${line.completionTokens} tokens out`
  );
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replaceAll(/[&<>"]/g, (character) => entities[character]!);
}
