import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatasetsReconciler } from '../../packages/server/src/reconcile/datasets/reconciler.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/** Datasets that lie elsewhere, on a server of this machine, which one of two control planes may read. */
let plane: ControlPlane;
let careful: ControlPlane;
let files: Server;
let address: string;
const pages = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();

beforeAll(async () => {
  files = createServer((request, response) => {
    const answer = pages.get(request.url ?? '');
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => files.once('listening', listening));
  address = `127.0.0.1:${(files.address() as AddressInfo).port}`;
  plane = await startControlPlane({
    SPARKLER_ALLOW_PRIVATE_URLS: 'true',
    SPARKLER_IMPORT_ENDPOINT: `http://${address}/s3`,
  });
  careful = await startControlPlane();
});
afterAll(async () => {
  await plane.close();
  await careful.close();
  files.closeAllConnections();
  await new Promise((closed) => files.close(closed));
});

const datasets = '/v1/accounts/acme/datasets';
const lines = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      messages: [
        { role: 'user', content: `question ${index}` },
        { role: 'assistant', content: 'yes' },
      ],
    }),
  );
const send = (text: string) => (_request: IncomingMessage, response: ServerResponse) =>
  void response.end(text);

const make = (on: ControlPlane, datasetId: string, dataset: object) =>
  on.call('POST', datasets, { datasetId, dataset });

/** Fetches what was made, as the reconciler of a server does, and gives the dataset when that is over. */
async function fetchNow({ context, call }: ControlPlane, id: string) {
  const { db, blobs, externalFiles } = context;
  const reconciler = createDatasetsReconciler({ db, blobs, externalFiles, onError: () => undefined });
  expect(await reconciler.listNames()).toContain(`accounts/acme/datasets/${id}`);
  const look = async () => (await reconciler.reconcile(`accounts/acme/datasets/${id}`)).outcome;
  await expect.poll(look, { timeout: 60_000 }).toBe('settled');
  await reconciler.close();
  return (await call('GET', `${datasets}/${id}`)).body;
}

async function contentOf({ call }: ControlPlane, id: string): Promise<Record<string, string>> {
  const { body } = await call('GET', `${datasets}/${id}:getDownloadEndpoint`);
  const urls = Object.entries(body.filenameToSignedUrls as Record<string, string>);
  const texts = await Promise.all(urls.map(async ([name, url]) => [name, await (await fetch(url)).text()]));
  return Object.fromEntries(texts);
}

const filesBelow = ({ context }: ControlPlane, id: string) => context.blobs.list(`datasets/acme/${id}`);

describe('a dataset that lies elsewhere', () => {
  test('is fetched, also over redirects, and ready', async () => {
    const text = lines(4).join('\n');
    pages.set('/first', (_request, response) =>
      response.writeHead(302, { location: '/moved/train.jsonl' }).end(),
    );
    pages.set('/moved/train.jsonl', send(text));
    const made = await make(plane, 'fetched', { externalUrl: `http://${address}/first` });
    expect(made.body).toMatchObject({ state: 'UPLOADING', userUploaded: null });
    const early = await plane.call('POST', `${datasets}/fetched:validateUpload`, {});
    expect(early.body).toMatchObject({ code: 9 });
    expect(await fetchNow(plane, 'fetched')).toMatchObject({
      state: 'READY',
      format: 'CHAT',
      exampleCount: '4',
      status: { code: 'OK', message: '' },
    });
    expect(await contentOf(plane, 'fetched')).toEqual({ 'dataset/fetched/dataset.jsonl': text });
  });

  test('is read from a bucket that is open to all, without credentials', async () => {
    pages.set('/s3/their-bucket/data/a%20b.jsonl', (request, response) => {
      response.writeHead(request.headers.authorization === undefined ? 200 : 403).end(lines(3).join('\n'));
    });
    await make(plane, 'bucket', { externalUrl: 's3://their-bucket/data/a b.jsonl' });
    expect(await fetchNow(plane, 'bucket')).toMatchObject({ state: 'READY', exampleCount: '3' });
    expect(Object.keys(await contentOf(plane, 'bucket'))).toEqual(['dataset/bucket/a b.jsonl']);
  });

  test('is fetched again when the connection breaks or the server is busy', async () => {
    let asked = 0;
    pages.set('/shaky.jsonl', (_request, response) => {
      asked += 1;
      if (asked === 1) return void response.writeHead(503).end();
      const text = lines(3).join('\n');
      response.writeHead(200, { 'content-length': text.length });
      if (asked === 2) response.write(text.slice(0, 50), () => response.destroy());
      else response.end(text);
    });
    await make(plane, 'shaky', { externalUrl: `http://${address}/shaky.jsonl` });
    expect(await fetchNow(plane, 'shaky')).toMatchObject({ state: 'READY', exampleCount: '3' });
    expect(asked).toBe(3);
  });

  test.each([
    ['gone', 404, '', /404.*readable by everybody/],
    ['wrong', 200, `${lines(3).join('\n')}\nnonsense`, /dataset.jsonl, line 4: is not JSON/],
  ])('that is %s tells so and leaves nothing', async (id, status, text, message) => {
    pages.set(`/${id}`, (_request, response) => response.writeHead(status).end(text));
    await make(plane, id, { externalUrl: `http://${address}/${id}?signature=hidden` });
    pages.set(`/${id}?signature=hidden`, pages.get(`/${id}`)!);
    const dataset = await fetchNow(plane, id);
    expect(dataset).toMatchObject({
      state: 'UPLOADING',
      status: { message: expect.stringMatching(message) },
    });
    expect(dataset.status.message).not.toContain('hidden');
    expect(await filesBelow(plane, id)).toEqual([]);
  });

  test('that leads round in circles is given up', async () => {
    pages.set('/round', (_request, response) => response.writeHead(302, { location: '/round' }).end());
    await make(plane, 'round', { externalUrl: `http://${address}/round` });
    expect((await fetchNow(plane, 'round')).status.message).toContain('leads on more than 5 times');
  });

  test('that is removed while it is fetched leaves nothing', async () => {
    const begun = Promise.withResolvers<ServerResponse>();
    pages.set('/slow.jsonl', (_request, response) => {
      response.write(`${lines(1)[0]}\n`);
      begun.resolve(response);
    });
    await make(plane, 'slow', { externalUrl: `http://${address}/slow.jsonl` });
    const over = fetchNow(plane, 'slow');
    const response = await begun.promise;
    await plane.call('DELETE', `${datasets}/slow`);
    response.end(lines(4).join('\n'));
    await over;
    expect(await filesBelow(plane, 'slow')).toEqual([]);
  });
});

