import { settleUsage } from '../../packages/server/src/store/settle-usage.ts';
import type { ControlPlane } from './start-control-plane.ts';

let made = 0;

/** Books use of a model by an account, for so much money, at a time. */
export async function bookUsage(
  plane: ControlPlane,
  account: string,
  usd: number,
  time: Date,
): Promise<void> {
  made += 1;
  const usage = {
    requestId: `use-${made}`,
    account,
    user: `accounts/${account}/users/root`,
    apiKeyId: 'k1',
    model: 'accounts/fireworks/models/m',
    deployment: 'accounts/fireworks/deployments/d',
    promptTokens: 1000,
    cachedPromptTokens: 0,
    completionTokens: 10,
    period: '',
    costNanos: usd * 1e9,
    time,
  };
  await plane.database.db.transaction().execute((transaction) => settleUsage(transaction, 'g', [usage]));
}
