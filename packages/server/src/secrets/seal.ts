import type { MasterKey } from '../blobs/key-file.ts';

/** Keeps secrets of others (keys for services) unreadable in the database and its backups. */
export interface SecretSealer {
  /** Text for the database. `place` says what it is for: it opens there only. */
  sealSecret(secret: string, place: string): Promise<string>;
  /** Rejects for a text that was sealed elsewhere, under another key, or changed. */
  openSecret(sealed: string, place: string): Promise<string>;
}

/** Seals under the server's master key, which is not in the database. */
export function createSealer(key: MasterKey): SecretSealer {
  return {
    sealSecret: async (secret, place) => (await key.seal(Buffer.from(secret), place)).toString('base64'),
    openSecret: async (sealed, place) =>
      (await key.open(Buffer.from(sealed, 'base64'), place)).toString('utf8'),
  };
}
