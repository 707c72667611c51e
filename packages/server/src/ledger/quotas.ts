/**
 * Limits of the specification ("Rate limits, spend limits and quotas"), as data. An operator may raise what
 * an account may have of each, and the account may lower it for itself.
 */
interface QuotaRule {
  /** For everybody whom an operator gave nothing else. */
  readonly most: number;
  readonly explanation: string;
}

const later = 'enforced when this server has that API; until then its requests are a 404';

export const quotaRules = {
  'deployed-loras': {
    most: 100,
    explanation: 'LoRA addons loaded at once, over shared and own deployments',
  },
  'gpu-hours-per-month': {
    most: 2_000,
    explanation: 'hours of accelerators beyond reservations, in a month (UTC)',
  },
  'requests-per-minute': {
    most: 6_000,
    explanation: 'requests to shared deployments; more are a 429',
  },
  'tokens-per-day-under-40b': {
    most: 2_500_000_000,
    explanation: 'tokens of shared models below 40B parameters, in a day (UTC); more are a 429',
  },
  'tokens-per-day-40b-to-100b': {
    most: 1_250_000_000,
    explanation: 'tokens of shared models from 40B to 100B parameters, in a day (UTC); more are a 429',
  },
  'tokens-per-day-over-100b': {
    most: 600_000_000,
    explanation: 'tokens of shared models above 100B parameters, in a day (UTC); more are a 429',
  },
  'audio-minutes-per-minute-whisper-v3-large': { most: 200, explanation: `minutes of audio, ${later}` },
  'audio-minutes-per-minute-whisper-v3-turbo': { most: 400, explanation: `minutes of audio, ${later}` },
  'streaming-transcription-connections': { most: 10, explanation: `connections at once, ${later}` },
} as const satisfies Record<string, QuotaRule>;

export type QuotaId = keyof typeof quotaRules;
export const quotaIds = Object.keys(quotaRules) as readonly QuotaId[];

export const tokenClasses = [
  'tokens-per-day-under-40b',
  'tokens-per-day-40b-to-100b',
  'tokens-per-day-over-100b',
] as const satisfies readonly QuotaId[];
export type TokenClass = (typeof tokenClasses)[number];

/** Whose daily tokens a model uses; of unknown size (0): the smallest. */
export function findTokenClass(parameters: number): TokenClass {
  if (parameters > 100e9) return 'tokens-per-day-over-100b';
  return parameters < 40e9 ? 'tokens-per-day-under-40b' : 'tokens-per-day-40b-to-100b';
}

/** A quota as somebody set it; null: left as it was. */
export interface SetQuota {
  readonly value: number | null;
  readonly maxValue: number | null;
}

/** What counts: the account's own wish, within what it may have. */
export function planQuota(most: number, set: SetQuota | undefined): { value: number; maxValue: number } {
  const maxValue = set?.maxValue ?? most;
  return { value: Math.min(set?.value ?? maxValue, maxValue), maxValue };
}
