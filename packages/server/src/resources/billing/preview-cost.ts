import { ApiError, invalidField, resolveReference } from '@sparkler/api';
import { models, type PreviewCostRequest } from '@sparkler/api/resources';
import type { Static } from 'typebox';
import { formatUsd } from '../../ledger/money.ts';
import { planCost } from '../../ledger/plan-cost.ts';
import { defaultPriceBook, findTokenPrices, findTrainingPrice } from '../../ledger/price-book.ts';
import { type PricedModel, readPricedModel } from '../../store/training-meters.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';

type Wish = Static<typeof PreviewCostRequest>;

/** What something would cost, by the prices that it would be charged at. */
export async function previewCost(context: ControlPlaneContext, account: string, wish: Wish) {
  const given = (['model', 'acceleratorType', 'baseModel'] as const).filter((key) => wish[key]);
  if (given.length !== 1) {
    throw invalidField('model', 'name exactly one of model, acceleratorType and baseModel');
  }
  if (wish.model) return previewTokens(await findModel(context, account, 'model', wish.model), wish);
  if (wish.acceleratorType) return previewAccelerators(wish.acceleratorType, wish);
  return previewTraining(await findModel(context, account, 'baseModel', wish.baseModel!), wish);
}

const count = (text: string | undefined, field: string, fallback = 0): number => {
  const value = Number(text || fallback);
  if (value < 0 || value > 1e12) throw invalidField(field, `${field} must be from 0 to 1000000000000`);
  return value;
};

function previewTokens(model: PricedModel, wish: Wish) {
  const prices = findTokenPrices(defaultPriceBook, model.priceClass);
  const tokens = {
    promptTokens: count(wish.promptTokens, 'promptTokens'),
    cachedPromptTokens: count(wish.cachedPromptTokens, 'cachedPromptTokens'),
    completionTokens: count(wish.completionTokens, 'completionTokens'),
  };
  const perMillion = (nanos: number) => formatUsd(BigInt(nanos) * 1_000_000n);
  const explanation =
    `USD a million tokens: ${perMillion(prices.prompt)} prompt, ${perMillion(prices.cachedPrompt)} cached ` +
    `prompt, ${perMillion(prices.completion)} generated`;
  return { amountUsd: formatUsd(BigInt(planCost(prices, tokens))), explanation };
}

function previewAccelerators(type: string, wish: Wish) {
  const price = defaultPriceBook.acceleratorSeconds[type];
  if (price === undefined) {
    const known = Object.keys(defaultPriceBook.acceleratorSeconds).join(', ');
    throw invalidField('acceleratorType', `'${type}' has no price; known are ${known}`);
  }
  const accelerators =
    count(wish.acceleratorCount, 'acceleratorCount', 1) * count(wish.replicaCount, 'replicaCount', 1);
  const seconds = count(wish.durationSeconds, 'durationSeconds', 3600);
  const nanos = BigInt(accelerators) * BigInt(seconds) * BigInt(price);
  const explanation = `${accelerators} x ${seconds} s of ${type} at ${formatUsd(BigInt(price))} USD a second`;
  return { amountUsd: formatUsd(nanos), explanation };
}

function previewTraining(model: PricedModel, wish: Wish) {
  const price = findTrainingPrice(defaultPriceBook, model.parameterCount);
  const tokens = count(wish.trainingTokens, 'trainingTokens');
  const explanation = `${tokens} tokens at ${formatUsd(BigInt(price) * 1_000_000n)} USD a million`;
  return { amountUsd: formatUsd(BigInt(tokens) * BigInt(price)), explanation };
}

/** A model of the account, or of the provider; addons cost what their base does. */
async function findModel(
  { db, settings }: ControlPlaneContext,
  account: string,
  field: string,
  reference: string,
): Promise<PricedModel> {
  for (const owner of [account, settings.providerAccount]) {
    const name = resolveReference(models.pattern, reference, owner);
    const found = name === null ? null : await readPricedModel(db, name);
    if (found !== null && (found.account === account || found.isPublic)) return found;
  }
  throw new ApiError('NOT_FOUND', `${field}: no model '${reference}' that this account can use`);
}
