import { FireworksError } from './errors.ts';
import type { HttpSettings } from './http-client.ts';

export interface FireworksOptions {
  /** Default: FIREWORKS_API_KEY. */
  readonly apiKey?: string | undefined;
  /**
   * Where the platform is; an origin, or a URL that ends in /inference/v1 or /v1.
   * Default: FIREWORKS_API_BASE, else http://127.0.0.1:8080.
   */
  readonly baseURL?: string | undefined;
  /** Account for short resource ids. Default: FIREWORKS_ACCOUNT_ID, else the account of the key. */
  readonly accountId?: string | undefined;
  /** Milliseconds; default 600 s, as the platform's own limit. */
  readonly timeoutMs?: number | undefined;
  /** Default 2. */
  readonly retriesMax?: number | undefined;
  /** Sent with each call. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** In place of the global fetch (proxies, tests). */
  readonly fetch?: typeof fetch | undefined;
}

export interface ResolvedOptions {
  readonly http: HttpSettings;
  readonly accountId: string | null;
}

/** Options, then environment, then defaults. Throws if there is no key, naming the ways to give one. */
export function resolveOptions(options: FireworksOptions, environment: Environment): ResolvedOptions {
  const apiKey = options.apiKey ?? environment.FIREWORKS_API_KEY;
  if (apiKey === undefined || apiKey === '') {
    throw new FireworksError('no API key: pass apiKey, or set the environment variable FIREWORKS_API_KEY');
  }
  const base = options.baseURL ?? environment.FIREWORKS_API_BASE ?? 'http://127.0.0.1:8080';
  return {
    accountId: options.accountId ?? environment.FIREWORKS_ACCOUNT_ID ?? null,
    http: {
      origin: resolveOrigin(base),
      apiKey,
      timeoutMs: options.timeoutMs ?? 600_000,
      retriesMax: options.retriesMax ?? 2,
      headers: options.headers ?? {},
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    },
  };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process environment where there is one (Node, Bun, Deno); empty in a browser. */
export function readEnvironment(): Environment {
  const scope = globalThis as { process?: { env?: Environment } };
  return scope.process?.env ?? {};
}

function resolveOrigin(base: string): string {
  let url: URL;
  try {
    url = new URL(base);
  } catch {
    throw new FireworksError(`baseURL '${base}' is not a URL: use something like http://127.0.0.1:8080`);
  }
  const path = url.pathname.replace(/\/+$/, '');
  if (!['', '/v1', '/inference/v1', '/inference'].includes(path)) {
    throw new FireworksError(
      `baseURL '${base}' has the path '${path}': use the origin, or end in /inference/v1`,
    );
  }
  return url.origin;
}
