import { FireworksError } from './errors.ts';
import type { CallOptions, HttpClient, Query } from './http-client.ts';
import { Page, PagePromise } from './page.ts';

/** What every list takes. */
export interface ListParameters {
  /**
   * Account (and, for nested resources, parent) to list: an id or a full name. Default: the key's account.
   */
  readonly parent?: string | undefined;
  /** Most items of one page: default 50, at most 200. */
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
  /** AIP-160, such as `kind = "HF_PEFT_ADDON" AND NOT public`. */
  readonly filter?: string | undefined;
  /** Fields, each followed by ` desc` or not. */
  readonly orderBy?: string | undefined;
  /** Fields to return. */
  readonly readMask?: readonly string[] | undefined;
}

/** A resource as callers write it: everything may be left out. */
export type Input<T> = T extends readonly (infer Item)[]
  ? readonly Input<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]?: Input<T[Key]> | undefined }
    : T;

/** Account and user that a key belongs to. */
export interface Identity {
  readonly accountId: string;
  readonly userId: string;
}

/** Turns names and ids into paths, and calls into requests. Every generated class works through it. */
export class ResourceClient {
  readonly http: HttpClient;
  #account: Promise<string> | null;

  constructor(http: HttpClient, accountId: string | null) {
    this.http = http;
    this.#account = accountId === null ? null : Promise.resolve(accountId);
  }

  /** Id of the account that short ids belong to: as given, else the account of the API key. */
  account(): Promise<string> {
    this.#account ??= this.#findAccount();
    return this.#account;
  }

  async #findAccount(): Promise<string> {
    const { accountId } = await this.identify();
    if (accountId !== '') return accountId;
    this.#account = null;
    throw new FireworksError(
      'the server does not say whose the key is: pass accountId, or set FIREWORKS_ACCOUNT_ID',
    );
  }

  /** Whose the key is, asked anew; what the server does not tell is empty. */
  async identify(): Promise<Identity> {
    const { headers } = await this.http.raw({ method: 'GET', path: '/verifyApiKey' });
    return {
      accountId: headers.get('x-fireworks-account-id') ?? '',
      userId: headers.get('x-fireworks-user-id') ?? '',
    };
  }

  /**
   * Full name for a pattern such as `accounts/{account}/models/{model}`. Takes a full name, or the last ids
   * of it: missing leading ids come from the account. `''` is the account itself.
   */
  async resolveName(pattern: string, name: string): Promise<string> {
    const wanted = pattern.split('/');
    const given = name === '' ? [] : name.split('/');
    if (given.length === wanted.length) return this.#checkName(wanted, given, name);
    const variables = wanted.filter((segment) => segment.startsWith('{'));
    const ids = given.filter((_, index) => given.length <= variables.length || index % 2 === 1);
    if (ids.length < variables.length) ids.unshift(await this.account());
    if (ids.length !== variables.length || ids.includes('')) {
      throw new FireworksError(`'${name}' is not a name of the form ${pattern}`);
    }
    let next = 0;
    return wanted.map((segment) => (segment.startsWith('{') ? ids[next++] : segment)).join('/');
  }

  #checkName(wanted: readonly string[], given: readonly string[], name: string): string {
    const fits = wanted.every((segment, i) => segment.startsWith('{') || segment === given[i]);
    if (!fits) throw new FireworksError(`'${name}' is not a name of the form ${wanted.join('/')}`);
    return name;
  }

  list<Item>(
    pattern: string,
    collection: { readonly path: string; readonly key: string },
    parameters: ListParameters & Query = {},
    options?: CallOptions,
  ): PagePromise<Item> {
    const { parent = '', readMask, ...query } = parameters as ListParameters;
    const fetchPage = async (pageToken: string | undefined): Promise<Page<Item>> => {
      const name = pattern === '' ? '' : await this.resolveName(pattern, parent);
      const reply = await this.http.json<Record<string, unknown>>({
        method: 'GET',
        path: joinPath(name, collection.path),
        query: { ...query, pageToken, readMask: readMask?.join(',') } as Query,
        options,
      });
      const items = (reply[collection.key] ?? []) as Item[];
      const total = typeof reply.totalSize === 'number' ? reply.totalSize : null;
      return new Page(items, String(reply.nextPageToken ?? ''), total, fetchPage);
    };
    return new PagePromise(() => fetchPage(parameters.pageToken));
  }

  /** One call on a resource or collection. `suffix` is `:verb`, a collection, or nothing. */
  async call<Result>(call: {
    readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
    readonly pattern: string;
    readonly name: string;
    readonly suffix?: string;
    readonly query?: Query | undefined;
    readonly body?: unknown;
    readonly options?: CallOptions | undefined;
  }): Promise<Result> {
    const name = call.pattern === '' ? '' : await this.resolveName(call.pattern, call.name);
    return this.http.json<Result>({
      method: call.method,
      path: joinPath(name, call.suffix ?? ''),
      query: call.query,
      ...(call.body === undefined ? {} : { body: call.body }),
      options: call.options,
    });
  }
}

/** `/v1/<name>` and what follows; a verb follows without a slash. */
function joinPath(name: string, suffix: string): string {
  const base = ['/v1', ...name.split('/').filter(Boolean).map(encodeURIComponent)].join('/');
  if (suffix === '') return base;
  return suffix.startsWith(':') ? `${base}${suffix}` : `${base}/${suffix}`;
}
