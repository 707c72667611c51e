import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a replica got: the parsed body, and whether its caller hung up before the answer was complete. */
export interface ReceivedRequest {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly raw: string;
  readonly headers: IncomingMessage['headers'];
  aborted: boolean;
}

export type Answer = (request: ReceivedRequest, response: ServerResponse) => void | Promise<void>;

export interface TestReplica {
  readonly socketPath: string;
  readonly received: ReceivedRequest[];
  answer: Answer;
  /** Closes the server and every connection, as a killed process would. */
  kill(): Promise<void>;
}

/** A server on a Unix socket that speaks the engine's protocol the way a test tells it to. */
export async function startTestReplica(answer: Answer): Promise<TestReplica> {
  const folder = mkdtempSync(join(tmpdir(), 'sparkler-replica-'));
  const socketPath = join(folder, 'engine.sock');
  const received: ReceivedRequest[] = [];
  const replica = { socketPath, received, answer } as TestReplica;
  const server = createServer(async (incoming, response) => {
    let raw = '';
    for await (const chunk of incoming) raw += chunk;
    const { headers } = incoming;
    const request = { path: incoming.url ?? '', body: JSON.parse(raw), raw, headers, aborted: false };
    response.on('close', () => {
      request.aborted = !response.writableFinished;
    });
    received.push(request);
    await replica.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const kill = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  };
  return Object.assign(replica, { kill });
}

/** The engine's last words on a request, as in docs/engine-protocol.md. */
export function extensionOf(requestId: string, promptTokens: number, generatedTokens: number) {
  return {
    request_id: requestId,
    prompt_tokens: promptTokens,
    cached_tokens: 2,
    generated_tokens: generatedTokens,
    draft_tokens: 0,
    draft_tokens_accepted: 0,
    steps: generatedTokens,
    tokenize_ms: 0.1,
    queue_ms: 0.1,
    prefill_ms: 1,
    decode_ms: 2,
    sample_ms: 0.1,
    mask_ms: 0,
    first_token_ms: 1.5,
  };
}

export function chunkOf(fields: Record<string, unknown>): string {
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', ...fields })}\n\n`;
}

export function textChunk(content: string, more: Record<string, unknown> = {}): string {
  return chunkOf({ choices: [{ index: 0, delta: { content }, finish_reason: null }], ...more });
}

/** The first chunk of a choice: no token yet. */
export function roleChunk(): string {
  const choices = [{ index: 0, delta: { role: 'assistant' }, finish_reason: null }];
  return chunkOf({ choices, sparkler: { chunk_tokens: 0 } });
}

/** Streams the words, then usage and the engine's extension, then `[DONE]`. */
export function streamWords(words: readonly string[]): Answer {
  return (request, response) => {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'fireworks-prompt-tokens': '7',
      'x-secret': 'no',
    });
    response.write(roleChunk());
    for (const word of words) response.write(textChunk(word));
    response.end(`${lastChunk(request, words.length)}data: [DONE]\n\n`);
  };
}

export function lastChunk(request: ReceivedRequest, generated: number): string {
  const usage = { prompt_tokens: 7, completion_tokens: generated, total_tokens: 7 + generated };
  const { request_id } = request.body.sparkler as { request_id: string };
  const choices = [{ index: 0, delta: {}, finish_reason: 'stop' }];
  return chunkOf({ choices, usage, sparkler: extensionOf(request_id, 7, generated) });
}

/** One whole answer. */
export function answerText(content: string): Answer {
  return (request, response) => {
    const { request_id } = request.body.sparkler as { request_id: string };
    const body = {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: request.body.model,
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
      sparkler: extensionOf(request_id, 7, 3),
    };
    response.writeHead(200, {
      'content-type': 'application/json',
      'fireworks-prompt-tokens': '7',
      'x-secret': 'no',
    });
    response.end(JSON.stringify(body));
  };
}
