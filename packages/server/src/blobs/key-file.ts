import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';

/**
 * The key that all other keys are encrypted under. Another place for it (a key service) has this form too.
 */
export interface MasterKey {
  /** Encrypts a small secret; `purpose` must be the same when it is opened. */
  seal(secret: Uint8Array, purpose: string): Promise<Buffer>;
  /** Throws when the key or the purpose is another one. */
  open(sealed: Uint8Array, purpose: string): Promise<Buffer>;
}

const nonceBytes = 12;
const tagBytes = 16;

/**
 * The master key in a file that only the server's user can read: 32 random bytes in base64, made on first
 * use. Who loses it loses what was encrypted.
 */
export async function openKeyFile(path: string): Promise<MasterKey> {
  const key = Buffer.from((await readOrMake(path)).trim(), 'base64');
  if (key.length !== 32) {
    throw new Error(`The key file ${path} does not hold 32 bytes in base64. Restore it from a backup.`);
  }
  return {
    async seal(secret, purpose) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([nonce, body, cipher.getAuthTag()]);
    },
    async open(sealed, purpose) {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(bytes.length - tagBytes));
      try {
        const plain = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes));
        return Buffer.concat([plain, decipher.final()]);
      } catch (error) {
        const advice = 'use the key file that this database was used with before';
        throw new Error(
          `The key file ${path} is not the one that ${purpose} was encrypted with: ${advice}.`,
          {
            cause: error,
          },
        );
      }
    },
  };
}

async function readOrMake(path: string): Promise<string> {
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (kept !== null) return kept;
  const made = `${randomBytes(32).toString('base64')}\n`;
  // Whole or not at all: half a key would be found by the next start.
  await writeFile(`${path}.new`, made, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return made;
}
