import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyCheckpoint, writeTinyModel, writeTinyPeftFolder } from '@sparkler/llama';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlPlane, type Reply, startControlPlane } from './start-control-plane.ts';

let plane: ControlPlane;
let folder: string;
const at = (name: string) => join(folder, name);
const call: ControlPlane['call'] = (...parameters) => plane.call(...parameters);
const models = '/v1/accounts/acme/models';

beforeAll(async () => {
  plane = await startControlPlane();
  folder = await mkdtemp(join(tmpdir(), 'sparkler-uploads-'));
  await writeTinyCheckpoint(at('llama'));
  await writeTinyModel(at('tiny.gguf'));
  await writeTinyPeftFolder(at('adapter'));
});
afterAll(async () => {
  await plane.close();
  await rm(folder, { recursive: true });
});

/** What `firectl create model` does with a folder; `change` replaces or (null) leaves out files. */
async function upload(
  id: string,
  source: string,
  model: object = {},
  change: Readonly<Record<string, string | null>> = {},
): Promise<Reply> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(source)) files.set(name, await readFile(join(source, name)));
  for (const [name, text] of Object.entries(change)) {
    if (text === null) files.delete(name);
    else files.set(name, Buffer.from(text));
  }
  const made = await call('POST', models, { modelId: id, model });
  expect(made.status).toBe(200);
  const filenameToSize = Object.fromEntries([...files].map(([name, data]) => [name, String(data.length)]));
  const { body } = await call('POST', `${models}/${id}:getUploadEndpoint`, { filenameToSize });
  for (const [name, data] of files) {
    const response = await put(body.filenameToSignedUrls[name], data, {
      'content-type': 'application/octet-stream',
      'x-goog-content-length-range': `${data.length},${data.length}`,
    });
    expect(response.status).toBe(200);
  }
  return call('GET', `${models}/${id}:validateUpload`);
}

function put(url: string, data: Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'PUT', body: Buffer.from(data), headers });
}

const changed = async (file: string, change: (json: Record<string, unknown>) => unknown) => {
  const json = JSON.parse(await readFile(file, 'utf8'));
  change(json);
  return JSON.stringify(json);
};

