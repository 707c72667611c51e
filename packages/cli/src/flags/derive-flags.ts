import type { FieldSchema } from '../contract.ts';
import { toKebabCase } from '../nouns.ts';

/** How the value of a flag is read. */
export type FlagType =
  | 'string'
  | 'int64'
  | 'int32'
  | 'float'
  | 'bool'
  | 'duration'
  | 'strings'
  | 'map'
  | 'json';

/** A flag made from a field of the contract. */
export interface FieldFlag {
  /** Without the dashes. */
  readonly name: string;
  readonly type: FlagType;
  /** Where the value goes in the resource. */
  readonly path: readonly string[];
  readonly description: string;
  readonly choices: readonly string[] | null;
  readonly isRequired: boolean;
}

/** Names that the guides use, where the rule below would give another. */
const renamed: Readonly<Record<string, string>> = {
  'wandbConfig.enabled': 'wandb',
  'wandbConfig.apiKey': 'wandb-api-key',
  'wandbConfig.project': 'wandb-project',
  'wandbConfig.entity': 'wandb-entity',
  'wandbConfig.runId': 'wandb-run-id',
  'wandbConfig.url': 'wandb-url',
  'baseModelDetails.worldSize': 'world-size',
  'placement.region': 'region',
  'autoTune.longPrompt': 'long-prompt',
  'peftDetails.baseModel': 'base-model',
  isTurbo: 'turbo',
  'trainingConfig.outputModel': 'output-model',
};

/** Messages whose fields are flags of their own; others are given as JSON. */
const flattened = new Set([
  'autoscalingPolicy',
  'wandbConfig',
  'placement',
  'autoTune',
  'peftDetails',
  'baseModelDetails',
  'conversationConfig',
  'trainingConfig',
]);

/**
 * Flags of a resource for create or update: each field that callers may set then. Fields of a few nested
 * messages are flags by their own name (`--scale-up-window`); a name that is taken gets the message's in
 * front.
 */
export function deriveFlags(schema: FieldSchema, verb: 'create' | 'update'): FieldFlag[] {
  const flags = new Map<string, FieldFlag>();
  const add = (field: FieldSchema, path: readonly string[]): void => {
    if (!isSettable(field, verb)) return;
    const key = path.join('.');
    if (field.properties !== undefined && flattened.has(key)) {
      for (const [name, inner] of Object.entries(field.properties)) add(inner, [...path, name]);
      return;
    }
    const leaf = toKebabCase(path.at(-1)!);
    const name = renamed[key] ?? (flags.has(leaf) ? toKebabCase(path.join('-')) : leaf);
    flags.set(name, {
      name,
      type: flagTypeOf(field),
      path,
      description: field.description ?? '',
      choices: field.enum?.map(String).filter((word) => !word.endsWith('_UNSPECIFIED')) ?? null,
      isRequired: verb === 'create' && field['x-required'] === true && path.length === 1,
    });
  };
  for (const [name, field] of Object.entries(schema.properties ?? {})) add(field, [name]);
  return [...flags.values()];
}

function isSettable(field: FieldSchema, verb: 'create' | 'update'): boolean {
  const access = field['x-access'];
  return access !== 'output' && !(verb === 'update' && access === 'create');
}

function flagTypeOf(field: FieldSchema): FlagType {
  if (field.format === 'google-duration') return 'duration';
  if (field.format === 'int64') return 'int64';
  switch (field.type) {
    case 'integer':
      return 'int32';
    case 'number':
      return 'float';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'array':
      return field.items?.type === 'string' ? 'strings' : 'json';
    default:
      return field.patternProperties === undefined ? 'json' : 'map';
  }
}
