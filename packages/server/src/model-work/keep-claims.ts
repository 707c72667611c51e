import type { BlobClaims } from '../store/blob-claims.ts';

export interface ClaimKeeper {
  close(): Promise<void>;
}

const renewMs = 15_000;
/** Many renewals missed: long enough for a database that restarts, short enough for people who wait. */
const silenceMaxMs = 300_000;

/**
 * Keeps what this server claims while it lives, and takes back the claims of servers that are gone: its own
 * earlier lives at once, others after a while. Every server does this, whatever its roles.
 */
export async function startClaimKeeper(
  claims: BlobClaims,
  onError: (error: Error) => void,
): Promise<ClaimKeeper> {
  await claims.dropOwn();
  let running = Promise.resolve();
  const keep = () => {
    running = running
      .then(() => claims.renew())
      .then(() => claims.dropSilent(silenceMaxMs))
      .catch(onError);
  };
  const timer = setInterval(keep, renewMs).unref();
  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}
