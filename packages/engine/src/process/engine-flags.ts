import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What the engine process was started with. */
export interface EngineFlags {
  readonly runner: 'llama-cpp' | 'scripted';
  /** GGUF file; null for the scripted runner. */
  readonly modelPath: string | null;
  /** Module with a script, for the scripted runner. */
  readonly scriptPath: string | null;
  readonly name: string;
  readonly listen: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** Null: the runner's own default. */
  readonly cellsMax: number | null;
  readonly sequencesMax: number | null;
  readonly batchTokensMax: number | null;
  readonly threads: number;
  readonly gpuLayers: number | null;
  readonly backend: Backend;
  readonly cacheType: CacheType | null;
  readonly flashAttention: FlashAttention;
  /** Lay weights out anew for kernels that take many rows at once. */
  readonly repack: boolean;
  readonly pooling: Pooling | null;
  readonly embeddingTokensMax: number | null;
  readonly queueMax: number | null;
  readonly prefixCache: boolean;
  readonly speculation: boolean;
  /** GGUF file of a smaller model that guesses ahead. */
  readonly draftModelPath: string | null;
  readonly draftTokensMax: number | null;
  readonly ngramTokens: number | null;
  readonly hostCacheBytes: number | null;
  readonly chatTemplatePath: string | null;
  readonly toolFormat: string | null;
  readonly adapters: readonly { readonly id: string; readonly path: string }[];
  readonly stepTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly graceMs: number;
  readonly bodyBytesMax: number;
  readonly crashReportPath: string | null;
}

const backends = ['auto', 'cpu', 'cuda', 'vulkan', 'metal'] as const;
export type Backend = (typeof backends)[number];
const cacheTypes = ['f32', 'f16', 'bf16', 'q8_0', 'q5_1', 'q5_0', 'q4_1', 'q4_0'] as const;
export type CacheType = (typeof cacheTypes)[number];
const flashAttentions = ['auto', 'on', 'off'] as const;
export type FlashAttention = (typeof flashAttentions)[number];
const poolings = ['mean', 'cls', 'last', 'rank'] as const;
export type Pooling = (typeof poolings)[number];
const runners = ['llama-cpp', 'scripted'] as const;

/** A flag that is wrong: printed with its message, no stack. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

const string: { type: 'string' } = { type: 'string' };
const options: NonNullable<ParseArgsConfig['options']> = {
  runner: { type: 'string', default: 'llama-cpp' },
  model: string,
  script: string,
  name: string,
  socket: string,
  host: { type: 'string', default: '127.0.0.1' },
  port: string,
  cells: string,
  sequences: string,
  'batch-tokens': string,
  threads: { type: 'string', default: '1' },
  'gpu-layers': string,
  backend: { type: 'string', default: 'auto' },
  'cache-type': string,
  'flash-attention': { type: 'string', default: 'auto' },
  'no-repack': { type: 'boolean', default: false },
  pooling: string,
  'embedding-tokens': string,
  'queue-max': string,
  'no-prefix-cache': { type: 'boolean', default: false },
  'no-speculation': { type: 'boolean', default: false },
  'draft-model': string,
  'draft-tokens': string,
  'ngram-tokens': string,
  'host-cache-mb': string,
  'chat-template': string,
  'tool-format': string,
  adapter: { type: 'string', multiple: true, default: [] },
  'step-timeout-ms': { type: 'string', default: '120000' },
  'keep-alive-ms': { type: 'string', default: '10000' },
  'grace-ms': { type: 'string', default: '30000' },
  'body-mb': { type: 'string', default: '64' },
  'crash-report': string,
  help: { type: 'boolean', short: 'h', default: false },
};

/**
 * Reads the command line; null: help was asked for. Throws FlagError with what is wrong and what would be
 * right.
 */
