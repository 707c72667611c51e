import type { IncomingHttpHeaders } from 'node:http';

/** What a provider is asked to collect. */
export interface InvoiceCharge {
  readonly account: string;
  /**
   * accounts/A/invoices/I. It is the key of the charge, too: asked again for the same invoice, a provider
   * charges nothing more and tells how the first charge ended.
   */
  readonly invoice: string;
  /** What is still to pay, in nano-dollars; whole cents. */
  readonly amountNanos: bigint;
  readonly dueTime: Date;
}

/** How a payment ended. */
export interface PaymentEvent {
  /**
   * What the provider calls this outcome, the same however often and by whatever way it is told: the answer
   * to a charge and the event about it have one id (Stripe: that of the charge, not of the event). 1 to 100
   * characters of [A-Za-z0-9_-].
   */
  readonly id: string;
  readonly account: string;
  readonly state: 'SUCCEEDED' | 'FAILED';
  readonly amountNanos: bigint;
  /** What was to be paid; null: money that came without being asked for. A failed payment names it. */
  readonly invoice: string | null;
  /** Shown to the account; at most 255 characters. */
  readonly description: string;
}

/** Who collects money. A server has one, by SPARKLER_PAYMENTS. */
export interface PaymentProvider {
  /** Stands in the payments that it made; lower-case letters. */
  readonly id: string;
  /** Asks for the money of an invoice. PENDING: how it ends is told later, by an event or by an operator. */
  charge(charge: InvoiceCharge): Promise<PaymentEvent | 'PENDING'>;
  /**
   * Reads what the provider posted to /payments/events. Null: it is about nothing that is kept here. Throws
   * UnverifiedEventError when it does not come from the provider. Left out: this provider posts nothing.
   */
  readEvent?(post: PostedEvent): Promise<PaymentEvent | null>;
}

/** As it came, since signatures are over the very bytes. */
export interface PostedEvent {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What was posted is not signed by the provider. The message says what is wrong with it. */
export class UnverifiedEventError extends Error {
  override readonly name = 'UnverifiedEventError';
}
