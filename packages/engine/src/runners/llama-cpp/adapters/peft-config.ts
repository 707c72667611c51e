import { AdapterError } from '../../../core/adapter-error.ts';

/** What of `adapter_config.json` decides how the matrices are applied. */
export interface PeftConfig {
  readonly rank: number;
  readonly alpha: number;
  /** alpha / sqrt(rank) instead of alpha / rank. */
  readonly rankStabilized: boolean;
  /** Ranks and alphas of single modules, by the end of their name. */
  readonly rankPattern: ReadonlyMap<string, number>;
  readonly alphaPattern: ReadonlyMap<string, number>;
  readonly baseModel: string | null;
}

/**
 * The platform's bound. The lower one for uploads (4) is the control plane's: fine-tuning makes smaller ones.
 */
export const RANK_MAX = 64;

/** The last parts of module names that an adapter may target. */
const TARGET_MODULES = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'up_proj',
  'down_proj',
  'gate_proj',
  'w1',
  'w2',
  'w3',
  'block_sparse_moe.gate',
  // Phi-3's, and the router of the Qwen models.
  'qkv_proj',
  'gate_up_proj',
  'mlp.gate',
];

/**
 * Ways of starting that change the base weights as well: without those changes the adapter means something
 * else.
 */
const RESIDUAL_INITS = ['pissa', 'olora', 'corda', 'loftq'];

/**
 * Fields that change what the adapter computes in a way that is not applied here, with the value that is
 * harmless.
 */
const REFUSED_FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  use_dora: Boolean,
  use_qalora: Boolean,
  lora_bias: Boolean,
  fan_in_fan_out: Boolean,
  bias: (value) => value !== undefined && value !== 'none',
  modules_to_save: isFilled,
  layer_replication: isFilled,
  trainable_token_indices: isFilled,
  alora_invocation_tokens: isFilled,
};

/** Reads the parsed `adapter_config.json`. Throws AdapterError naming the field and what it may be. */
export function parsePeftConfig(json: unknown): PeftConfig {
  if (typeof json !== 'object' || json === null)
    throw new AdapterError('adapter_config.json holds no object');
  const config = json as Readonly<Record<string, unknown>>;
  if (config.peft_type !== undefined && config.peft_type !== 'LORA') {
    throw new AdapterError(`adapter_config.json: peft_type must be LORA, not ${describe(config.peft_type)}`);
  }
  for (const [field, refuses] of Object.entries(REFUSED_FIELDS)) {
    if (refuses(config[field])) {
      throw new AdapterError(`adapter_config.json: ${field} = ${describe(config[field])} is not supported`);
    }
  }
  const init = String(config.init_lora_weights ?? '').toLowerCase();
  if (RESIDUAL_INITS.some((name) => init.startsWith(name))) {
    throw new AdapterError(
      `adapter_config.json: init_lora_weights = ${init} changes the base weights too; convert it to a plain LoRA when saving`,
    );
  }
  checkTargetModules(config.target_modules);
  return {
    rank: requireRank('r', config.r),
    alpha: requireAlpha('lora_alpha', config.lora_alpha),
    rankStabilized: config.use_rslora === true,
    rankPattern: parsePattern('rank_pattern', config.rank_pattern, requireRank),
    alphaPattern: parsePattern('alpha_pattern', config.alpha_pattern, requireAlpha),
    baseModel: typeof config.base_model_name_or_path === 'string' ? config.base_model_name_or_path : null,
  };
}

/** The value of a pattern for a module, by the longest key that its name ends with. */
export function lookUpPattern(pattern: ReadonlyMap<string, number>, module: string): number | undefined {
  const keys = [...pattern.keys()].filter((key) => module === key || module.endsWith(`.${key}`));
  const longest = keys.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : pattern.get(longest);
}

function checkTargetModules(targets: unknown): void {
  // A text is a regular expression over module names; what it matched shows in the tensors.
  if (typeof targets === 'string') return;
  if (!Array.isArray(targets) || targets.length === 0) {
    throw new AdapterError('adapter_config.json: target_modules must list the modules that were trained');
  }
  for (const target of targets) {
    const name = String(target);
    if (TARGET_MODULES.some((known) => name === known || name.endsWith(`.${known}`))) continue;
    throw new AdapterError(
      `adapter_config.json: the target module ${name} is not supported; supported are ${TARGET_MODULES.join(', ')}`,
    );
  }
}

function parsePattern(
  field: string,
  value: unknown,
  parse: (field: string, value: unknown) => number,
): ReadonlyMap<string, number> {
  if (value === undefined || value === null) return new Map();
  if (typeof value !== 'object') throw new AdapterError(`adapter_config.json: ${field} must be an object`);
  return new Map(
    Object.entries(value).map(([key, entry]) => {
      const plain = key.replace(/^\^/, '');
      if (!/^[\w.]+$/.test(plain)) {
        throw new AdapterError(
          `adapter_config.json: ${field} has the regular expression ${key}; only names are supported`,
        );
      }
      return [plain, parse(`${field}.${key}`, entry)];
    }),
  );
}

function requireRank(field: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= RANK_MAX) return value;
  throw new AdapterError(
    `adapter_config.json: ${field} must be a whole number from 1 to ${RANK_MAX}, not ${describe(value)}`,
  );
}

function requireAlpha(field: string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
  throw new AdapterError(`adapter_config.json: ${field} must be a number above 0, not ${describe(value)}`);
}

function isFilled(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function describe(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
