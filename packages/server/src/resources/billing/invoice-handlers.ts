import { ApiError } from '@sparkler/api';
import type { invoices, payments } from '@sparkler/api/resources';
import { formatUsd } from '../../ledger/money.ts';
import { listInvoices, readInvoice, type StoredInvoice } from '../../store/invoices.ts';
import { listPayments, readPayment, type StoredPayment } from '../../store/payments.ts';
import { readUsage } from '../../store/usage-report.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { renderInvoice } from './render-invoice.ts';
import { toUsageRow } from './usage-handlers.ts';

/** Bills of the account. They are made when a month is over. */
export function makeInvoiceHandlers({ db }: ControlPlaneContext): HandlersOf<typeof invoices> {
  const find = async (account: string, name: string) => {
    const invoice = await readInvoice(db, name);
    if (invoice === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
    const groupBy = ['day', 'kind', 'item', 'model', 'deployment', 'apiKeyId'] as const;
    const lines = await readUsage(db, account, { billingPeriod: invoice.period, groupBy });
    return { ...toInvoiceResource(invoice), lines: lines.map(toUsageRow) };
  };
  return {
    list: ({ ids, list }) => listInvoices(db, ids.account, list, toInvoiceResource),
    get: ({ ids, name }) => find(ids.account, name),
    async download({ ids, name }) {
      const invoice = await find(ids.account, name);
      const filename = `invoice-${ids.account}-${invoice.period}.html`;
      return { filename, contentType: 'text/html', content: renderInvoice(ids.account, invoice) };
    },
  };
}

export function makePaymentHandlers({ db }: ControlPlaneContext): HandlersOf<typeof payments> {
  return {
    list: ({ ids, list }) => listPayments(db, ids.account, list, toPaymentResource),
    async get({ name }) {
      const payment = await readPayment(db, name);
      if (payment === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
      return toPaymentResource(payment);
    },
  };
}

function toInvoiceResource(invoice: StoredInvoice) {
  return {
    name: invoice.name,
    period: invoice.period,
    state: invoice.state,
    subtotalUsd: formatUsd(invoice.subtotalNanos),
    creditUsd: formatUsd(invoice.creditNanos),
    dueUsd: formatUsd(invoice.dueNanos),
    paidUsd: formatUsd(invoice.paidNanos),
    createTime: invoice.createTime.toISOString(),
    dueTime: invoice.dueTime.toISOString(),
    ...(invoice.paidTime === null ? {} : { paidTime: invoice.paidTime.toISOString() }),
  };
}

function toPaymentResource(payment: StoredPayment) {
  return {
    name: payment.name,
    kind: payment.kind === 'grant' ? ('GRANT' as const) : ('PAYMENT' as const),
    state: payment.state,
    amountUsd: formatUsd(payment.amountNanos),
    invoicedUsd: formatUsd(payment.invoicedNanos),
    provider: payment.provider,
    description: payment.description,
    createTime: payment.createTime.toISOString(),
  };
}
