import type { Checksum } from '../checksum.ts';
import { SourceError } from '../model-unavailable-error.ts';
import { fetchFrom } from './http-content.ts';

export interface HuggingFaceRepository {
  readonly repository: string;
  readonly revision: string;
  readonly folder?: string | undefined;
}

/** Where the hub is, as whom it is asked, and what to do when that is not allowed. */
interface Hub {
  readonly endpoint: string;
  readonly headers: Record<string, string>;
  readonly advice: string;
}

/** What the tree endpoint says of one file; `lfs.oid` is a sha256, `oid` the id of a Git blob. */
export interface TreeFile {
  readonly type: string;
  readonly path: string;
  readonly size: number;
  readonly oid: string;
  readonly lfs?: { readonly oid: string; readonly size: number };
}

/** How to get the right to a repository. `how`: where the access token goes. */
export function adviseOnRepository(
  endpoint: string,
  repository: string,
  how: string,
  token: string | undefined,
): string {
  const wrong = token ? ' (the one that is set has no right to it)' : '';
  return `accept its licence at ${endpoint}/${repository}, make an access token there and ${how}${wrong}`;
}

export function checksumOf(file: TreeFile): Checksum {
  return file.lfs ? { algorithm: 'sha256', hex: file.lfs.oid } : { algorithm: 'git-blob', hex: file.oid };
}

export function resolveUrl(endpoint: string, from: HuggingFaceRepository, path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${endpoint}/${from.repository}/resolve/${encodeURIComponent(from.revision)}/${encoded}`;
}

/** All files by path below the wanted folder; follows `Link: rel="next"`. */
export async function listRepository(
  { endpoint, headers, advice }: Hub,
  from: HuggingFaceRepository,
  signal: AbortSignal,
): Promise<Map<string, TreeFile>> {
  const prefix = from.folder ? `${from.folder.replace(/\/$/, '')}/` : '';
  const listed = new Map<string, TreeFile>();
  let url: string | undefined =
    `${endpoint}/api/models/${from.repository}/tree/${encodeURIComponent(from.revision)}?recursive=true`;
  while (url !== undefined) {
    const response = await fetchFrom(url, headers, signal, advice);
    const page = (await response.json()) as TreeFile[];
    if (!Array.isArray(page)) throw new SourceError(`${url} did not answer with a list of files`);
    for (const file of page) {
      if (file.type === 'file' && file.path.startsWith(prefix))
        listed.set(file.path.slice(prefix.length), file);
    }
    url = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  }
  return listed;
}
