import { type FieldSchema, type ResourceKey, resources } from './contract.ts';

/** A resource as people type it. */
export interface Noun {
  readonly key: ResourceKey;
  /** `deployed-model` */
  readonly singular: string;
  readonly plural: string;
  /** Further spellings of either. */
  readonly aliases: readonly string[];
}

/** Names that the guides use besides the resource's own. */
const aliases: Partial<Record<ResourceKey, readonly string[]>> = {
  supervisedFineTuningJobs: ['sftj', 'fine-tuning-job', 'fine-tuning-jobs', 'sft-job', 'sft-jobs'],
  reinforcementFineTuningJobs: ['rl-job', 'rl-jobs', 'rftj'],
  apiKeys: ['api_key'],
  peftMergeJobs: ['merge-job', 'merge-jobs'],
};

/** Resources that are only reached through another command (`api-key --user`). */
const hidden = new Set<ResourceKey>(['userApiKeys']);

/** Every noun, in the order of the contract: a resource added there has its verbs here. */
export const nouns: readonly Noun[] = (Object.keys(resources) as ResourceKey[])
  .filter((key) => !hidden.has(key))
  .map((key) => ({
    key,
    singular: toKebabCase(resources[key].noun),
    plural: toKebabCase(key),
    aliases: aliases[key] ?? [],
  }));

/** `deployed-model` of `deployedModel`. */
export function toKebabCase(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

/** `deployed model` of `deployed-model`. */
export function spell(name: string): string {
  return name.replaceAll('-', ' ');
}

/** The fields of a resource. */
export function schemaOf(key: ResourceKey): FieldSchema {
  return resources[key].schema;
}