describe('a base model in Hugging Face form', () => {
  test('is ready when its files are right, and says what it is', async () => {
    const { status, body } = await upload('llama', at('llama'));
    expect({ status, body }).toMatchObject({ status: 200, body: { warnings: [] } });
    const model = (await call('GET', `${models}/llama`)).body;
    expect(model).toMatchObject({
      state: 'READY',
      status: { code: 'OK' },
      kind: 'HF_BASE_MODEL',
      contextLength: 512,
      precisions: ['FP16'],
      baseModelDetails: { checkpointFormat: 'HUGGINGFACE', modelType: 'llama', worldSize: 1, moe: false },
    });
    expect(Number(model.baseModelDetails.parameterCount)).toBeGreaterThan(50_000);
    expect((await call('GET', `${models}/llama:validateUpload`)).body).toEqual({ warnings: [] });
  });

  test('can be downloaded again, whole and in part', async () => {
    const { body } = await call('GET', `${models}/llama:getDownloadEndpoint`);
    const url = body.filenameToSignedUrls['config.json'];
    const original = await readFile(at('llama/config.json'), 'utf8');
    expect(await (await fetch(url)).text()).toBe(original);
    const part = await fetch(url, { headers: { range: 'bytes=2-5' } });
    expect(part.status).toBe(206);
    expect(await part.text()).toBe(original.slice(2, 6));
  });

  test('takes no more files once it is ready', async () => {
    const again = await call('POST', `${models}/llama:getUploadEndpoint`, { filenameToSize: { a: '1' } });
    expect(again).toMatchObject({ status: 400, body: { code: 9 } });
  });

  const cases: [string, Record<string, (folder: string) => Promise<string | null>>, string, RegExp][] = [
    ['without config.json', { 'config.json': async () => null }, 'config.json', /is missing/],
    ['without a tokenizer', { 'tokenizer.json': async () => null }, 'tokenizer.json', /is missing/],
    ['without weights', { 'model.safetensors': async () => null }, 'model.safetensors', /is missing/],
    [
      'that is quantized',
      {
        'config.json': (source) =>
          changed(join(source, 'config.json'), (json) => {
            json.quantization_config = { quant_method: 'gptq' };
          }),
      },
      '',
      /quantized already \(gptq\)/,
    ],
    [
      'of an unknown architecture',
      {
        'config.json': (source) =>
          changed(join(source, 'config.json'), (json) => {
            json.architectures = ['NovelForCausalLM'];
          }),
      },
      '',
      /NovelForCausalLM/,
    ],
    [
      'whose config does not fit the weights',
      {
        'config.json': (source) =>
          changed(join(source, 'config.json'), (json) => {
            json.intermediate_size = 160;
          }),
      },
      '',
      /shape \[96,64\], and the configuration says \[160,64\]/,
    ],
    [
      'with a symbolic link in place of weights',
      { 'model.safetensors': async () => `../../blobs/${'a'.repeat(64)}` },
      'model.safetensors',
      /symbolic link/,
    ],
    [
      'with a Git LFS card in place of weights',
      { 'model.safetensors': async () => 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n' },
      'model.safetensors',
      /Git LFS/,
    ],
    ['with broken weights', { 'model.safetensors': async () => 'x'.repeat(64) }, 'model.safetensors', /./],
    ['with a config.json that is none', { 'config.json': async () => '{' }, 'config.json', /not JSON/],
    [
      'whose index names a file that was not sent',
      {
        'model.safetensors.index.json': async () =>
          JSON.stringify({ weight_map: { x: 'model-00001-of-00002.safetensors' } }),
      },
      'model-00001-of-00002.safetensors',
      /was not uploaded/,
    ],
  ];
  test.each(cases)('%s is refused, naming the file and what to do', async (title, changes, file, message) => {
    const id = `bad-${title
      .replaceAll(/[^a-z]+/gi, '-')
      .toLowerCase()
      .slice(0, 40)}x`;
    const change: Record<string, string | null> = {};
    for (const [name, make] of Object.entries(changes)) change[name] = await make(at('llama'));
    const { status, body } = await upload(id, at('llama'), {}, change);
    expect(status).toBe(400);
    expect(body.message).toMatch(message);
    if (file !== '') expect(body.details[0].fieldViolations[0].field).toBe(file);
    expect(body.message).not.toContain(plane.database.folder);
    const model = (await call('GET', `${models}/${id}`)).body;
    expect(model).toMatchObject({ state: 'UPLOADING', status: { code: 'INVALID_ARGUMENT' } });
    expect(model.status.message).toMatch(message);
  });

  test('that was refused is mended by sending the file again', async () => {
    expect((await upload('mended', at('llama'), {}, { 'config.json': '{}' })).status).toBe(400);
    const data = await readFile(at('llama/config.json'));
    const filenameToSize = { 'config.json': String(data.length) };
    const { body } = await call('POST', `${models}/mended:getUploadEndpoint`, { filenameToSize });
    expect((await put(body.filenameToSignedUrls['config.json'], data)).status).toBe(200);
    expect((await call('GET', `${models}/mended:validateUpload`)).status).toBe(200);
  });
});

test('a GGUF file is a model as well', async () => {
  const source = at('gguf');
  await mkdir(source);
  await writeFile(join(source, 'tiny.gguf'), await readFile(at('tiny.gguf')));
  expect((await upload('gguf', source)).body).toEqual({ warnings: [] });
  expect((await call('GET', `${models}/gguf`)).body).toMatchObject({
    state: 'READY',
    baseModelDetails: { checkpointFormat: 'NATIVE' },
  });
});

describe('a LoRA addon', () => {
  const peftDetails = { baseModel: 'gguf', r: 4, targetModules: ['q_proj'] };

  test('is checked against its base model, and its files decide', async () => {
    const { status, body } = await upload('addon', at('adapter'), { peftDetails });
    expect(status).toBe(200);
    expect(body.warnings).toEqual([expect.stringContaining('targetModules were q_proj')]);
    expect((await call('GET', `${models}/addon`)).body).toMatchObject({
      state: 'READY',
      kind: 'HF_PEFT_ADDON',
      peftDetails: { baseModel: `accounts/acme/models/gguf`, r: 4, baseModelType: 'llama' },
      contextLength: 2048,
    });
  });

  test('for another model is refused with both shapes', async () => {
    const { status, body } = await upload('stray', at('adapter'), {
      peftDetails: { ...peftDetails, baseModel: 'llama' },
    });
    expect(status).toBe(400);
    expect(body.message).toMatch(/Invalid LoRA weight .* shape: torch.Size\(\[\d+, \d+\]\), expected/);
  });

  const config = (change: (json: Record<string, unknown>) => unknown) =>
    changed(at('adapter/adapter_config.json'), change);
  test.each([
    [
      'a rank below 4',
      (json: Record<string, unknown>) => Object.assign(json, { r: 2 }),
      /r must be a whole number from 4 to 64/,
    ],
    ['a rank above 64', (json: Record<string, unknown>) => Object.assign(json, { r: 128 }), /r must be/],
    [
      'an unknown module',
      (json: Record<string, unknown>) => Object.assign(json, { target_modules: ['lm_head'] }),
      /lm_head is not supported/,
    ],
  ])('with %s is refused', async (title, change, message) => {
    const id = title.replaceAll(' ', '-');
    const { status, body } = await upload(
      id,
      at('adapter'),
      { peftDetails },
      { 'adapter_config.json': await config(change) },
    );
    expect(status).toBe(400);
    expect(body.message).toMatch(message);
  });

  test('brings its chat template in fireworks.json', async () => {
    const fireworks = JSON.stringify({
      conversation_config: { style: 'jinja', args: { template: '{{ x }}' } },
    });
    await upload('chatty', at('adapter'), { peftDetails }, { 'fireworks.json': fireworks });
    const { body } = await call('GET', `${models}/chatty`);
    expect(body.conversationConfig).toEqual({ style: 'jinja', system: '', template: '{{ x }}' });
  });
});

describe('an upload', () => {
  async function begin(id: string, size: number): Promise<string> {
    await call('POST', models, { modelId: id, model: {} });
    const filenameToSize = { 'file.bin': String(size) };
    const asked = { filenameToSize, enableResumableUpload: true };
    const { body } = await call('POST', `${models}/${id}:getUploadEndpoint`, asked);
    return body.filenameToSignedUrls['file.bin'];
  }
  const range = (from: number, to: number, total: number) => ({
    'content-range': `bytes ${from}-${to}/${total}`,
  });

  test('goes on where it broke off', async () => {
    const url = await begin('resumed', 10);
    const first = await put(url, Buffer.from('01234'), range(0, 4, 10));
    expect(first.status).toBe(308);
    expect(first.headers.get('range')).toBe('bytes=0-4');
    const gap = await put(url, Buffer.from('89'), range(8, 9, 10));
    expect(gap.status).toBe(409);
    const asked = await put(url, Buffer.alloc(0), { 'content-range': 'bytes */10' });
    expect(asked.status).toBe(308);
    expect(asked.headers.get('range')).toBe('bytes=0-4');
    const incomplete = await call('GET', `${models}/resumed:validateUpload`);
    expect(incomplete.body.message).toContain('file.bin has 5 of 10 bytes');
    expect((await put(url, Buffer.from('56789'), range(5, 9, 10))).status).toBe(200);
    expect((await put(url, Buffer.alloc(0), { 'content-range': 'bytes */10' })).status).toBe(200);
  });

  test.each([
    ['fewer bytes', 'abc', {}],
    ['more bytes', 'abcdefgh', {}],
    ['another range', 'abcde', { 'x-goog-content-length-range': '0,3' }],
    ['a wrong total', 'abcde', { 'content-range': 'bytes 0-4/9' }],
  ])('of %s than announced is refused and leaves nothing', async (title, text, headers) => {
    const id = title.replaceAll(' ', '-');
    const url = await begin(id, 5);
    expect((await put(url, Buffer.from(text), headers)).status).toBe(400);
    const { body } = await call('GET', `${models}/${id}:validateUpload`);
    expect(body.message).toContain('was not uploaded');
  });

  test('needs its URL unchanged and in time', async () => {
    const url = await begin('signed', 5);
    const send = (changedUrl: string) => put(changedUrl, Buffer.from('abcde'));
    expect((await send(url.replace('size=5', 'size=6'))).status).toBe(403);
    expect((await send(url.replace('file.bin', 'other.bin'))).status).toBe(403);
    expect((await send(url.replace(/expires=\d+/, 'expires=99999999999'))).status).toBe(403);
    expect((await send(url.replace(/signature=[^&]+/, ''))).status).toBe(403);
    expect((await fetch(url)).status).toBe(403);
    expect((await send(url)).status).toBe(200);
  });

  test.each(['../x', '/etc/passwd', 'a\\b', 'a//b', ''])('of a file called %j is refused', async (name) => {
    await call('POST', models, { modelId: 'names', model: {} });
    const { status, body } = await call('POST', `${models}/names:getUploadEndpoint`, {
      filenameToSize: { [name]: '1' },
    });
    expect(status).toBe(400);
    expect(body.details[0].fieldViolations[0].field).toBe('filenameToSize');
  });

  test('is nobody else’s', async () => {
    await begin('mine', 5);
    const key = await plane.makeUser('other', 'olga', 'admin');
    const asked = await call(
      'POST',
      `${models}/mine:getUploadEndpoint`,
      { filenameToSize: { a: '1' } },
      { key },
    );
    expect(asked.status).toBe(403);
  });
});
