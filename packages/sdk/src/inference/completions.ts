import type { CallOptions, HttpClient } from '../core/http-client.ts';
import type { Stream } from '../core/stream.ts';
import type { Completion, CompletionChunk, CompletionRequest } from '../generated/inference.ts';

/** POST /inference/v1/completions. */
export class Completions {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** A whole answer, or with `stream: true` its chunks as they come. */
  create(
    body: CompletionRequest & { readonly stream: true },
    options?: CallOptions,
  ): Promise<Stream<CompletionChunk>>;
  create(
    body: CompletionRequest & { readonly stream?: false | null },
    options?: CallOptions,
  ): Promise<Completion>;
  create(body: CompletionRequest, options?: CallOptions): Promise<Completion | Stream<CompletionChunk>>;
  create(body: CompletionRequest, options?: CallOptions): Promise<Completion | Stream<CompletionChunk>> {
    const call = { method: 'POST' as const, path: '/inference/v1/completions', body, options };
    return body.stream === true ? this.#http.stream(call) : this.#http.json(call);
  }
}
