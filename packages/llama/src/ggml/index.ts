export { type Ggml, openGgml } from './ggml.ts';
export type { GgmlOperations, RopeOptions } from './operations.ts';
export * from './types.ts';
