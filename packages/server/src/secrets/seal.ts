import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Keeps secrets of others (keys for services) unreadable in the database and its backups. */
export interface SecretSealer {
  /** AES-256-GCM under the server's key. `place` says what it is for: it opens there only. */
  sealSecret(secret: string, place: string): string;
  /** Throws SealError for a text that was sealed elsewhere, under another key, or changed. */
  openSecret(sealed: string, place: string): string;
}

export class SealError extends Error {
  override readonly name = 'SealError';
}

const version = 'v1';
const keyBytes = 32;

export function createSealer(key: Buffer): SecretSealer {
  if (key.length !== keyBytes) throw new SealError(`a secret key has ${keyBytes} bytes, not ${key.length}`);
  return {
    sealSecret(secret, place) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return [version, nonce, text, cipher.getAuthTag()]
        .map((part) => (typeof part === 'string' ? part : part.toString('base64url')))
        .join('.');
    },
    openSecret(sealed, place) {
      const [found, nonce = '', text = '', tag = ''] = sealed.split('.');
      if (found !== version) throw new SealError('not a sealed secret');
      try {
        const cipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'))
          .setAAD(Buffer.from(place))
          .setAuthTag(Buffer.from(tag, 'base64url'));
        return Buffer.concat([cipher.update(Buffer.from(text, 'base64url')), cipher.final()]).toString(
          'utf8',
        );
      } catch {
        throw new SealError('sealed under another key or for another place; set the secret again');
      }
    },
  };
}

/**
 * The sealer of this server. Its key lies in the data folder, not in the database: made at the first start,
 * readable by the server's user alone. Servers that share a database need the same file.
 */
export async function openSealer(dataFolder: string): Promise<SecretSealer> {
  const path = join(dataFolder, 'secret-key');
  await writeFile(path, randomBytes(keyBytes).toString('base64'), { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
  await chmod(path, 0o600);
  return createSealer(Buffer.from(await readFile(path, 'utf8'), 'base64'));
}
