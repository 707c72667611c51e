import type { PaymentProvider } from './payment-provider.ts';

/** Invoices wait for an operator, who says what came (`firectl record-payment`). */
export const manualProvider: PaymentProvider = {
  id: 'manual',
  charge: async () => 'PENDING',
};
