import { invalidField } from '@sparkler/api';
import type { accounts } from '@sparkler/api/resources';
import { formatUsd } from '../../ledger/money.ts';
import { readUsage, type UsageDimension, type UsageRow, usageDimensions } from '../../store/usage-report.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { previewCost } from './preview-cost.ts';

type UsageHandlers = Required<Pick<HandlersOf<typeof accounts>, 'listUsage' | 'exportUsage' | 'previewCost'>>;

/** What an account used and what it would cost to use more. Reading it is free. */
export function makeUsageHandlers(context: ControlPlaneContext): UsageHandlers {
  return {
    listUsage: ({ ids, query }) => report(context, ids.account, query),
    async exportUsage({ ids, query }) {
      const { rows, totalUsd } = await report(context, ids.account, query);
      const filename = `usage-${ids.account}.${query.format === 'JSON' ? 'json' : 'csv'}`;
      return query.format === 'JSON'
        ? { filename, contentType: 'application/json', content: JSON.stringify({ rows, totalUsd }, null, 2) }
        : { filename, contentType: 'text/csv', content: toCsv(rows) };
    },
    previewCost: ({ ids, body }) => previewCost(context, ids.account, body),
  };
}

interface UsageQuery {
  readonly startTime?: string;
  readonly endTime?: string;
  readonly groupBy?: string;
}

async function report({ db, now }: ControlPlaneContext, account: string, query: UsageQuery) {
  const today = new Date(now()).toISOString();
  const found = await readUsage(db, account, {
    startDay: query.startTime ? dayOf(query.startTime) : `${today.slice(0, 7)}-01`,
    endDay: query.endTime ? dayOf(query.endTime) : null,
    groupBy: readGroupBy(query.groupBy),
  });
  const total = found.reduce((sum, row) => sum + row.costNanos, 0n);
  return { rows: found.map(toUsageRow), totalUsd: formatUsd(total) };
}

const dayOf = (time: string): string => new Date(time).toISOString().slice(0, 10);

function readGroupBy(text: string | undefined): UsageDimension[] {
  const names = (text || 'day,kind,model').split(',').map((name) => name.trim());
  return names.map((name) => {
    const known = usageDimensions.find((dimension) => dimension === name);
    if (known === undefined) {
      throw invalidField('groupBy', `'${name}' is none of ${usageDimensions.join(', ')}`);
    }
    return known;
  });
}

export function toUsageRow(row: UsageRow) {
  const { costNanos, ...rest } = row;
  const counts = {
    requestCount: String(row.requestCount),
    promptTokens: String(row.promptTokens),
    cachedPromptTokens: String(row.cachedPromptTokens),
    completionTokens: String(row.completionTokens),
    trainingTokens: String(row.trainingTokens),
    gpuSeconds: String(row.gpuSeconds),
  };
  return { ...rest, ...counts, costUsd: formatUsd(costNanos) };
}

const columns = [
  ...usageDimensions,
  'requestCount',
  'promptTokens',
  'cachedPromptTokens',
  'completionTokens',
  'trainingTokens',
  'gpuSeconds',
  'costUsd',
] as const;

function toCsv(rows: readonly ReturnType<typeof toUsageRow>[]): string {
  const lines = rows.map((row) => columns.map((name) => quote(row[name])).join(','));
  return [columns.join(','), ...lines, ''].join('\r\n');
}

/** RFC 4180. Names that a spreadsheet would run as a formula are made text. */
function quote(value: string): string {
  const safe = /^[=+@]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
