import type { Platform } from './start-platform.ts';

interface SeenReplica {
  readonly replica: string;
  readonly deployment: string;
  readonly state: string;
}

/** Ids of a deployment's replicas that serve, as an operator sees them. */
export async function listReadyReplicas(platform: Platform, deployment: string): Promise<string[]> {
  const { hosts } = await read<{ hosts: { replicas: SeenReplica[] }[] }>(
    platform,
    '/v1/accounts/local:listHosts',
  );
  return hosts
    .flatMap(({ replicas }) => replicas)
    .filter((seen) => seen.deployment === deployment && seen.state === 'ready')
    .map(({ replica }) => replica);
}

/** The replica that answered a request of the platform's first account. */
export async function findReplicaOf(platform: Platform, requestId: string): Promise<string> {
  return (await read<{ replica: string }>(platform, `/inference/v1/requests/${requestId}`)).replica;
}

async function read<Body>({ baseUrl, apiKey }: Platform, path: string): Promise<Body> {
  const response = await fetch(baseUrl + path, { headers: { authorization: `Bearer ${apiKey}` } });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}
