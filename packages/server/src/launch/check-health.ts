import { request } from 'node:http';

/** Asks a replica whether it serves; true only for a 200 within the time. Never rejects. */
export function checkHealth(socketPath: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request({ socketPath, path: '/health', timeout: timeoutMs, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asking.once('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.once('error', () => resolve(false));
    asking.end();
  });
}
