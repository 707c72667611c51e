import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  AbortedError,
  AuthenticationError,
  ConflictError,
  ConnectionError,
  createApiError,
  InternalServerError,
  InvalidRequestError,
  NotFoundError,
  PayloadTooLargeError,
  PaymentRequiredError,
  PermissionError,
  PreconditionFailedError,
  parseErrorBody,
  RateLimitError,
  RequestTimeoutError,
  ServiceUnavailableError,
  TimeoutError,
} from './errors.ts';
import { HttpClient } from './http-client.ts';
import { Page, PagePromise } from './page.ts';
import { isRetryableStatus, parseRetryAfter, planRetryDelay } from './retry.ts';
import { resolveOptions } from './settings.ts';
import { SseDecoder } from './sse.ts';

let server: Server | null = null;

async function startServer(listener: RequestListener): Promise<HttpClient> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return new HttpClient(resolveOptions({ apiKey: 'k', baseURL: `http://127.0.0.1:${port}` }, {}).http);
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  server = null;
});

describe('server-sent events', () => {
  it('give the same events however the bytes are cut', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ' ')));
    fc.assert(
      fc.property(
        texts,
        fc.array(fc.integer({ min: 1, max: 7 })),
        fc.constantFrom('\n', '\r\n'),
        (data, cuts, end) => {
          const wire = data.map((text) => `: note${end}data: ${text}${end}${end}`).join('');
          const bytes = new TextEncoder().encode(wire);
          const decoder = new SseDecoder();
          const events: string[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = cuts[i % Math.max(1, cuts.length)] ?? bytes.length;
            events.push(...decoder.push(bytes.subarray(at, at + size)));
            at += size;
          }
          events.push(...decoder.end());
          expect(events).toEqual(data);
        },
      ),
    );
  });
});

