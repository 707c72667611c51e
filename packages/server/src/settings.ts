import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { defaultGatewaySettings } from './http/context.ts';
import { gatewaySettingsProperties } from './settings-gateway.ts';
import { trainerSettingsProperties } from './settings-trainer.ts';

/** Parts of the platform that one server process can run. */
export type ServerRole = 'api' | 'gateway' | 'reconciler';

const home = homedir();

/**
 * Every setting of the server, once: type, bounds, default, variable name and the sentence that --help and
 * the docs show. Anything that reads settings (environment, config file, flags, help) walks this value.
 */
export const settingsSchema = Type.Object({
  dataFolder: Type.String({
    env: 'SPARKLER_DATA',
    minLength: 1,
    default: join(home, '.sparkler'),
    defaultText: '~/.sparkler',
    description: 'Folder of the database, keys and logs. One server at a time.',
  }),
  cacheFolder: Type.String({
    env: 'SPARKLER_CACHE',
    minLength: 1,
    default: join(home, '.cache', 'sparkler'),
    defaultText: '~/.cache/sparkler',
    description: 'Folder of downloaded models; safe to share and to delete.',
  }),
  modelsFolder: Type.String({
    env: 'SPARKLER_MODELS',
    default: '',
    defaultText: '',
    description: "Folder of the operator's own model files, tried before any other source.",
  }),
  catalogueFile: Type.String({
    env: 'SPARKLER_CATALOGUE',
    default: '',
    defaultText: '',
    description: 'JSON file of further catalogue entries; they replace built-in ones of the same name.',
  }),
  remoteEnginesFile: Type.String({
    env: 'SPARKLER_REMOTE_ENGINES',
    default: '',
    defaultText: '',
    description: 'JSON file of servers elsewhere that serve catalogue models: docs/remote-engines.md.',
  }),
  blobs: Type.String({
    env: 'SPARKLER_BLOBS',
    default: '',
    defaultText: 'blobs in the data folder',
    description: 'Where uploaded models and datasets lie: a folder, or s3://bucket/prefix.',
  }),
  blobsRegion: Type.String({
    env: 'SPARKLER_BLOBS_REGION',
    default: '',
    description: 'Region of the S3 bucket; the one of the AWS profile unless given.',
  }),
  blobsEndpoint: Type.String({
    env: 'SPARKLER_BLOBS_ENDPOINT',
    pattern: '^(|https?://.+)$',
    default: '',
    description: "URL of an S3 server other than Amazon's.",
  }),
  importEndpoint: Type.String({
    env: 'SPARKLER_IMPORT_ENDPOINT',
    pattern: '^(|https?://.+)$',
    default: '',
    description: "URL of an S3 server other than Amazon's that models and datasets are imported from.",
  }),
  allowPrivateUrls: Type.Boolean({
    env: 'SPARKLER_ALLOW_PRIVATE_URLS',
    default: false,
    description: 'Let datasets be fetched (externalUrl) from private networks and this machine too.',
  }),
  hubEndpoint: Type.String({
    env: 'HF_ENDPOINT',
    pattern: '^https?://.+$',
    default: 'https://huggingface.co',
    description: 'Hugging Face, or a mirror that speaks its API: where models are fetched and imported from.',
  }),
  keyFile: Type.String({
    env: 'SPARKLER_KEY_FILE',
    default: '',
    defaultText: 'master-key in the data folder',
    description: 'File of the key that files of accounts are encrypted under; the same on all servers.',
  }),
  keyCommand: Type.String({
    env: 'SPARKLER_KEY_COMMAND',
    default: '',
    description:
      'Shell command that prints this key (32 bytes, base64), from a key service; instead of a file.',
  }),
  databaseUrl: Type.String({
    env: 'DATABASE_URL',
    pattern: '^(|postgres(ql)?://.+)$',
    default: '',
    defaultText: 'own embedded Postgres',
    description: 'postgres://… of a database server to use instead of the embedded one.',
  }),
  wandbUrl: Type.String({
    env: 'WANDB_BASE_URL',
    pattern: '^https?://.+$',
    default: 'https://api.wandb.ai',
    description: 'Weights & Biases server that fine-tuning jobs report to, when they ask for it.',
  }),
  host: Type.String({
    env: 'SPARKLER_HOST',
    minLength: 1,
    default: '127.0.0.1',
    description: 'Address to listen on. Other than loopback needs SPARKLER_ALLOW_REMOTE.',
  }),
  port: Type.Integer({
    env: 'SPARKLER_PORT',
    minimum: 0,
    maximum: 65_535,
    default: 8080,
    description: 'Port to listen on; 0 takes any free one.',
  }),
  allowRemote: Type.Boolean({
    env: 'SPARKLER_ALLOW_REMOTE',
    default: false,
    description: 'Allow a host that other machines can reach. Put TLS in front of it.',
  }),
  signIn: Type.Union([Type.Literal('loopback'), Type.Literal('anywhere'), Type.Literal('off')], {
    env: 'SPARKLER_SIGN_IN',
    default: defaultGatewaySettings.signIn,
    description:
      'Who may sign in with a browser: loopback (this machine), anywhere (by SPARKLER_PUBLIC_URL), off.',
  }),
  publicUrl: Type.String({
    env: 'SPARKLER_PUBLIC_URL',
    pattern: '^(|https://[^/?#@]+)$',
    default: defaultGatewaySettings.publicUrl,
    description:
      'https://… that browsers elsewhere reach this server by; something in front of it speaks TLS.',
  }),
  identityProviders: Type.Array(Type.String({ minLength: 1 }), {
    env: 'SPARKLER_IDENTITY_PROVIDERS',
    uniqueItems: true,
    default: [],
    description:
      'Who else says who people are, beside one-time links; none is built in yet: docs/security.md.',
  }),
  roles: Type.Array(Type.Union([Type.Literal('api'), Type.Literal('gateway'), Type.Literal('reconciler')]), {
    env: 'SPARKLER_ROLES',
    minItems: 1,
    uniqueItems: true,
    default: ['api', 'gateway', 'reconciler'] satisfies ServerRole[],
    description: 'Parts to run in this process: api, gateway, reconciler.',
  }),
  payments: Type.String({
    env: 'SPARKLER_PAYMENTS',
    default: 'manual',
    description: 'Who collects the money of invoices: manual (an operator records what came).',
  }),
  account: Type.String({
    env: 'SPARKLER_ACCOUNT',
    pattern: '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$',
    default: 'local',
    description: 'Id of the first account, made at the first start.',
  }),
  providerAccount: Type.String({
    env: 'SPARKLER_PROVIDER_ACCOUNT',
    pattern: '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$',
    default: 'fireworks',
    description: 'Id of the account that owns the catalogue; its models answer to short names.',
  }),
  fleet: Type.String({
    env: 'SPARKLER_FLEET',
    default: '',
    description:
      "Simulated regions and accelerators: a JSON file, or 'documented'. Needs the scripted runner; empty: this host.",
  }),
  directDomain: Type.String({
    env: 'SPARKLER_DIRECT_DOMAIN',
    pattern: '^[a-z0-9]([a-z0-9.-]{0,180}[a-z0-9])?$',
    default: 'localhost',
    description: 'Domain of direct routes: <account>-<deployment>.<region>.direct.<domain>.',
  }),
  model: Type.String({
    env: 'SPARKLER_MODEL',
    default: 'smollm2-135m-instruct',
    description: 'Catalogue model that is deployed at the start, unless it is already; empty for none.',
  }),
  runner: Type.Union([Type.Literal('llama-cpp'), Type.Literal('scripted')], {
    env: 'SPARKLER_RUNNER',
    default: 'llama-cpp',
    description: 'What engine replicas run: llama-cpp, or scripted (deterministic, no model; for tests).',
  }),
  engineThreads: Type.Integer({
    env: 'SPARKLER_ENGINE_THREADS',
    minimum: 1,
    maximum: 1024,
    // One core stays free: the gateway and Postgres share the machine with the engine.
    default: Math.max(1, availableParallelism() - 1),
    defaultText: 'cores - 1, at least 1',
    description: 'Threads that one engine replica computes with.',
  }),
  engineSequences: Type.Integer({
    env: 'SPARKLER_ENGINE_SEQUENCES',
    minimum: 1,
    maximum: 256,
    default: 16,
    description: 'Sequences one replica can hold at once.',
  }),
  engineCells: Type.Integer({
    env: 'SPARKLER_ENGINE_CELLS',
    minimum: 256,
    maximum: 16_777_216,
    // As many as the default model's context: 190 MB of cache for it; larger models and loads want more.
    default: 8_192,
    description: 'KV cells (tokens) one replica holds, shared by its sequences.',
  }),
  engineBatchTokens: Type.Integer({
    env: 'SPARKLER_ENGINE_BATCH_TOKENS',
    minimum: 16,
    maximum: 65_536,
    default: 512,
    description: 'Tokens one forward pass may carry.',
  }),
  engineMemoryMb: Type.Integer({
    env: 'SPARKLER_ENGINE_MEMORY_MB',
    minimum: 0,
    default: 0,
    defaultText: 'what the machine has free',
    description: 'Memory, in millions of bytes, that all engine replicas may take together; 0: what is free.',
  }),
  replicaStartTimeoutMs: Type.Integer({
    env: 'SPARKLER_REPLICA_START_TIMEOUT_MS',
    minimum: 1_000,
    // Reading a 40 GB model from a cold disk at 200 MB/s takes 200 s.
    default: 600_000,
    description: 'Time an engine replica has from launch to ready.',
  }),
  replicaHealthTimeoutMs: Type.Integer({
    env: 'SPARKLER_REPLICA_HEALTH_TIMEOUT_MS',
    minimum: 1_000,
    default: 15_000,
    description: 'Silence of a replica after which it is killed and replaced.',
  }),
  replicaDrainTimeoutMs: Type.Integer({
    env: 'SPARKLER_REPLICA_DRAIN_TIMEOUT_MS',
    minimum: 0,
    default: 60_000,
    description: 'Time a replica has to finish its requests when it is scaled away.',
  }),
  gatewayGoneAfterMs: Type.Integer({
    env: 'SPARKLER_GATEWAY_GONE_AFTER_MS',
    minimum: 60_000,
    // Longer than machines take to start again; engines remember their latest requests for about as long.
    default: 600_000,
    description: 'Silence of a gateway after which others settle its requests and lend its budgets again.',
  }),
  stopTimeoutMs: Type.Integer({
    env: 'SPARKLER_STOP_TIMEOUT_MS',
    minimum: 0,
    default: 10_000,
    description: 'Time requests in flight have to finish when the server stops.',
  }),
  logLevel: Type.Union(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => Type.Literal(level)),
    { env: 'SPARKLER_LOG_LEVEL', default: 'info', description: 'Least important level that is logged.' },
  ),
  excludeStop: Type.Boolean({
    env: 'SPARKLER_EXCLUDE_STOP',
    default: defaultGatewaySettings.excludeStop,
    description: 'Leave the stop string out of answers, as OpenAI does. Accounts may choose for themselves.',
  }),
  ...trainerSettingsProperties,
  ...gatewaySettingsProperties,
});

