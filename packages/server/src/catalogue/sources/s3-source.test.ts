import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeEach, expect, test, vi } from 'vitest';
import type { CatalogueEntry } from '../entry.ts';
import { fetchModel } from '../fetch-model.ts';
import { answerWithRange, makeBytes, makeFolder, serve } from '../testing-files.ts';

const content = makeBytes(200_000);

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  return () => vi.unstubAllEnvs();
});

/** Speaks as much of S3 as reading needs. `etag` is what it says of the one object. */
function serveBucket(etag: string): Promise<string> {
  const listing = `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>
    <Contents><Key>models/tiny/tiny.gguf</Key><Size>${content.length}</Size></Contents></ListBucketResult>`;
  let cuts = 1;
  return serve((request, response) => {
    const url = new URL(request.url ?? '', 'http://host');
    response.setHeader('etag', etag);
    if (url.searchParams.has('list-type')) response.end(listing);
    else if (request.method === 'HEAD') response.writeHead(200, { 'content-length': content.length }).end();
    else {
      answerWithRange(request, response, content, cuts > 0 ? 90_000 : undefined);
      cuts -= 1;
    }
  });
}

function makeEntry(endpoint: string): CatalogueEntry {
  return {
    name: 'tiny',
    displayName: 'Tiny',
    aliases: [],
    kind: 'chat',
    format: 'gguf',
    parameters: 1,
    contextTokens: 1,
    quantization: null,
    chatTemplate: null,
    supportsTools: false,
    priceClass: 'text-up-to-4b',
    licence: { name: 'MIT', url: 'https://example.com', gated: false },
    files: [{ path: 'tiny.gguf', sha256: null, sizeBytes: null }],
    sources: [{ kind: 's3', bucket: 'bucket', prefix: 'models/tiny', region: 'eu-west-1', endpoint }],
  };
}

test('an object is checked by its MD5 and continued after a cut', async () => {
  const md5 = createHash('md5').update(content).digest('hex');
  const entry = makeEntry(await serveBucket(`"${md5}"`));
  const fetched = await fetchModel(entry, { cacheFolder: makeFolder(), env: {} });
  expect(readFileSync(fetched.path)).toEqual(content);
  expect(fetched.files[0]?.checksum).toEqual({ algorithm: 'md5', hex: md5 });
});

test('an object without a checksum of its whole content is refused, with what to do', async () => {
  const entry = makeEntry(await serveBucket('"0123456789abcdef0123456789abcdef-2"'));
  await expect(fetchModel(entry, { cacheFolder: makeFolder(), env: {} })).rejects.toThrow(
    /no checksum of its whole content: upload it with --checksum-algorithm SHA256/,
  );
});
