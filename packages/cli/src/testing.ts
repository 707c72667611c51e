import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runFirectl } from './main.ts';
import type { Streams } from './streams.ts';

/** What a run of firectl printed and ended with. */
export interface Run {
  readonly out: string;
  readonly note: string;
  readonly code: number;
}

/** Runs firectl in this process with streams that remember. `answers` are what the person types. */
export async function firectl(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  answers: readonly string[] = [],
  signal: AbortSignal = new AbortController().signal,
): Promise<Run> {
  let out = '';
  let note = '';
  const left = [...answers];
  const streams: Streams = {
    out: (text) => {
      out += text.endsWith('\n') ? text : `${text}\n`;
    },
    write: (text) => {
      out += text;
    },
    note: (text) => {
      note += text;
    },
    isTerminal: false,
    columns: 80,
    ask: async () => left.shift() ?? null,
  };
  const code = await runFirectl(args, streams, environment, signal);
  return { out, note, code };
}

export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** A server that remembers requests; `reply` makes the answer (null: 404). */
export async function startRecorder(
  reply: (request: SentRequest) => unknown,
): Promise<{ readonly url: string; readonly requests: SentRequest[]; close(): Promise<void> }> {
  const requests: SentRequest[] = [];
  const server: Server = createServer(async (incoming, response) => {
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      body: await readBody(incoming),
    };
    if (request.path === '/verifyApiKey') {
      response
        .setHeader('x-fireworks-account-id', 'acme')
        .setHeader('x-fireworks-user-id', 'alice')
        .end('{}');
      return;
    }
    requests.push(request);
    const answer = reply(request);
    response.statusCode = answer === null ? 404 : 200;
    response.end(JSON.stringify(answer ?? { code: 5, message: 'not found', details: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function readBody(incoming: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const part of incoming.setEncoding('utf8')) text += part;
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}
