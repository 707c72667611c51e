export * from './api-error.ts';
export * from './inference-error.ts';
