import { manualProvider } from './manual-provider.ts';
import type { PaymentProvider } from './payment-provider.ts';

/** The providers that are built in; another one is one more line. */
const providers: readonly PaymentProvider[] = [manualProvider];

export const paymentProviderIds: readonly string[] = providers.map(({ id }) => id);

/** The provider of that id. Settings were checked: an unknown one is a mistake of the program. */
export function findPaymentProvider(id: string): PaymentProvider {
  const found = providers.find((provider) => provider.id === id);
  if (found === undefined) throw new Error(`no payment provider ${id}`);
  return found;
}
