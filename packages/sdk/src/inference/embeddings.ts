import type { CallOptions, HttpClient } from '../core/http-client.ts';
import type {
  EmbeddingRequest,
  EmbeddingResponse,
  RerankRequest,
  RerankResponse,
} from '../generated/inference.ts';

/** POST /inference/v1/embeddings. */
export class Embeddings {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  create(body: EmbeddingRequest, options?: CallOptions): Promise<EmbeddingResponse> {
    return this.#http.json({ method: 'POST', path: '/inference/v1/embeddings', body, options });
  }
}

/** POST /inference/v1/rerank. */
export class Rerank {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  create(body: RerankRequest, options?: CallOptions): Promise<RerankResponse> {
    return this.#http.json({ method: 'POST', path: '/inference/v1/rerank', body, options });
  }
}
