import type { Socket } from 'node:net';
import { InferenceError, type InferenceErrorStatus, toInferenceErrorBody } from '@sparkler/api';
import type { FastifyInstance } from 'fastify';
import type { GatewaySettings } from './context.ts';

/**
 * Bounds what idle and slow clients can hold: sockets, and through Node's own timeouts the time to send a
 * request.
 */
export function limitConnections(app: FastifyInstance, settings: GatewaySettings): void {
  app.server.maxConnections = settings.connectionsMax;
}

const slowUploads = new WeakSet<Socket>();

/**
 * Lets the request that a socket is sending take any time: files of many gigabytes do. Whoever reads it must
 * give up when nothing comes.
 */
export function allowSlowUpload(socket: Socket): void {
  slowUploads.add(socket);
}

const statusOfCode: Readonly<Record<string, [InferenceErrorStatus, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not arrive in time; send it faster or try again'],
  HPE_HEADER_OVERFLOW: [413, 'the request headers are too large; send fewer or shorter ones'],
};

/**
 * Answers what Node could not read as HTTP; there is no request object then, so the bytes are written by
 * hand.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && slowUploads.has(socket)) return;
  if (!socket.writable || socket.destroyed) {
    socket.destroy();
    return;
  }
  const [status, message] = statusOfCode[error.code ?? ''] ?? [400, 'the request is not valid HTTP/1.1'];
  const body = JSON.stringify(toInferenceErrorBody(new InferenceError(status, message)));
  const reason = status === 408 ? 'Request Timeout' : status === 413 ? 'Payload Too Large' : 'Bad Request';
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
