import type { accounts } from '@sparkler/api/resources';
import type { HostFacts } from '../capacity/host/read-host.ts';
import { type ReplicaOnHost, readHosts, readReplicasOnHosts, type StoredHost } from '../store/hosts.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

/** What of a host is stored beside what the system tells. */
export interface HostRecord extends HostFacts {
  /** What the operator gives replicas together; 0: what is free. */
  readonly replicaMemoryBytes: number;
}

type ListHosts = Required<Pick<HandlersOf<typeof accounts>, 'listHosts'>>;

/** Machines and who has what of them, as the server that leads noted it a moment ago. */
export function makeListHostsHandler({ db }: ControlPlaneContext): ListHosts {
  return {
    async listHosts() {
      const [hosts, replicas] = await Promise.all([readHosts<HostRecord>(db), readReplicasOnHosts(db)]);
      return { hosts: hosts.map((host) => describeHost(host, replicas)) };
    },
  };
}

function describeHost(host: StoredHost<HostRecord>, replicas: readonly ReplicaOnHost[]) {
  const { memory, accelerators, replicaMemoryBytes, ...facts } = host.facts;
  const promises = new Map(host.promises.map((promise) => [promise.replica, promise]));
  return {
    ...facts,
    node: host.node,
    memoryNodes: [...facts.memoryNodes],
    memoryBytes: String(memory.totalBytes),
    memoryLimitBytes: String(memory.limitBytes ?? 0),
    replicaMemoryBytes: String(replicaMemoryBytes),
    availableBytes: String(memory.availableBytes),
    promisedBytes: String(host.promises.reduce((sum, { bytes }) => sum + bytes, 0)),
    accelerators: accelerators.map((found) => ({
      ...found,
      memoryBytes: String(found.memoryBytes),
      freeBytes: String(found.freeBytes),
    })),
    replicas: replicas
      .filter(({ node }) => node === host.node)
      .map(({ id, deployment, state }) => ({
        replica: id,
        deployment,
        state,
        memoryBytes: String(promises.get(id)?.bytes ?? 0),
        memoryArithmetic: promises.get(id)?.arithmetic ?? '',
      })),
    seenTime: host.seenTime.toISOString(),
  };
}
