import type { CallOptions, HttpClient } from '../core/http-client.ts';
import type { FormatCheckRequest, FormatCheckResponse } from '../generated/inference.ts';

/** POST /inference/v1/response_format/check. */
export class ResponseFormats {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /**
   * Says what a model would make of a schema, a grammar or tools: each keyword enforced or not, and the cost.
   */
  check(body: FormatCheckRequest, options?: CallOptions): Promise<FormatCheckResponse> {
    return this.#http.json({ method: 'POST', path: '/inference/v1/response_format/check', body, options });
  }
}
