import { int64, list, message, required, text, timestamp, word } from '../fields.ts';

/** An amount in USD with up to 9 decimals: exact, where a number would round. */
export const usd = (description?: string) =>
  text(description, {
    pattern: '^(?:|-?[0-9]{1,9}(?:\\.[0-9]{1,9})?)$',
    'x-rule': 'must be an amount in USD such as 12.34, with at most 9 decimals',
  });

export const tierWords = ['TIER_UNSPECIFIED', 'TIER_1', 'TIER_2', 'TIER_3', 'TIER_4', 'UNLIMITED'] as const;

export const paymentMethodWords = ['PAYMENT_METHOD_UNSPECIFIED', 'NONE', 'MANUAL', 'HOUSE'] as const;

/** How an account stands with its money now. */
export const AccountBalance = message('AccountBalance', {
  creditUsd: usd('Credit that is left. It is used before anything is owed.'),
  outstandingUsd: usd('What is owed: open invoices, and what was used since.'),
  period: text('The month that limit and use are of, such as 2026-11 (UTC).'),
  usedUsd: usd('Used this month.'),
  limitUsd: usd('What may be used in a month; empty: no limit.'),
  paidUsd: usd('Payments and prepaid credit so far: what qualifies for tiers.'),
  tier: word([...tierWords]),
  nextTierUsd: usd('What is still to be paid to qualify for the next tier; empty: there is none.'),
});

export const GrantCreditRequest = message('GrantCreditRequest', {
  amountUsd: required(usd()),
  description: text('Why; shown to the account.', { maxLength: 255 }),
  requestId: text('Told again with the same id, it is granted once. Default: chosen by the server.', {
    maxLength: 63,
  }),
});

export const RecordPaymentRequest = message('RecordPaymentRequest', {
  amountUsd: required(usd()),
  state: word(['SUCCEEDED', 'FAILED'], 'FAILED: the money did not come, and the invoice failed.'),
  invoice: text('The invoice whose payment failed.'),
  description: text('Such as the reference of a bank.', { maxLength: 255 }),
  requestId: text('Told again with the same id, it is recorded once. Default: chosen by the server.', {
    maxLength: 63,
  }),
});

/** Sums of what was used. What was not grouped by is empty. */
export const UsageRow = message('UsageRow', {
  day: text('2026-11-22 (UTC).'),
  kind: text('inference, gpu, reserved-gpu or training.'),
  item: text('Type of accelerator, for seconds of them.'),
  model: text(),
  deployment: text('Or the fine-tuning job.'),
  apiKeyId: text(),
  user: text(),
  requestCount: int64(),
  promptTokens: int64(),
  cachedPromptTokens: int64('Of the prompt tokens, those that cost less.'),
  completionTokens: int64(),
  trainingTokens: int64(),
  gpuSeconds: int64('Accelerators times seconds.'),
  costUsd: usd(),
});

export const usageFields = {
  startTime: timestamp('From this day on. Default: the first of this month.'),
  endTime: timestamp('Before this day. Default: until now.'),
  groupBy: text('Comma list of day, kind, item, model, deployment, apiKeyId, user. Default: day,kind,model.'),
};

export const UsageParameters = message('UsageParameters', usageFields);

export const UsageReport = message('UsageReport', { rows: list(UsageRow), totalUsd: usd() });

export const TextFile = message('TextFile', {
  filename: text(),
  contentType: text(),
  content: text('The whole file.'),
});

export const PreviewCostRequest = message(
  'PreviewCostRequest',
  {
    model: text('Serverless requests on this model: tokens as below.'),
    promptTokens: int64(),
    cachedPromptTokens: int64('Of the prompt tokens.'),
    completionTokens: int64(),
    acceleratorType: text('A deployment of this type of accelerator, such as NVIDIA_H100_80GB.'),
    acceleratorCount: int64('Of one replica. Default: 1.'),
    replicaCount: int64('Default: 1.'),
    durationSeconds: int64('How long it serves. Default: one hour.'),
    baseModel: text('Fine-tuning of this model on trainingTokens.'),
    trainingTokens: int64('Tokens of the dataset, times the epochs.'),
  },
  'Exactly one of model, acceleratorType and baseModel.',
);

export const CostPreview = message('CostPreview', {
  amountUsd: usd(),
  explanation: text('How it is computed.'),
});
