import { request } from 'node:http';

/** The engine refused an adapter; the message says what is wrong with it. */
export class AdapterRefusedError extends Error {
  override readonly name = 'AdapterRefusedError';
}

/** Converting an adapter of rank 64 for an 8B model takes some seconds. */
const timeoutMs = 120_000;

/** Ids of the adapters that a replica has loaded. */
export async function listReplicaAdapters(socketPath: string): Promise<string[]> {
  const { status, body } = await call(socketPath, 'GET', '/v1/adapters');
  if (status !== 200) throw new Error(`the replica did not list its adapters (${status})`);
  return (JSON.parse(body) as { data: { id: string }[] }).data.map((adapter) => adapter.id);
}

/** Loads an adapter file or PEFT folder. Throws AdapterRefusedError when it does not fit. */
export async function loadReplicaAdapter(socketPath: string, id: string, path: string): Promise<void> {
  const { status, body } = await call(socketPath, 'POST', '/v1/adapters', JSON.stringify({ id, path }));
  if (status < 300) return;
  const message = readMessage(body) ?? `the replica answered ${status}`;
  if (status >= 400 && status < 500) throw new AdapterRefusedError(withoutPath(message, path));
  throw new Error(message);
}

/** Unloads an adapter; one that is not loaded is fine. */
export async function unloadReplicaAdapter(socketPath: string, id: string): Promise<void> {
  const { status, body } = await call(socketPath, 'DELETE', `/v1/adapters/${encodeURIComponent(id)}`);
  if (status < 300 || status === 404) return;
  throw new Error(readMessage(body) ?? `the replica answered ${status}`);
}

function call(
  socketPath: string,
  method: string,
  path: string,
  body?: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const asking = request(
      { socketPath, method, path, headers, timeout: timeoutMs, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.once('error', reject);
      },
    );
    asking.once('timeout', () => asking.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    asking.once('error', reject);
    asking.end(body);
  });
}

function readMessage(body: string): string | null {
  try {
    return (JSON.parse(body) as { error?: { message?: string } }).error?.message ?? null;
  } catch {
    return null;
  }
}

/** The reason goes to callers, who have no business with this machine's folders. */
function withoutPath(message: string, path: string): string {
  return message.replaceAll(`${path}/`, '').replaceAll(` ${path}`, '').replaceAll(path, 'the addon');
}
