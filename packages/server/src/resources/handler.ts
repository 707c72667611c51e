import type { ReplyOf, RequestOf, Resource } from '@sparkler/api';
import type { Principal } from '../http/principal.ts';

/** Who asks, and under which request id. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  /** Scheme and host that the caller reached us under, for URLs that are handed out. */
  readonly baseUrl: string;
  /** The etag that the caller wants the resource to still have (`If-Match`); null: any. */
  readonly ifMatch: string | null;
}

/**
 * Handlers of a resource's methods. The request is checked, the caller may use the method on this account;
 * what is left to the handler is whether the resource exists, is theirs to see, and is in a state that allows
 * it. Methods without a handler are not offered (404).
 */
export type HandlersOf<R extends Resource> = {
  readonly [K in keyof R['methods']]?: (
    request: RequestOf<R['methods'][K]>,
    caller: Caller,
  ) => ReplyOf<R['methods'][K]>;
};
