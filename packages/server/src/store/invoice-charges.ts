import { sql } from 'kysely';
import type { InvoiceCharge } from '../billing/payments/payment-provider.ts';
import type { DatabaseOrTransaction } from './database.ts';

/** Invoices that ask for something and that no provider was asked for, of accounts with a way to pay. */
export async function listUncharged(db: DatabaseOrTransaction): Promise<InvoiceCharge[]> {
  const { rows } = await sql<{ name: string; account: string; rest: string; due_time: Date }>`
    select name, account, (due_nanos - paid_nanos)::text as rest, due_time from invoices
    join accounts on accounts.id = invoices.account and accounts.payment_method = 'manual'
    where state = 'OPEN' and charge_time is null order by name`.execute(db);
  return rows.map(({ name, account, rest, due_time }) => ({
    account,
    invoice: name,
    amountNanos: BigInt(rest),
    dueTime: due_time,
  }));
}

/** The provider took the charge. */
export async function writeChargeTime(db: DatabaseOrTransaction, invoice: string, time: Date): Promise<void> {
  await sql`update invoices set charge_time = ${time} where name = ${invoice}`.execute(db);
}
