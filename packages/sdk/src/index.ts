export * from './core/errors.ts';
export type { CallOptions, HttpSettings, Query } from './core/http-client.ts';
export { Page, PagePromise } from './core/page.ts';
export { type Identity, type Input, type ListParameters, ResourceClient } from './core/resource-client.ts';
export type { FireworksOptions } from './core/settings.ts';
export { Stream } from './core/stream.ts';
export { Fireworks, Fireworks as default } from './fireworks.ts';
export type * from './generated/inference.ts';
export {
  type Stateful,
  WaitFailedError,
  type WaitOptions,
  waitUntilGone,
  waitUntilReady,
} from './lib/wait-until-ready.ts';
export {
  type DownloadOptions,
  type DownloadSink,
  downloadFile,
  type GetBytes,
  type GetReply,
} from './transfers/download.ts';
export { ChecksumError, type TransferOptions, type Transferred } from './transfers/transfer.ts';
export {
  blobSource,
  type PutBytes,
  type PutReply,
  type PutRequest,
  type UploadOptions,
  type UploadSource,
  uploadFile,
} from './transfers/upload.ts';
