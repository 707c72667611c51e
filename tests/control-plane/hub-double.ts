import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that speaks as much of the model hub's protocol as imports use, over memory. */
export interface HubDouble {
  readonly endpoint: string;
  /** `owner/name/path` to content. */
  readonly files: Map<string, Buffer>;
  /** Repositories that only this token opens. */
  readonly tokens: Map<string, string>;
  /** What the content of files is cut to, once each, as a broken connection does. */
  readonly cuts: Map<string, number>;
  /** What else happens when a connection breaks, by the same keys. */
  readonly afterCuts: Map<string, () => void>;
  /** Tokens that arrived at the host of the large files, where they have no business. */
  readonly leaks: string[];
  close(): Promise<void>;
}

/** Files from this size on are large ones, which another host has. */
const LARGE_BYTES = 10_000;

export async function startHubDouble(): Promise<HubDouble> {
  const hub = {
    files: new Map(),
    tokens: new Map(),
    cuts: new Map(),
    afterCuts: new Map(),
    leaks: [] as string[],
  };
  const state: Omit<HubDouble, 'endpoint' | 'close'> = hub;
  const large = createServer((request, response) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) hub.leaks.push(authorization);
    sendFile(state, decodeURIComponent(request.url ?? '').slice(1), request, response);
  });
  const largeAt = await listen(large);
  const server = createServer((request, response) => answer(state, largeAt, request, response));
  const endpoint = await listen(server);
  const close = async () => {
    for (const each of [server, large]) {
      each.closeAllConnections();
      await new Promise((closed) => each.close(closed));
    }
  };
  return { ...state, endpoint, close };
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type State = Omit<HubDouble, 'endpoint' | 'close'>;

function answer(state: State, largeAt: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  const path = decodeURIComponent(url.pathname);
  const [, listed] = /^\/api\/models\/(.+)\/tree\/main$/.exec(path) ?? [];
  const [, owner, name, file] = /^\/([^/]+)\/([^/]+)\/resolve\/main\/(.+)$/.exec(path) ?? [];
  const repository = listed ?? `${owner}/${name}`;
  const token = state.tokens.get(repository);
  const isOpen = token === undefined || request.headers.authorization === `Bearer ${token}`;
  const names = [...state.files.keys()].filter((key) => key.startsWith(`${repository}/`));
  if (names.length === 0 || !isOpen) {
    response.writeHead(names.length === 0 ? 404 : 401).end();
  } else if (listed !== undefined) {
    sendTree(state, repository, names, url, response);
  } else if ((state.files.get(`${repository}/${file}`)?.length ?? 0) >= LARGE_BYTES) {
    response.writeHead(302, { location: `${largeAt}/${repository}/${file}` }).end();
  } else sendFile(state, `${repository}/${file}`, request, response);
}

/** Two files a page, so that pages have to be followed. */
function sendTree(
  state: State,
  repository: string,
  names: string[],
  url: URL,
  response: ServerResponse,
): void {
  const from = Number(url.searchParams.get('cursor') ?? 0);
  const entries = names.slice(from, from + 2).map((key) => {
    const content = state.files.get(key)!;
    const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    const sha256 = createHash('sha256').update(content).digest('hex');
    const lfs = content.length >= LARGE_BYTES ? { lfs: { oid: sha256, size: content.length } } : {};
    return { type: 'file', path: key.slice(repository.length + 1), size: content.length, oid, ...lfs };
  });
  const next = new URL(url);
  next.searchParams.set('cursor', String(from + 2));
  const link = from + 2 < names.length ? { link: `<${next}>; rel="next"` } : {};
  response.writeHead(200, { 'content-type': 'application/json', ...link }).end(JSON.stringify(entries));
}

function sendFile(state: State, key: string, request: IncomingMessage, response: ServerResponse): void {
  const content = state.files.get(key);
  if (content === undefined) return void response.writeHead(404).end();
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const rest = content.subarray(from);
  const range = { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` };
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, ...(from > 0 ? range : {}) });
  const cut = state.cuts.get(key);
  if (cut === undefined) return void response.end(rest);
  state.cuts.delete(key);
  state.afterCuts.get(key)?.();
  response.write(rest.subarray(0, cut), () => response.destroy());
}
