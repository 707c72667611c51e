export { type OpenLlamaModelOptions, openLlamaModel } from './open-llama-model.ts';
export type { EmbeddingPooling } from './pooling.ts';