describe('without leave of the operator', () => {
  test.each(['127.0.0.1', '169.254.169.254', '[::1]', '0x7f.1', '10.0.0.1'])(
    'the address %s is refused at once',
    async (host) => {
      const { status, body } = await make(careful, 'inside', {
        externalUrl: `http://${host}:${address.split(':')[1]}/a`,
      });
      expect(status).toBe(400);
      expect(body.details[0].fieldViolations[0].field).toBe('dataset.externalUrl');
      expect(body.message).toContain('SPARKLER_ALLOW_PRIVATE_URLS');
    },
  );

  test('a name that leads to this machine is not connected to', async () => {
    let asked = 0;
    pages.set('/inside.jsonl', (_request, response) => {
      asked += 1;
      response.end(lines(3).join('\n'));
    });
    const externalUrl = `http://localhost:${address.split(':')[1]}/inside.jsonl`;
    expect((await make(careful, 'inside', { externalUrl })).status).toBe(200);
    const dataset = await fetchNow(careful, 'inside');
    expect(dataset.status.message).toContain('localhost is on a private network or this machine');
    expect(asked).toBe(0);
  });
});

test.each([
  'ftp://a/b',
  'file:///etc/passwd',
  'https://user:pass@a.test/b',
  's3://bucket',
  'gs://B/x',
  'words',
])('the URL %s is refused by name', async (externalUrl) => {
  const { status, body } = await make(plane, 'refused', { externalUrl });
  expect(status).toBe(400);
  expect(body.details[0].fieldViolations[0].field).toBe('dataset.externalUrl');
});

describe('a dataset is split', () => {
  const upload = async (id: string, text: string) => {
    await make(plane, id, { userUploaded: {} });
    const form = new FormData();
    form.append('file', new Blob([text]), 'all.jsonl');
    const url = `${plane.baseUrl}${datasets}/${id}:upload`;
    const headers = { authorization: `Bearer ${plane.adminKey}` };
    expect((await fetch(url, { method: 'POST', body: form, headers })).status).toBe(200);
  };

  test('into two that hold each example once, in order', async () => {
    const all = lines(47);
    await upload('whole', all.join('\n'));
    expect((await plane.call('POST', `${datasets}/whole:splitDataset`, {})).body).toEqual({});
    const shown = {
      state: 'READY',
      format: 'CHAT',
      splitted: { sourceDatasetId: 'accounts/acme/datasets/whole' },
    };
    for (const [part, exampleCount] of Object.entries({ train: '43', evaluation: '4' })) {
      const { body } = await plane.call('GET', `${datasets}/whole-${part}`);
      expect(body).toMatchObject({ ...shown, exampleCount, userUploaded: null });
    }
    const read = async (part: string) =>
      Object.values(await contentOf(plane, `whole-${part}`))[0]!
        .trim()
        .split('\n');
    const [train, evaluation] = [await read('train'), await read('evaluation')];
    const kept = all.filter((_, index) => [11, 23, 35, 46].includes(index));
    expect(evaluation).toEqual(kept);
    expect(train).toEqual(all.filter((line) => !kept.includes(line)));
    const again = await plane.call('POST', `${datasets}/whole:splitDataset`, {});
    expect(again).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('whole-train exists') },
    });
  });

  test('but not one that is too small, or not ready', async () => {
    await upload('small', lines(29).join('\n'));
    const { body } = await plane.call('POST', `${datasets}/small:splitDataset`, {});
    expect(body).toMatchObject({ code: 9, message: expect.stringContaining('a split needs 30') });
    expect((await plane.call('GET', `${datasets}/small-train`)).status).toBe(404);
    await make(plane, 'unfilled', { userUploaded: {} });
    expect((await plane.call('POST', `${datasets}/unfilled:splitDataset`, {})).body).toMatchObject({
      code: 9,
    });
  });
});
