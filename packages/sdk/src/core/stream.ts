import { ConnectionError, createApiError } from './errors.ts';
import { SseDecoder } from './sse.ts';

/**
 * The chunks of a streamed answer, once. Leaving the loop (break, return, throw) aborts the request, so that
 * no more tokens are generated or billed.
 */
export class Stream<Chunk> implements AsyncIterable<Chunk> {
  readonly response: Response;
  readonly controller: AbortController;
  #isConsumed = false;

  constructor(response: Response, controller: AbortController) {
    this.response = response;
    this.controller = controller;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Chunk> {
    if (this.#isConsumed)
      throw new ConnectionError('a stream can be read only once; use tee() for two readers');
    this.#isConsumed = true;
    let isDone = false;
    try {
      for await (const data of readEvents(this.response)) {
        if (data === '[DONE]') {
          isDone = true;
          return;
        }
        yield parseChunk<Chunk>(data, this.response.headers);
      }
      // Without [DONE] the connection broke in mid-answer: saying nothing would pass a cut text off as whole.
      throw new ConnectionError('the stream ended before [DONE]: the answer is incomplete');
    } finally {
      if (!isDone) this.controller.abort();
    }
  }
}

async function* readEvents(response: Response): AsyncGenerator<string> {
  if (response.body === null) throw new ConnectionError('the server sent a stream without a body');
  const decoder = new SseDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      yield* done ? decoder.end() : decoder.push(value);
      if (done) return;
    }
  } finally {
    reader.releaseLock();
  }
}

function parseChunk<Chunk>(data: string, headers: Headers): Chunk {
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch (cause) {
    throw new ConnectionError('the server sent an event that is not JSON', { cause });
  }
  if (typeof chunk === 'object' && chunk !== null && 'error' in chunk)
    throw createApiError(null, data, headers);
  return chunk as Chunk;
}
