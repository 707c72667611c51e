import { once } from 'node:events';
import { createServer, connect as openSocket, type Socket } from 'node:net';

/** A socket before a replica's that lets everything through and knows what the replica said. */
export interface ListeningRelay {
  /** What the replica has sent so far, on all connections. */
  heard(): string;
  /** Connections that are open now. */
  openCount(): number;
  close(): Promise<void>;
}

/** Listens on a Unix socket for what is meant for another one. */
export async function startListeningRelay(path: string, replicaPath: string): Promise<ListeningRelay> {
  let heard = '';
  const open = new Set<Socket>();
  const server = createServer((caller) => {
    const replica = openSocket(replicaPath);
    open.add(caller);
    // A side that breaks off is no news to a test about sides that break off.
    for (const [from, to] of [
      [caller, replica],
      [replica, caller],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
    caller.on('close', () => open.delete(caller));
    caller.pipe(replica);
    replica.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      caller.write(bytes);
    });
  }).listen(path);
  await once(server, 'listening');
  return {
    heard: () => heard,
    openCount: () => open.size,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
