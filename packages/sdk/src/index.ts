export * from './core/errors.ts';
export type { CallOptions, HttpSettings, Query } from './core/http-client.ts';
export { Page, PagePromise } from './core/page.ts';
export { type Input, type ListParameters, ResourceClient } from './core/resource-client.ts';
export type { FireworksOptions } from './core/settings.ts';
export { Stream } from './core/stream.ts';
export { Fireworks, Fireworks as default } from './fireworks.ts';
export type * from './generated/inference.ts';
export { type Stateful, type WaitOptions, waitUntilReady } from './lib/wait-until-ready.ts';
