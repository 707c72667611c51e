import { openHttpContent } from './http-content.ts';
import {
  adviseOnRepository,
  checksumOf,
  type HuggingFaceRepository,
  listRepository,
  resolveUrl,
} from './list-repository.ts';
import { matchFiles } from './match-files.ts';
import type { ModelSource } from './source.ts';

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
      const hub = {
        endpoint,
        headers,
        advice: adviseOnRepository(endpoint, from.repository, 'set HF_TOKEN', token),
      };
      const listed = await listRepository(hub, from, context.signal);
      return matchFiles(files, listed, from.repository).map(({ path, listed: file }) => ({
        path,
        sizeBytes: file.size,
        checksum: checksumOf(file),
        content: {
          kind: 'stream',
          stage: 'downloading',
          open: (fromByte, signal) =>
            openHttpContent(resolveUrl(endpoint, from, file.path), headers, fromByte, signal, hub.advice),
        },
      }));
    },
  };
}
