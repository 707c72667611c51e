import type { CallOptions, HttpClient } from '../core/http-client.ts';
import type { ServedModel, ServedModelList } from '../generated/inference.ts';

/** GET /inference/v1/models: what the key may query now (`client.models` manages models as resources). */
export class ServedModels {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  list(options?: CallOptions): Promise<ServedModelList> {
    return this.#http.json({ method: 'GET', path: '/inference/v1/models', options });
  }

  retrieve(model: string, options?: CallOptions): Promise<ServedModel> {
    const path = `/inference/v1/models/${model.split('/').map(encodeURIComponent).join('/')}`;
    return this.#http.json({ method: 'GET', path, options });
  }
}
