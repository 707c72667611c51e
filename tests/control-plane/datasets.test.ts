import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlPlane, type Reply, startControlPlane } from './start-control-plane.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane.close());

const call: ControlPlane['call'] = (...parameters) => plane.call(...parameters);
const datasets = '/v1/accounts/acme/datasets';
const make = (datasetId: string, dataset: object = { userUploaded: {} }) =>
  call('POST', datasets, { datasetId, dataset });
const chat = (question: string, answer = 'yes') => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
});
const jsonl = (...lines: readonly unknown[]) =>
  lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
const good = jsonl(chat('a'), chat('b'), chat('c'));

async function send(id: string, text: string, filename = 'train.jsonl'): Promise<Reply> {
  const form = new FormData();
  form.append('file', new Blob([text]), filename);
  const headers = { authorization: `Bearer ${plane.adminKey}` };
  const url = `${plane.baseUrl}${datasets}/${id}:upload`;
  const response = await fetch(url, { method: 'POST', body: form, headers });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

describe('a dataset', () => {
  test('is made, filled in one request and then ready for good, as the guide does it', async () => {
    const made = await make('trader-poe-sample-data');
    expect(made.body).toMatchObject({
      name: 'accounts/acme/datasets/trader-poe-sample-data',
      state: 'UPLOADING',
      userUploaded: {},
      exampleCount: '0',
    });
    const sent = await send('trader-poe-sample-data', `${good}\n`);
    expect(sent).toMatchObject({
      status: 200,
      body: {
        id: 'accounts/acme/datasets/trader-poe-sample-data',
        object: 'file',
        filename: 'train.jsonl',
        bytes: good.length + 1,
      },
    });
    const { body } = await call('GET', `${datasets}/trader-poe-sample-data`);
    expect(body).toMatchObject({ state: 'READY', format: 'CHAT', exampleCount: '3', averageTurnCount: 2 });
    expect((await send('trader-poe-sample-data', good)).body).toMatchObject({ code: 9 });
    const { filenameToSignedUrls } = (
      await call('GET', `${datasets}/trader-poe-sample-data:getDownloadEndpoint`)
    ).body;
    const url = filenameToSignedUrls['dataset/trader-poe-sample-data/train.jsonl'];
    expect(await (await fetch(url)).text()).toBe(`${good}\n`);
  });

  test('is filled through URLs, from several files', async () => {
    await make('parts');
    const parts = { 'a.jsonl': good, 'b.jsonl': jsonl(chat('d')) };
    const filenameToSize = Object.fromEntries(
      Object.entries(parts).map(([name, text]) => [name, String(text.length)]),
    );
    const { body } = await call('POST', `${datasets}/parts:getUploadEndpoint`, { filenameToSize });
    await fetch(body.filenameToSignedUrls['a.jsonl'], { method: 'PUT', body: parts['a.jsonl'] });
    const early = await call('POST', `${datasets}/parts:validateUpload`, {});
    expect(early).toMatchObject({ status: 400, body: { message: 'b.jsonl was not uploaded' } });
    await fetch(body.filenameToSignedUrls['b.jsonl'], { method: 'PUT', body: parts['b.jsonl'] });
    expect((await call('POST', `${datasets}/parts:validateUpload`, {})).body).toEqual({});
    expect((await call('GET', `${datasets}/parts`)).body).toMatchObject({
      state: 'READY',
      exampleCount: '4',
    });
    const late = await fetch(body.filenameToSignedUrls['b.jsonl'], { method: 'PUT', body: parts['b.jsonl'] });
    expect(late.status).toBe(400);
  });

  test.each([
    ['two lines', jsonl(chat('a'), chat('b')), 'has 2 examples; at least 3 are needed'],
    ['nothing', '', 'has 0 examples'],
    ['no JSON', jsonl(chat('a'), '{"messages": [', chat('c')), 'train.jsonl, line 2: is not JSON'],
    ['a list', jsonl(chat('a'), '[1]', chat('c')), 'line 2: is not a JSON object'],
    ['no messages', jsonl(chat('a'), {}, chat('c')), 'line 2: has neither "messages" nor "prompt"'],
    [
      'a wrong role',
      jsonl(chat('a'), chat('b'), { messages: [{ role: 'robot', content: 'x' }] }),
      'line 3: messages[0].role is "robot"',
    ],
    [
      'a late system message',
      jsonl(chat('a'), { messages: [...chat('b').messages, { role: 'system', content: 'x' }] }, chat('c')),
      'line 2: messages[2]: a system message can only come first',
    ],
    [
      'no content',
      jsonl(chat('a'), { messages: [{ role: 'user' }] }, chat('c')),
      'line 2: messages[0].content is missing',
    ],
    [
      'no answer',
      jsonl(chat('a'), { messages: [{ role: 'user', content: 'x' }] }, chat('c')),
      'line 2: has no assistant message',
    ],
    [
      'mixed forms',
      jsonl(chat('a'), { prompt: 'p', completion: 'c' }, chat('c')),
      'line 2: has prompt and completion',
    ],
    ['an empty line between', `${jsonl(chat('a'))}\n\n${jsonl('x', chat('c'))}`, 'line 3: is not JSON'],
  ])('of %s is refused, naming the line', async (title, text, message) => {
    const id = title.replaceAll(' ', '-').toLowerCase();
    await make(id);
    const { status, body } = await send(id, text);
    expect(status).toBe(400);
    expect(body.message).toContain(message);
    const dataset = (await call('GET', `${datasets}/${id}`)).body;
    expect(dataset).toMatchObject({ state: 'UPLOADING', status: { code: 'INVALID_ARGUMENT' } });
    expect((await send(id, good)).status).toBe(200);
  });

  test('tells the first ten wrong lines at once, and never what they say', async () => {
    await make('many-wrong');
    const { body } = await send(
      'many-wrong',
      Array.from({ length: 50 }, () => '{"secret-text": ').join('\n'),
    );
    expect(body.details[0].fieldViolations).toHaveLength(10);
    expect(JSON.stringify(body)).not.toContain('secret-text');
  });

  test.each([
    ['completions', jsonl(...['a', 'b', 'c'].map((prompt) => ({ prompt, completion: 'x' }))), 'COMPLETION'],
    [
      'tasks',
      jsonl(...['a', 'b', 'c'].map((content) => ({ messages: [{ role: 'user', content }], truth: 1 }))),
      'RL',
    ],
    ['requests', jsonl({ custom_id: '1', body: chat('a') }), 'FORMAT_UNSPECIFIED'],
    ['text with a byte order mark and CRLF', `\ufeff${good.replaceAll('\n', '\r\n')}`, 'CHAT'],
  ])('of %s is told by its lines', async (title, text, format) => {
    const id = title.replaceAll(' ', '-').toLowerCase();
    await make(id);
    expect((await send(id, text)).status).toBe(200);
    expect((await call('GET', `${datasets}/${id}`)).body.format).toBe(format);
  });

  test('of a hundred thousand lines is read in a moment', async () => {
    await make('large');
    const text = Array.from({ length: 100_000 }, (_, index) =>
      JSON.stringify(chat(`question ${index}`)),
    ).join('\n');
    expect((await send('large', text)).status).toBe(200);
    expect((await call('GET', `${datasets}/large`)).body).toMatchObject({ exampleCount: '100000' });
  });

  test('copies another one', async () => {
    await make('original');
    const copy = { datasetId: 'copy', dataset: { displayName: 'Copy' }, sourceDatasetId: 'original' };
    expect((await call('POST', datasets, copy)).body).toMatchObject({ code: 9 });
    await send('original', good);
    expect((await call('POST', datasets, copy)).body).toMatchObject({
      state: 'READY',
      displayName: 'Copy',
      exampleCount: '3',
      transformed: { sourceDatasetId: 'accounts/acme/datasets/original' },
      userUploaded: null,
    });
    await call('DELETE', `${datasets}/original`);
    const { body } = await call('GET', `${datasets}/copy:getDownloadEndpoint`);
    expect(await (await fetch(body.filenameToSignedUrls['dataset/copy/train.jsonl'])).text()).toBe(good);
  });

  test('takes the examples of another one that a filter names', async () => {
    await make('languages');
    const of = (language: string, count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...chat(`${language} ${index}`), language, index }));
    await send('languages', jsonl(...of('fr', 4), ...of('de', 3), ...of('it', 1)));
    const made = await call('POST', datasets, {
      datasetId: 'french',
      dataset: {},
      sourceDatasetId: 'languages',
      filter: 'language = "fr" AND index > 0',
    });
    expect(made.body).toMatchObject({
      state: 'READY',
      format: 'CHAT',
      exampleCount: '3',
      transformed: {
        sourceDatasetId: 'accounts/acme/datasets/languages',
        filter: 'language = "fr" AND index > 0',
      },
    });
    const { body } = await call('GET', `${datasets}/french:getDownloadEndpoint`);
    const lines = (
      await (await fetch(body.filenameToSignedUrls['dataset/french/train.jsonl'])).text()
    ).trim();
    expect(lines.split('\n').map((line) => JSON.parse(line).index)).toEqual([1, 2, 3]);
    const transformed = { sourceDatasetId: 'languages', filter: 'messages.content : "de "' };
    expect((await make('german', { transformed })).body.exampleCount).toBe('3');
    for (const filter of ['language = "it"', 'language = "es"', 'language ==', 'size(messages) > 1']) {
      const refused = await call('POST', datasets, {
        datasetId: 'none',
        dataset: {},
        sourceDatasetId: 'languages',
        filter,
      });
      expect(refused).toMatchObject({
        status: 400,
        body: { details: [{ fieldViolations: [{ field: 'filter' }] }] },
      });
    }
    expect((await call('GET', `${datasets}/none`)).status).toBe(404);
    const alone = await call('POST', datasets, { datasetId: 'none', dataset: {}, filter: 'a = 1' });
    expect(alone.body.message).toContain('sourceDatasetId');
  });

  test('changes its name for people and nothing else', async () => {
    await make('fixed');
    expect((await call('PATCH', `${datasets}/fixed`, { displayName: 'F' })).body.displayName).toBe('F');
    expect((await call('PATCH', `${datasets}/fixed`, { format: 'RL' })).body).toMatchObject({ code: 3 });
    expect((await call('DELETE', `${datasets}/fixed`)).status).toBe(200);
    expect((await call('GET', `${datasets}/fixed`)).status).toBe(404);
  });

  test('from sources that are not offered is refused by name', async () => {
    const split = await make('split', { splitted: { sourceDatasetId: 'x' } });
    expect(split.body.details[0].fieldViolations[0].field).toBe('dataset.splitted');
    expect(split.body.message).toContain(':splitDataset');
    const evaluated = await make('evaluated', { evaluationResult: { evaluationJobId: 'x' } });
    expect(evaluated.body.details[0].fieldViolations[0].field).toBe('dataset.evaluationResult');
    const twice = await make('twice', { userUploaded: {}, externalUrl: 'https://example.com/a.jsonl' });
    expect(twice.body.details[0].fieldViolations[0].field).toBe('dataset.externalUrl');
  });
});