export type Settings = Readonly<Static<typeof settingsSchema>>;
export type SettingName = keyof Settings;

/** What a property of the schema says of itself beyond its type. */
export interface SettingDefinition {
  readonly name: SettingName;
  readonly env: string;
  /** `--port` for SPARKLER_PORT. */
  readonly flag: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'array';
  readonly defaultValue: unknown;
  readonly defaultText: string;
  readonly description: string;
  /** Gateway limits and timeouts: documented, left out of the short --help. */
  readonly advanced: boolean;
  readonly schema: object;
}

/** The settings in schema order. */
export const settingDefinitions: readonly SettingDefinition[] = Object.entries(settingsSchema.properties).map(
  ([name, schema]) => defineSetting(name as SettingName, schema as unknown as Record<string, unknown>),
);

function defineSetting(name: SettingName, schema: Record<string, unknown>): SettingDefinition {
  const env = String(schema.env);
  const defaultValue = schema.default;
  return {
    name,
    env,
    flag: `--${env
      .replace(/^SPARKLER_/, '')
      .toLowerCase()
      .replaceAll('_', '-')}`,
    // Unions of literals (runner, logLevel) have no `type` of their own; all of them are strings.
    type: (schema.type ?? 'string') as SettingDefinition['type'],
    defaultValue,
    defaultText: String(
      schema.defaultText ?? (Array.isArray(defaultValue) ? defaultValue.join(',') : defaultValue),
    ),
    description: String(schema.description),
    advanced: schema.advanced === true,
    schema,
  };
}

/** One line a setting, for --help and the docs: variable, flag, default, sentence. */
export function describeSettings(options: { advanced: boolean }): string {
  const shown = settingDefinitions.filter((definition) => options.advanced || !definition.advanced);
  const width = Math.max(...shown.map((definition) => definition.env.length));
  return shown
    .map(({ env, flag, defaultText, description }) => {
      const shownDefault = defaultText === '' ? 'none' : defaultText;
      return `  ${env.padEnd(width)}  ${description}\n  ${''.padEnd(width)}  (${flag}; default: ${shownDefault})`;
    })
    .join('\n');
}
