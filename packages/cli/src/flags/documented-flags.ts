import type { Command } from 'commander';
import type { ResourceKey } from '../contract.ts';
import { UsageError } from '../exit-codes.ts';
import { parseDuration } from './duration.ts';
import { type RawFlags, toCamelCase } from './read-flags.ts';

/** Flags of the documentation that are called otherwise than the fields they set. */
const synonyms: Partial<Record<ResourceKey, Readonly<Record<string, string>>>> = {
  users: { user: 'role' },
  deployments: { 'world-size': 'accelerator-count' },
  supervisedFineTuningJobs: { 'output-model-id': 'output-model' },
  reinforcementFineTuningJobs: {
    'model-id': 'base-model',
    'dataset-id': 'dataset',
    'reward-endpoint': 'evaluator',
  },
};

interface Refusal {
  readonly type: string;
  readonly why: string;
  /** Values that ask for what happens anyway. */
  readonly isHarmless?: (value: string) => boolean;
}

/** Flags of the documentation for what does not exist here: refused by name, rather than ignored. */
const refusals: Partial<Record<ResourceKey, Readonly<Record<string, Refusal>>>> = {
  deployments: {
    'max-peft-batch-size': {
      type: 'int32',
      why: 'requests of all addons share their batches here, without a limit of their own: leave it out',
    },
    'unused-auto-delete-duration': {
      type: 'duration',
      why:
        'deployments that may sleep are deleted after 168h without requests, others never: ' +
        'leave it out, or set --min-replica-count 1',
      isHarmless: (value) => parseDuration(value, '--unused-auto-delete-duration') === '604800s',
    },
  },
  supervisedFineTuningJobs: {
    'draft-base-model': { type: 'string', why: 'draft models are not trained here: leave it out' },
  },
};

/** Adds the documented flags that the contract's fields do not give. */
export function addDocumentedOptions(command: Command, key: ResourceKey): void {
  for (const [name, field] of Object.entries(synonyms[key] ?? {}))
    command.option(`--${name} <string>`, `the same as --${field}`);
  for (const [name, { type, why }] of Object.entries(refusals[key] ?? {}))
    command.option(`--${name} <${type}>`, `refused: ${why}`);
}

/** Flags with synonyms under the names of their fields. Throws UsageError for those that are refused. */
export function readDocumentedFlags(key: ResourceKey, flags: RawFlags): RawFlags {
  for (const [name, { why, isHarmless }] of Object.entries(refusals[key] ?? {})) {
    const value = flags[toCamelCase(name)];
    if (value !== undefined && isHarmless?.(String(value)) !== true)
      throw new UsageError(`--${name}: ${why}`);
  }
  const entries = Object.entries(synonyms[key] ?? {}).flatMap(([name, field]) => {
    const value = flags[toCamelCase(name)];
    if (value === undefined) return [];
    // A reward endpoint is the URL of an evaluator: its id is the last part.
    return [[toCamelCase(field), name === 'reward-endpoint' ? String(value).split('/').at(-1) : value]];
  });
  return { ...flags, ...Object.fromEntries(entries) };
}
