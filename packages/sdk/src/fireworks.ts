import { HttpClient } from './core/http-client.ts';
import { ResourceClient } from './core/resource-client.ts';
import { type FireworksOptions, readEnvironment, resolveOptions } from './core/settings.ts';
import { type ControlPlane, createControlPlane } from './generated/index.ts';
import { Chat } from './inference/chat-completions.ts';
import { Completions } from './inference/completions.ts';
import { Embeddings, Rerank } from './inference/embeddings.ts';
import { ResponseFormats } from './inference/response-formats.ts';
import { ServedModels } from './inference/served-models.ts';

/**
 * The platform in one object: inference in OpenAI's shape (`chat.completions`, `completions`, `embeddings`,
 * `rerank`, `servedModels`), and every resource of the control plane (`models`, `deployments`, `datasets`,
 * …).
 *
 *   const client = new Fireworks();   // FIREWORKS_API_KEY, FIREWORKS_API_BASE, FIREWORKS_ACCOUNT_ID
 *   const answer = await client.chat.completions.create({ model, messages });
 *   for await (const model of client.models.list({ parent: 'fireworks' })) console.log(model.name);
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns the fields.
export class Fireworks {
  readonly chat: Chat;
  readonly completions: Completions;
  readonly embeddings: Embeddings;
  readonly rerank: Rerank;
  readonly responseFormats: ResponseFormats;
  readonly servedModels: ServedModels;
  /** For what the classes here do not cover: same key, retries and errors. */
  readonly resources: ResourceClient;

  constructor(options: FireworksOptions = {}) {
    const { http: settings, accountId } = resolveOptions(options, readEnvironment());
    const http = new HttpClient(settings);
    this.chat = new Chat(http);
    this.completions = new Completions(http);
    this.embeddings = new Embeddings(http);
    this.rerank = new Rerank(http);
    this.responseFormats = new ResponseFormats(http);
    this.servedModels = new ServedModels(http);
    this.resources = new ResourceClient(http, accountId);
    Object.assign(this, createControlPlane(this.resources));
  }
}

export interface Fireworks extends ControlPlane {}