export function parseEngineFlags(args: readonly string[]): EngineFlags | null {
  let values: Values;
  try {
    values = parseArgs({ args: joinNegatives(args), options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new FlagError(`${(error as Error).message.split('. ')[0]}; --help lists the flags`);
  }
  if (values.help === true) return null;
  const runner = readWord(values, 'runner', runners)!;
  const modelPath = readText(values, 'model');
  if (runner === 'llama-cpp' && modelPath === null)
    throw new FlagError('--model is missing: give the path of a GGUF file');
  if (runner === 'scripted' && modelPath !== null)
    throw new FlagError('--model has no use with --runner scripted; leave it out');
  if (runner !== 'scripted' && values.script !== undefined)
    throw new FlagError('--script needs --runner scripted');
  if (runner === 'scripted' && values['draft-model'] !== undefined) {
    throw new FlagError('--draft-model needs --runner llama-cpp');
  }
  if (values['draft-model'] !== undefined && values['no-speculation'] === true) {
    throw new FlagError('--draft-model and --no-speculation exclude each other; leave one out');
  }
  const name = readText(values, 'name');
  if (name === null) throw new FlagError('--name is missing: give the name that requests use for the model');
  const hostCacheMb = readCount(values, 'host-cache-mb', 0);
  return {
    runner,
    modelPath,
    scriptPath: readText(values, 'script'),
    name,
    listen: readListen(values),
    cellsMax: readCount(values, 'cells', 1),
    sequencesMax: readCount(values, 'sequences', 1),
    batchTokensMax: readCount(values, 'batch-tokens', 1),
    threads: readCount(values, 'threads', 1)!,
    gpuLayers: readCount(values, 'gpu-layers', -1),
    backend: readWord(values, 'backend', backends)!,
    cacheType: readWord(values, 'cache-type', cacheTypes),
    flashAttention: readWord(values, 'flash-attention', flashAttentions)!,
    repack: values['no-repack'] !== true,
    pooling: readWord(values, 'pooling', poolings),
    embeddingTokensMax: readCount(values, 'embedding-tokens', 1),
    queueMax: readCount(values, 'queue-max', 0),
    prefixCache: values['no-prefix-cache'] !== true,
    speculation: values['no-speculation'] !== true,
    draftModelPath: readText(values, 'draft-model'),
    draftTokensMax: readCount(values, 'draft-tokens', 0),
    ngramTokens: readCount(values, 'ngram-tokens', 1),
    hostCacheBytes: hostCacheMb === null ? null : hostCacheMb * 1024 ** 2,
    chatTemplatePath: readText(values, 'chat-template'),
    toolFormat: readText(values, 'tool-format'),
    adapters: (values.adapter as string[]).map(readAdapter),
    stepTimeoutMs: readCount(values, 'step-timeout-ms', 1)!,
    keepAliveMs: readCount(values, 'keep-alive-ms', 1)!,
    graceMs: readCount(values, 'grace-ms', 0)!,
    bodyBytesMax: readCount(values, 'body-mb', 1)! * 1024 ** 2,
    crashReportPath: readText(values, 'crash-report'),
  };
}

/** parseArgs takes `-1` for a flag of its own unless it is joined to the flag in front. */
function joinNegatives(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.at(-1) ?? '';
    if (/^-\d+$/.test(arg) && /^--[a-z-]+$/.test(last)) joined[joined.length - 1] = `${last}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

function readListen(values: Values): EngineFlags['listen'] {
  const socketPath = readText(values, 'socket');
  const port = readCount(values, 'port', 0);
  if (socketPath !== null && port !== null) throw new FlagError('give --socket or --port, not both');
  if (socketPath !== null) {
    // The kernel cuts longer paths silently on some systems and refuses them on others.
    if (Buffer.byteLength(socketPath) > 103) {
      throw new FlagError(
        `--socket is ${Buffer.byteLength(socketPath)} bytes long; a socket path has at most 103`,
      );
    }
    return { socketPath };
  }
  if (port === null)
    throw new FlagError('say where to listen: --socket <path> or --port <number> (0: any free port)');
  if (port > 65535) throw new FlagError(`--port is ${port}; ports end at 65535`);
  return { host: readText(values, 'host')!, port };
}

function readAdapter(text: string): { id: string; path: string } {
  const place = text.indexOf('=');
  if (place < 1 || place === text.length - 1)
    throw new FlagError(`--adapter is '${text}'; write it as id=path`);
  return { id: text.slice(0, place), path: text.slice(place + 1) };
}

function readText(values: Values, flag: string): string | null {
  const value = values[flag];
  if (value === undefined) return null;
  if (value === '') throw new FlagError(`--${flag} is empty`);
  return String(value);
}

function readCount(values: Values, flag: string, least: number): number | null {
  const text = readText(values, flag);
  if (text === null) return null;
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw new FlagError(`--${flag} is '${text}'; it must be a whole number of at least ${least}`);
  }
  return value;
}

function readWord<W extends string>(values: Values, flag: string, words: readonly W[]): W | null {
  const text = readText(values, flag);
  if (text === null) return null;
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw new FlagError(`--${flag} is '${text}'; choose one of ${words.join(', ')}`);
  return word;
}
