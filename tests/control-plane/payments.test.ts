import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeMonths } from '../../packages/server/src/billing/close-months.ts';
import { chargeInvoices } from '../../packages/server/src/billing/payments/charge-invoices.ts';
import {
  type InvoiceCharge,
  type PaymentEvent,
  type PaymentProvider,
  UnverifiedEventError,
} from '../../packages/server/src/billing/payments/payment-provider.ts';
import { bookUsage } from './book-usage.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/**
 * Invoices paid by a provider with cards, as those on the net are: it charges at once, or tells by events.
 */

type Outcome = PaymentEvent | 'PENDING' | Error;
const secret = 'whsec_test';
/** What the provider will say about the invoice of an account, and what it was asked. */
const outcomes = new Map<string, Outcome>();
const asked: InvoiceCharge[] = [];

const sign = (body: string | Buffer) => createHmac('sha256', secret).update(body).digest('hex');

const cards: PaymentProvider = {
  id: 'cards',
  async charge(charge) {
    asked.push(charge);
    const outcome = outcomes.get(charge.account) ?? 'PENDING';
    if (outcome instanceof Error) throw outcome;
    return outcome;
  },
  async readEvent({ headers, body }) {
    if (headers['cards-signature'] !== sign(body)) throw new UnverifiedEventError('the signature is wrong');
    const { type, usd, ...event } = JSON.parse(body.toString());
    return type === 'payment' ? { ...event, amountNanos: BigInt(usd) * 1_000_000_000n } : null;
  },
};

let plane: ControlPlane;
let operator: string;
beforeAll(async () => {
  plane = await startControlPlane({}, { payments: cards });
  operator = await plane.makeUser('local', 'root', 'admin');
});
afterAll(() => plane.close());

const asOperator = async (method: string, path: string, body?: unknown) =>
  (await plane.call(method, `/v1/accounts${path}`, body, { key: operator })).body;

async function post(event: object, signature?: string) {
  const body = JSON.stringify(event);
  const headers = { 'content-type': 'application/json', 'cards-signature': signature ?? sign(body) };
  const response = await fetch(`${plane.baseUrl}/payments/events`, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text() };
}

/** An account that owes $40 for a month that is over, by an invoice. */
async function bill(account: string): Promise<string> {
  await asOperator('POST', `?accountId=${account}&creditUsd=0`, {
    email: `${account}@a.test`,
    paymentMethod: 'MANUAL',
  });
  const now = new Date();
  // Not last month: within its first hour a month does not close the one before.
  const time = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 2, 15));
  await bookUsage(plane, account, 40, time);
  await closeMonths(plane.context);
  const { invoices } = await asOperator('GET', `/${account}/invoices`);
  return invoices[0].name;
}

const charge = () => chargeInvoices(plane.context, cards);
const standing = async (account: string) => (await asOperator('GET', `/${account}`)).suspendState;
const paidBy = async (account: string) => (await asOperator('GET', `/${account}/payments`)).payments ?? [];

test('a card that is charged pays the invoice; told again by an event, it is booked once', async () => {
  const invoice = await bill('swift');
  const paid = { id: 'ch_1', account: 'swift', state: 'SUCCEEDED', invoice, description: 'Visa' } as const;
  outcomes.set('swift', { ...paid, amountNanos: 40_000_000_000n });
  expect(await charge()).toEqual([]);
  expect(await charge()).toEqual([]);
  expect(asked.filter(({ account }) => account === 'swift')).toMatchObject([
    { invoice, amountNanos: 40_000_000_000n },
  ]);
  const told = await Promise.all([1, 2, 3].map(() => post({ type: 'payment', usd: 40, ...paid })));
  expect(told.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await paidBy('swift')).toMatchObject([
    {
      name: 'accounts/swift/payments/cards-ch_1',
      provider: 'cards',
      amountUsd: '40.00',
      invoicedUsd: '40.00',
    },
  ]);
  expect((await asOperator('GET', '/swift/invoices')).invoices).toMatchObject([{ state: 'PAID' }]);
  expect(await asOperator('GET', '/swift:getBalance')).toMatchObject({
    outstandingUsd: '0.00',
    paidUsd: '40.00',
  });
});

