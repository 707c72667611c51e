import { execFile } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * The key that all other keys are encrypted under. A key service that encrypts by itself has this form too.
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
  return openKeyText(await readOrMake(path), `the key file ${path}`, 'Restore it from a backup.');
}

/**
 * The master key from elsewhere: what a command prints, such as the client of a key service. It is on no
 * disk of this machine then. Throws when the command fails or prints anything else.
 */
export async function openKeyCommand(command: string): Promise<MasterKey> {
  const run = promisify(execFile)('/bin/sh', ['-c', command], { timeout: commandTimeoutMs });
  const { stdout } = await run.catch((error: Error & { stderr?: string }) => {
    const reason = (error.stderr ?? '').trim() || error.message;
    throw new Error(`SPARKLER_KEY_COMMAND failed, so nothing can be decrypted: ${reason.slice(0, 500)}`);
  });
  return openKeyText(stdout, 'the key of SPARKLER_KEY_COMMAND', 'It prints that and nothing else.');
}

/** A key service that does not answer holds the start up no longer than this. */
const commandTimeoutMs = 30_000;

function openKeyText(text: string, origin: string, advice: string): MasterKey {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== 32) {
    throw new Error(`${capitalize(origin)} does not hold 32 bytes in base64. ${advice}`);
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
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
        decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(bytes.length - tagBytes));
        const plain = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes));
        return Buffer.concat([plain, decipher.final()]);
      } catch (error) {
        const message = `${capitalize(origin)} is not the one that ${purpose} was encrypted with: `;
        throw new Error(`${message}use the key that this database was used with before.`, { cause: error });
      }
    },
  };
}

function capitalize(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
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