describe('retries', () => {
  it('read Retry-After as seconds and as a date', () => {
    expect(parseRetryAfter('2', 0)).toBe(2000);
    expect(parseRetryAfter(new Date(5000).toUTCString(), 1000)).toBe(4000);
    expect(parseRetryAfter('soon', 0)).toBeNull();
  });

  it('grow to a ceiling, and give up when the server asks for too long', () => {
    expect(planRetryDelay(1, null, 0, 0)).toBe(375);
    expect(planRetryDelay(10, null, 0, 0)).toBe(6000);
    expect(planRetryDelay(1, '3600', 0, 0)).toBeNull();
  });

  it('repeat a 503 after the time the server names, then answer', async () => {
    let calls = 0;
    const http = await startServer((_request, response) => {
      calls++;
      if (calls === 1) response.writeHead(503, { 'retry-after': '0' }).end('{"error":{"message":"down"}}');
      else response.end('{"ok":true}');
    });
    expect(await http.json({ method: 'POST', path: '/x', body: {} })).toEqual({ ok: true });
    expect(calls).toBe(2);
  });

  it('do not repeat a 400', async () => {
    let calls = 0;
    const http = await startServer((_request, response) => {
      calls++;
      response.writeHead(400).end('{"code":3,"message":"bad","details":[]}');
    });
    await expect(http.json({ method: 'GET', path: '/x' })).rejects.toBeInstanceOf(InvalidRequestError);
    expect(calls).toBe(1);
  });

  it('end with the last error', async () => {
    const http = await startServer((_request, response) => {
      response
        .writeHead(503, { 'retry-after': '0', 'x-request-id': 'r1' })
        .end('{"error":{"message":"down"}}');
    });
    const failure = await http.json({ method: 'GET', path: '/x' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServiceUnavailableError);
    expect((failure as ServiceUnavailableError).requestId).toBe('r1');
  });
});

describe('errors', () => {
  it('read both envelopes and the string form', () => {
    expect(parseErrorBody('{"error":{"message":"m","code":"C","param":"p","type":"t"}}', 400)).toMatchObject({
      message: 'm',
      code: 'C',
      param: 'p',
      type: 't',
    });
    expect(parseErrorBody('{"code":5,"message":"m","details":[1]}', 404)).toMatchObject({
      code: 5,
      details: [1],
    });
    expect(parseErrorBody('{"error":"plain"}', 400).message).toBe('plain');
    expect(parseErrorBody('', 502).message).toContain('502');
  });

  it.each([
    [400, InvalidRequestError, false],
    [401, AuthenticationError, false],
    [402, PaymentRequiredError, false],
    [403, PermissionError, false],
    [404, NotFoundError, false],
    [405, InvalidRequestError, false],
    [408, RequestTimeoutError, true],
    [409, ConflictError, false],
    [412, PreconditionFailedError, false],
    [413, PayloadTooLargeError, false],
    [429, RateLimitError, true],
    [500, InternalServerError, true],
    [502, InternalServerError, true],
    [503, ServiceUnavailableError, true],
    [504, InternalServerError, true],
    [520, InternalServerError, true],
  ])(
    'of status %i have a class of their own, and are tried again if they may pass',
    (status, kind, mayPass) => {
      const error = createApiError(status, '{"error":{"message":"m"}}', new Headers({ 'x-request-id': 'r' }));
      expect(error.constructor).toBe(kind);
      expect(error).toMatchObject({
        status,
        name: kind.name,
        requestId: 'r',
        message: `${status} m (request r)`,
      });
      expect(isRetryableStatus(status)).toBe(mayPass);
    },
  );

  it('tell a wrong key, a refused connection, a time limit and an abort apart', async () => {
    const http = await startServer((request, response) => {
      if (request.url === '/401') response.writeHead(401).end('{"error":{"message":"no"}}');
    });
    await expect(http.json({ method: 'GET', path: '/401' })).rejects.toBeInstanceOf(AuthenticationError);
    const options = { timeoutMs: 30, retriesMax: 0 };
    await expect(http.json({ method: 'GET', path: '/slow', options })).rejects.toBeInstanceOf(TimeoutError);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const pending = http.json({ method: 'GET', path: '/slow', options: { signal: controller.signal } });
    await expect(pending).rejects.toBeInstanceOf(AbortedError);
    const nobody = new HttpClient({ ...http.settings, origin: 'http://127.0.0.1:1', retriesMax: 0 });
    await expect(nobody.json({ method: 'GET', path: '/' })).rejects.toBeInstanceOf(ConnectionError);
  });
});

describe('streams', () => {
  it('yield chunks, and abort the request when the reader leaves', async () => {
    let isClosed = false;
    const http = await startServer((request, response) => {
      request.on('close', () => {
        isClosed = true;
      });
      response.write('data: {"a":1}\n\ndata: {"a":2}\n\n');
    });
    const stream = await http.stream<{ a: number }>({ method: 'POST', path: '/s', body: {} });
    for await (const chunk of stream) {
      expect(chunk.a).toBe(1);
      break;
    }
    await expect.poll(() => isClosed).toBe(true);
  });

  it('throw an error event, and a cut stream, instead of ending quietly', async () => {
    const http = await startServer((request, response) => {
      response.end(
        request.url === '/error' ? 'data: {"error":{"message":"broke"}}\n\n' : 'data: {"a":1}\n\n',
      );
    });
    const drain = async (path: string): Promise<void> => {
      for await (const _ of await http.stream({ method: 'POST', path, body: {} }));
    };
    await expect(drain('/error')).rejects.toThrow('broke');
    await expect(drain('/cut')).rejects.toThrow('incomplete');
  });
});

describe('lists', () => {
  it('await to the first page and iterate over all of them', async () => {
    const pages = [['a', 'b'], [], ['c']];
    const fetchPage = async (token: string): Promise<Page<string>> => {
      const index = Number(token);
      const next = index + 1 < pages.length ? String(index + 1) : '';
      return new Page(pages[index] ?? [], next, 3, fetchPage);
    };
    const list = new PagePromise(() => fetchPage('0'));
    expect((await list).items).toEqual(['a', 'b']);
    const all: string[] = [];
    for await (const item of list) all.push(item);
    expect(all).toEqual(['a', 'b', 'c']);
  });
});

describe('options', () => {
  it('prefer arguments to the environment, and strip the inference path', () => {
    const environment = { FIREWORKS_API_KEY: 'e', FIREWORKS_API_BASE: 'https://h/inference/v1' };
    const resolved = resolveOptions({ apiKey: 'a' }, environment);
    expect(resolved.http.apiKey).toBe('a');
    expect(resolved.http.origin).toBe('https://h');
  });

  it('say how to give a key when there is none', () => {
    expect(() => resolveOptions({}, {})).toThrow('FIREWORKS_API_KEY');
    expect(() => resolveOptions({ apiKey: 'a', baseURL: 'http://h/other' }, {})).toThrow('/other');
  });
});
