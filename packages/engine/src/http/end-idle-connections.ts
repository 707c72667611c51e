import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Replaces how a server gets rid of connections without a request, which it does when it closes: Node
 * destroys them, and with them the end of an answer that is written but has not left yet. Here they are ended
 * in order.
 */
export function endIdleConnectionsGently(server: Server): void {
  /** Requests of each connection whose answers have not left. */
  const open = new Map<Socket, number>();
  const count = (socket: Socket, change: number): void => {
    const known = open.get(socket);
    if (known !== undefined) open.set(socket, known + change);
  };
  server.on('connection', (socket) => {
    open.set(socket, 0);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    count(socket, 1);
    response.once('close', () => count(socket, -1));
  });
  server.closeIdleConnections = () => {
    for (const [socket, requests] of open) if (requests === 0) socket.end();
  };
}