test('one that is refused suspends the account; a later payment lifts it, a late word of the failure does not', async () => {
  const invoice = await bill('short');
  const failed = { id: 'ch_2', account: 'short', state: 'FAILED', invoice, description: 'no funds' } as const;
  outcomes.set('short', { ...failed, amountNanos: 40_000_000_000n });
  await charge();
  expect(await standing('short')).toBe('FAILED_PAYMENTS');
  expect(await paidBy('short')).toMatchObject([{ state: 'FAILED', description: 'no funds' }]);

  const paid = { ...failed, id: 'ch_3', state: 'SUCCEEDED' };
  expect((await post({ type: 'payment', usd: 40, ...paid })).status).toBe(200);
  expect(await standing('short')).toBe('UNSUSPENDED');
  for (const id of ['ch_2', 'ch_4']) await post({ type: 'payment', usd: 40, ...failed, id });
  expect(await standing('short')).toBe('UNSUSPENDED');
});

test('what is pending ends by an event; a provider that is away is asked again', async () => {
  const [slow, away] = [await bill('slow'), await bill('away')];
  outcomes.set('away', new Error('connection refused'));
  expect(await charge()).toMatchObject([{ invoice: away, error: { message: 'connection refused' } }]);
  expect(await standing('slow')).toBe('UNSUSPENDED');
  outcomes.set('away', 'PENDING');
  expect(await charge()).toEqual([]);
  expect(asked.map(({ invoice }) => invoice).filter((name) => name === away)).toHaveLength(2);
  expect(asked.map(({ invoice }) => invoice).filter((name) => name === slow)).toHaveLength(1);
  const event = { type: 'payment', account: 'slow', invoice: slow, usd: 40, description: '' };
  await post({ ...event, id: 'ch_5', state: 'FAILED' });
  expect(await standing('slow')).toBe('FAILED_PAYMENTS');
  await post({ ...event, id: 'ch_6', state: 'SUCCEEDED' });
  expect(await standing('slow')).toBe('UNSUSPENDED');
});

test('events that are not signed, or about what is not there, book nothing', async () => {
  const event = { type: 'payment', id: 'ch_9', account: 'slow', usd: 7, invoice: null, description: '' };
  const before = (await paidBy('slow')).length;
  expect(await post({ ...event, state: 'SUCCEEDED' }, 'forged')).toMatchObject({
    status: 401,
    text: expect.stringContaining('signature'),
  });
  expect((await post({ type: 'customer.created' })).status).toBe(200);
  expect((await post({ ...event, state: 'FAILED' })).status).toBe(400);
  expect((await post({ ...event, state: 'SUCCEEDED', usd: 0 })).status).toBe(400);
  expect((await post({ ...event, state: 'SUCCEEDED', id: '../x' })).status).toBe(400);
  expect((await post({ ...event, state: 'SUCCEEDED', account: 'nobody' })).status).toBe(404);
  const others = { ...event, state: 'FAILED', invoice: 'accounts/swift/invoices/i-2020-01' };
  expect((await post(others)).status).toBe(404);
  expect(await paidBy('slow')).toHaveLength(before);
});

test('the built-in provider leaves it to an operator, and takes no events', async () => {
  const manual = await startControlPlane();
  try {
    const response = await fetch(`${manual.baseUrl}/payments/events`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('SPARKLER_PAYMENTS');
    const invoice = await bill('patient');
    expect(await chargeInvoices(plane.context, manual.context.payments)).toEqual([]);
    expect(await standing('patient')).toBe('UNSUSPENDED');
    const tell = { amountUsd: '40', invoice, state: 'FAILED' };
    await asOperator('POST', '/patient:recordPayment', tell);
    expect(await standing('patient')).toBe('FAILED_PAYMENTS');
    await asOperator('POST', '/patient:recordPayment', { amountUsd: '40' });
    expect(await standing('patient')).toBe('UNSUSPENDED');
  } finally {
    await manual.close();
  }
});
