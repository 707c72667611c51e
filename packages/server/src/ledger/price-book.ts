import type { priceClasses } from '../catalogue/entry.ts';

type PriceClass = (typeof priceClasses)[number];

/** Nano-dollars a token. */
export interface TokenPrices {
  readonly prompt: number;
  readonly cachedPrompt: number;
  readonly completion: number;
}

/** Everything that costs money, as data. An operator replaces it as a whole (setting `prices`). */
export interface PriceBook {
  /** By the model's price class; a class without a price is free. */
  readonly tokens: Readonly<Partial<Record<PriceClass, TokenPrices>>>;
  /** Nano-dollars a second of one accelerator, by its type. */
  readonly acceleratorSeconds: Readonly<Record<string, number>>;
  /**
   * Nano-dollars a token seen in training, by parameters of the base model: the first row that is large
   * enough.
   */
  readonly trainingTokens: readonly { readonly parametersMax: number; readonly price: number }[];
}

/** USD a million tokens -> nano-dollars a token. */
const perMillion = (usd: number): number => Math.round(usd * 1000);
/** USD an hour -> nano-dollars a second. */
const perHour = (usd: number): number => Math.round((usd * 1_000_000_000) / 3600);

const flat = (usd: number): TokenPrices => ({
  prompt: perMillion(usd),
  // Cached prompt tokens cost half, as the platform's docs have it for serverless models.
  cachedPrompt: perMillion(usd / 2),
  completion: perMillion(usd),
});
const embedding = (usd: number): TokenPrices => ({
  ...flat(usd),
  cachedPrompt: perMillion(usd),
  completion: 0,
});

/**
 * Seed values: the documentation names classes by size and sends readers to a price page, so these are
 * editable figures of the right order, not a quotation.
 */
export const defaultPriceBook: PriceBook = {
  tokens: {
    'text-up-to-4b': flat(0.1),
    'text-4b-to-16b': flat(0.2),
    'text-over-16b': flat(0.9),
    'moe-up-to-56b': flat(0.5),
    'moe-56b-to-176b': flat(1.2),
    'moe-over-176b': flat(1.2),
    'embedding-up-to-150m': embedding(0.008),
    'embedding-150m-to-350m': embedding(0.016),
    'embedding-over-350m': embedding(0.1),
  },
  acceleratorSeconds: {
    NVIDIA_A100_80GB: perHour(2.9),
    NVIDIA_H100_80GB: perHour(5.8),
    NVIDIA_H200_141GB: perHour(6.99),
    AMD_MI300X_192GB: perHour(4.99),
  },
  trainingTokens: [
    { parametersMax: 16e9, price: perMillion(0.5) },
    { parametersMax: 80e9, price: perMillion(3) },
    { parametersMax: Number.POSITIVE_INFINITY, price: perMillion(6) },
  ],
};

const free: TokenPrices = { prompt: 0, cachedPrompt: 0, completion: 0 };

/** Prices of a class; classes that are not sold by the token are free here. */
export function findTokenPrices(book: PriceBook, priceClass: string): TokenPrices {
  return book.tokens[priceClass as PriceClass] ?? free;
}

/** Nano-dollars a training token for a base model of so many parameters. */
export function findTrainingPrice(book: PriceBook, parameters: number): number {
  return book.trainingTokens.find((row) => parameters <= row.parametersMax)?.price ?? 0;
}
