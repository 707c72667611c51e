import type { CallOptions, HttpClient } from '../core/http-client.ts';
import type { Stream } from '../core/stream.ts';
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest } from '../generated/inference.ts';

/** POST /inference/v1/chat/completions. */
export class ChatCompletions {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** A whole answer, or with `stream: true` its chunks as they come. */
  create(
    body: ChatCompletionRequest & { readonly stream: true },
    options?: CallOptions,
  ): Promise<Stream<ChatCompletionChunk>>;
  create(
    body: ChatCompletionRequest & { readonly stream?: false | null },
    options?: CallOptions,
  ): Promise<ChatCompletion>;
  create(
    body: ChatCompletionRequest,
    options?: CallOptions,
  ): Promise<ChatCompletion | Stream<ChatCompletionChunk>>;
  create(
    body: ChatCompletionRequest,
    options?: CallOptions,
  ): Promise<ChatCompletion | Stream<ChatCompletionChunk>> {
    const call = { method: 'POST' as const, path: '/inference/v1/chat/completions', body, options };
    return body.stream === true ? this.#http.stream(call) : this.#http.json(call);
  }
}

/** `client.chat.completions`, as OpenAI's clients have it. */
export class Chat {
  readonly completions: ChatCompletions;

  constructor(http: HttpClient) {
    this.completions = new ChatCompletions(http);
  }
}
