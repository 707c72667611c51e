import { setTimeout as sleep } from 'node:timers/promises';
import { startChecksum } from '../checksum.ts';
import { ConnectionError, SourceError } from '../model-unavailable-error.ts';
import { openHttpContent } from './http-content.ts';
import {
  adviseOnRepository,
  checksumOf,
  listRepository,
  resolveUrl,
  type TreeFile,
} from './list-repository.ts';

/** A repository of the hub, asked as somebody in particular. */
export interface HubRepository {
  readonly endpoint: string;
  readonly repository: string;
  readonly revision: string;
  /** A folder, one GGUF file, or empty: the top. */
  readonly path: string;
  /** Empty: what is open to all. */
  readonly token: string;
}

export interface HubFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Content from its beginning, checked at its end; a connection that breaks is taken up again. */
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/** Connections for one file without a byte between them, after which it is given up. */
const failuresMax = 4;

/** The files of a repository that a model is made of. Rejects with SourceError in words for people. */
export async function listHubFiles(from: HubRepository, signal: AbortSignal): Promise<HubFile[]> {
  const { endpoint, repository, revision, path, token } = from;
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const how = 'send it as huggingFaceSource.token';
  const hub = {
    endpoint,
    headers,
    advice: adviseOnRepository(endpoint, repository, how, token || undefined),
  };
  const isFile = path.endsWith('.gguf');
  const folder = isFile ? path.split('/').slice(0, -1).join('/') : path;
  const source = { repository, revision, folder: folder || undefined };
  const listed = await listRepository(hub, source, signal);
  const chosen = isFile ? [path.split('/').at(-1)!] : pickModelFiles([...listed.keys()]);
  return chosen.map((name) => {
    const file = listed.get(name);
    if (file === undefined) throw new SourceError(`${repository} has no ${path} at ${revision}`);
    const url = resolveUrl(endpoint, source, file.path);
    const open = (fromByte: number) => openHttpContent(url, headers, fromByte, signal, hub.advice);
    return { path: name, sizeBytes: file.size, open: async () => readWhole(file, open, signal) };
  });
}

/**
 * What of a folder makes a model: configuration, tokenizer and weights, in one form only. Repositories hold
 * the same weights several times, beside pictures and cards.
 */
export function pickModelFiles(names: readonly string[]): string[] {
  const top = names.filter((name) => !name.includes('/'));
  const described = top.filter(
    (name) =>
      /\.(?:json|jinja)$/.test(name) ||
      /^(?:tokenizer|spiece|sentencepiece.*)\.model$/.test(name) ||
      /^(?:vocab|merges)\.txt$/.test(name),
  );
  const weights = ['.safetensors', '.bin', '.gguf']
    .map((ending) =>
      top.filter((name) => name.endsWith(ending) && !/^(?:training_args|optimizer|scheduler)\./.test(name)),
    )
    .find((found) => found.length > 0);
  if (weights === undefined) return described;
  const isOf = (ending: string) => weights[0]?.endsWith(ending) === true;
  // An index belongs to the weights of its form.
  const index = (name: string) =>
    !name.endsWith('.index.json') || isOf(/\.(\w+)\.index\.json$/.exec(name)?.[1] ?? '');
  return [...described.filter(index), ...weights].sort();
}

async function* readWhole(
  file: TreeFile,
  open: (fromByte: number) => ReturnType<typeof openHttpContent>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { algorithm, hex } = checksumOf(file);
  const hash = startChecksum(algorithm, file.size);
  let [position, failures] = [0, 0];
  while (position < file.size || file.size === 0) {
    const before = position;
    try {
      const { fromByte, chunks } = await open(position);
      let skipped = position - fromByte;
      for await (const chunk of chunks) {
        const fresh = chunk.subarray(Math.min(skipped, chunk.length));
        skipped -= chunk.length - fresh.length;
        hash.update(fresh);
        position += fresh.length;
        if (fresh.length > 0) yield fresh;
      }
      if (position >= file.size) break;
      throw new ConnectionError(`${file.path} ended at ${position} of ${file.size} bytes`);
    } catch (error) {
      signal.throwIfAborted();
      failures = position > before ? 1 : failures + 1;
      const isFinal = error instanceof SourceError && !(error instanceof ConnectionError);
      if (isFinal || failures >= failuresMax) throw error;
      await sleep(250 * 2 ** failures, undefined, { signal });
    }
  }
  if (hash.digest('hex') === hex) return;
  throw new SourceError(
    `${file.path} is not what the hub lists (${algorithm} ${hex}): was it changed meanwhile?`,
  );
}
