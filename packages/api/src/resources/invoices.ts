import { list, message, out, text, timestamp, word } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { TextFile, UsageRow, usd } from './billing-messages.ts';

/** The bill of a month. It is made when the month is over and never changes but for being paid. */
export const Invoice = message('Invoice', {
  name: out(text('accounts/{account}/invoices/{invoice}')),
  period: out(text('2026-11 (UTC).')),
  state: out(word(['STATE_UNSPECIFIED', 'OPEN', 'PAID', 'FAILED'])),
  subtotalUsd: out(usd('What was used.')),
  creditUsd: out(usd('Of it, what credit and payments had covered already.')),
  dueUsd: out(usd('What is to be paid, in whole cents.')),
  paidUsd: out(usd()),
  createTime: out(timestamp()),
  dueTime: out(timestamp('After this the payment counts as failed.')),
  paidTime: out(timestamp()),
  lines: out(list(UsageRow, 'By day, kind, model, deployment and key; in the reply to get only.')),
});

export const invoices = defineResource({
  noun: 'invoice',
  collection: 'invoices',
  parent: 'accounts/{account}',
  schema: Invoice,
  methods: (on) => ({
    list: on.list({ access: 'admin' }),
    get: on.get({ access: 'admin' }),
    download: on.verb('download', {
      httpMethod: 'GET',
      access: 'admin',
      summary: 'Get an invoice as a page to print',
      response: TextFile,
    }),
  }),
});

/** Money that came in, credit that was granted, and payments that failed. Recorded by an operator. */
export const Payment = message('Payment', {
  name: out(text('accounts/{account}/payments/{payment}')),
  kind: out(word(['KIND_UNSPECIFIED', 'PAYMENT', 'GRANT'])),
  state: out(word(['STATE_UNSPECIFIED', 'SUCCEEDED', 'FAILED'])),
  amountUsd: out(usd()),
  invoicedUsd: out(usd('Of it, what went to open invoices; the rest is credit.')),
  provider: out(text('Who took the money: manual.')),
  description: out(text()),
  createTime: out(timestamp()),
});

export const payments = defineResource({
  noun: 'payment',
  collection: 'payments',
  parent: 'accounts/{account}',
  schema: Payment,
  methods: (on) => ({ list: on.list({ access: 'admin' }), get: on.get({ access: 'admin' }) }),
});
