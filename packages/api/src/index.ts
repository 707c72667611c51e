export * from './errors.ts';
export * from './inference/index.ts';
export type { Problem } from './problem.ts';
export { FREE_JSON_DEPTH_MAX, isShallow } from './schema.ts';
export * from './validate.ts';
