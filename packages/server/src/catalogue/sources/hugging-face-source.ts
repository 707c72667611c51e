import type { Checksum } from '../checksum.ts';
import { SourceError } from '../model-unavailable-error.ts';
import { fetchFrom, openHttpContent } from './http-content.ts';
import { matchFiles } from './match-files.ts';
import type { ModelSource, SourceContext } from './source.ts';

export interface HuggingFaceRepository {
  readonly repository: string;
  readonly revision: string;
  readonly folder?: string | undefined;
}

/** What the tree endpoint says of one file; `lfs.oid` is a sha256, `oid` the id of a Git blob. */
interface TreeFile {
  readonly type: string;
  readonly path: string;
  readonly size: number;
  readonly oid: string;
  readonly lfs?: { readonly oid: string; readonly size: number };
}

/**
 * A model repository on Hugging Face, or on a mirror that speaks the same API (HF_ENDPOINT). Every file has a
 * checksum there: sha256 for large files, the Git blob id for the rest. HF_TOKEN opens gated and private
 * ones.
 */
export function createHuggingFaceSource(from: HuggingFaceRepository): ModelSource {
  return {
    description: `Hugging Face repository ${from.repository}`,
    async offer(files, context) {
      const endpoint = (context.env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/$/, '');
      const token = context.env.HF_TOKEN;
      const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
      const advice =
        `accept its licence at ${endpoint}/${from.repository}, make an access token there ` +
        `and set HF_TOKEN${token ? ' (the one that is set has no right to it)' : ''}`;
      const listed = await listTree(endpoint, from, headers, advice, context);
      return matchFiles(files, listed, from.repository).map(({ path, listed: file }) => ({
        path,
        sizeBytes: file.size,
        checksum: checksumOf(file),
        content: {
          kind: 'stream',
          stage: 'downloading',
          open: (fromByte, signal) =>
            openHttpContent(resolveUrl(endpoint, from, file.path), headers, fromByte, signal, advice),
        },
      }));
    },
  };
}

function checksumOf(file: TreeFile): Checksum {
  return file.lfs ? { algorithm: 'sha256', hex: file.lfs.oid } : { algorithm: 'git-blob', hex: file.oid };
}

function resolveUrl(endpoint: string, from: HuggingFaceRepository, path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${endpoint}/${from.repository}/resolve/${encodeURIComponent(from.revision)}/${encoded}`;
}

/** All files by path below the wanted folder; follows `Link: rel="next"`. */
async function listTree(
  endpoint: string,
  from: HuggingFaceRepository,
  headers: Record<string, string>,
  advice: string,
  { signal }: SourceContext,
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
