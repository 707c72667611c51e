import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Weights & Biases server that keeps what it is sent. */
export interface FakeWandb {
  readonly url: string;
  readonly authorizations: Set<string>;
  /** Variables of the mutations that made runs. */
  readonly runs: Record<string, unknown>[];
  /** Lines of history by run, put where their offset says. */
  readonly history: Map<string, Record<string, unknown>[]>;
  /** Exit codes of runs that ended. */
  readonly ended: Map<string, number>;
  close(): Promise<void>;
}

interface Sent {
  readonly variables?: Record<string, unknown>;
  readonly files?: Record<string, { readonly offset: number; readonly content: readonly string[] }>;
  readonly complete?: boolean;
  readonly exitcode?: number;
}

export async function startFakeWandb(): Promise<FakeWandb> {
  const runs: Record<string, unknown>[] = [];
  const history: FakeWandb['history'] = new Map();
  const ended: FakeWandb['ended'] = new Map();
  const authorizations = new Set<string>();
  const answer = (path: string, body: Sent): unknown => {
    if (path === '/graphql') {
      const { variables = {} } = body;
      runs.push(variables);
      const project = { name: variables.project, entity: { name: variables.entity ?? 'own' } };
      return {
        data: { upsertBucket: { bucket: { id: '1', name: variables.name, project }, inserted: true } },
      };
    }
    const run = decodeURIComponent(/^\/files\/(.+)\/file_stream$/.exec(path)![1]!);
    const file = body.files?.['wandb-history.jsonl'];
    if (file !== undefined) {
      const lines = file.content.map((line) => JSON.parse(line));
      history.set(run, [...(history.get(run) ?? []).slice(0, file.offset), ...lines]);
    }
    if (body.complete === true) ended.set(run, body.exitcode ?? -1);
    return {};
  };
  const server = createServer((request, response) => {
    authorizations.add(String(request.headers.authorization));
    let text = '';
    request.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer(request.url ?? '', JSON.parse(text))));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    authorizations,
    runs,
    history,
    ended,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
