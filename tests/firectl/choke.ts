import type { AddressInfo } from 'node:net';
import { createConnection, createServer, type Socket } from 'node:net';

/**
 * A way to a server that lets only so many bytes pass, and waits then: what uses it can be killed in the
 * middle.
 */
export interface Choke {
  readonly url: string;
  /** Bytes that have passed since the last `open`. */
  readonly passed: { up: number; down: number };
  /** Lets this many bytes pass each way from now on. */
  open(upBytesMax: number, downBytesMax: number): void;
  /** Resolves once one way is full. */
  whenFull(): Promise<void>;
  /** Breaks all connections, as the kernel does for a process that was killed. */
  drop(): void;
  close(): void;
}

export async function startChoke(serverUrl: string): Promise<Choke> {
  const target = new URL(serverUrl);
  const passed = { up: 0, down: 0 };
  let limits = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY };
  let tellFull: () => void = () => undefined;
  const sockets = new Set<Socket>();

  const forward = (from: Socket, to: Socket, way: 'up' | 'down'): void => {
    from.on('data', (bytes) => {
      passed[way] += bytes.length;
      const isFull = passed[way] >= limits[way];
      if (!to.write(bytes) || isFull) from.pause();
      if (isFull) tellFull();
    });
    to.on('drain', () => {
      if (passed[way] < limits[way]) from.resume();
    });
    from.once('close', () => to.destroy());
    from.once('error', () => to.destroy());
  };
  const server = createServer((client) => {
    const upstream = createConnection({ host: target.hostname, port: Number(target.port) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    forward(client, upstream, 'up');
    forward(upstream, client, 'down');
  });
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    open: (up, down) => {
      [passed.up, passed.down] = [0, 0];
      limits = { up, down };
    },
    whenFull: () =>
      new Promise((resolve) => {
        tellFull = resolve;
      }),
    drop,
    close: () => {
      drop();
      server.close();
    },
  };
}
