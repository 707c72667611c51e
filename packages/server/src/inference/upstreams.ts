import { type Dispatcher, Pool } from 'undici';
import type { ReplicaRoute, RoutingTable } from './routing.ts';

export interface Upstream {
  readonly dispatcher: Dispatcher;
  /** Path of the base URL, put before every path; empty for sockets. */
  readonly pathPrefix: string;
}

/** Keep-alive connections to replicas, one pool an address. */
export class Upstreams {
  readonly #pools = new Map<string, Upstream>();
  readonly #routing: RoutingTable;
  readonly #timer: NodeJS.Timeout;

  constructor(routing: RoutingTable) {
    this.#routing = routing;
    this.#timer = setInterval(() => this.#closeGone(), 30_000);
    this.#timer.unref();
  }

  get(replica: ReplicaRoute): Upstream {
    const key = keyOf(replica);
    let upstream = this.#pools.get(key);
    if (upstream === undefined) {
      upstream = openPool(replica);
      this.#pools.set(key, upstream);
    }
    return upstream;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((upstream) => upstream.dispatcher.destroy()));
  }

  /** Closes pools of replicas that left the routing table; requests still running on them finish. */
  #closeGone(): void {
    const alive = new Set<string>();
    for (const deployment of this.#routing.current().deployments.values()) {
      for (const replica of deployment.replicas) alive.add(keyOf(replica));
    }
    for (const [key, upstream] of this.#pools) {
      if (alive.has(key)) continue;
      this.#pools.delete(key);
      void upstream.dispatcher.close();
    }
  }
}

function keyOf(replica: ReplicaRoute): string {
  return 'socketPath' in replica.address ? `unix:${replica.address.socketPath}` : replica.address.baseUrl;
}

function openPool(replica: ReplicaRoute): Upstream {
  // Timeouts are the gateway's own: a long prefill is silent, and undici would give up after 300 s.
  const timeouts = { headersTimeout: 0, bodyTimeout: 0, connectTimeout: 5_000, keepAliveTimeout: 60_000 };
  if ('socketPath' in replica.address) {
    const { socketPath } = replica.address;
    return {
      dispatcher: new Pool('http://replica', { ...timeouts, socketPath, allowH2: false }),
      pathPrefix: '',
    };
  }
  const url = new URL(replica.address.baseUrl);
  return {
    dispatcher: new Pool(url.origin, { ...timeouts, allowH2: false }),
    pathPrefix: url.pathname.replace(/\/+$/, ''),
  };
}
