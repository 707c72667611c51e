import { chown, readFile, stat } from 'node:fs/promises';
import { dieWithParent } from '../../launch/die-with-parent.ts';

/** As whom Postgres runs. */
export interface PostgresIdentity {
  /** Words before a Postgres command; the first is the program to spawn when there is any. */
  readonly prefix: readonly string[];
  /** Gives a folder to that user. */
  own(folder: string): Promise<void>;
}

/** Capability bits of Linux. */
const chownBit = 0n;
const dacOverrideBit = 1n;
const dacReadSearchBit = 2n;
const setgidBit = 6n;
const setuidBit = 7n;

/**
 * Postgres refuses to run as root, so root runs it as `nobody`, which cannot even look into /root (mode
 * 0700), where both the programs and the data folder may be. It therefore keeps one capability, to pass and
 * read folders; with it the data folder stays closed to every other process of `nobody`. A plain user runs
 * Postgres as itself.
 */
export async function choosePostgresIdentity(clusterFolder: string): Promise<PostgresIdentity> {
  const stopWithUs = dieWithParent('INT');
  if (process.getuid?.() !== 0) return { prefix: stopWithUs, own: async () => undefined };
  const capabilities = await readCapabilities();
  const needed = [chownBit, setgidBit, setuidBit];
  if (stopWithUs.length === 0 || needed.some((bit) => !hasCapability(capabilities, bit)))
    throw cannotChangeUser();
  const { uid, gid } = await chooseUser(clusterFolder);
  const prefix = ['setpriv', '--pdeathsig', 'INT', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  // Read-and-search is enough and less than override, but container runtimes often grant only the latter.
  if (hasCapability(capabilities, dacReadSearchBit)) prefix.push(...keepOnly('dac_read_search'));
  else if (hasCapability(capabilities, dacOverrideBit)) prefix.push(...keepOnly('dac_override'));
  return { prefix: [...prefix, '--'], own: (folder) => chown(folder, uid, gid) };
}

function keepOnly(capability: string): string[] {
  return [`--inh-caps=-all,+${capability}`, `--ambient-caps=-all,+${capability}`];
}

function cannotChangeUser(): Error {
  return new Error(
    'Postgres does not run as root, and this root cannot start it as another user (that needs setpriv of util-linux ' +
      'and the capabilities chown, setuid and setgid). Run sparkler as a plain user, or set DATABASE_URL.',
  );
}

function hasCapability(capabilities: bigint, bit: bigint): boolean {
  return ((capabilities >> bit) & 1n) === 1n;
}

async function readCapabilities(): Promise<bigint> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
}

/** The owner of an existing cluster (Postgres insists on it), else `nobody`, which exists everywhere. */
async function chooseUser(clusterFolder: string): Promise<{ uid: number; gid: number }> {
  const existing = await stat(clusterFolder).catch(() => null);
  if (existing && existing.uid !== 0) return { uid: existing.uid, gid: existing.gid };
  const users = await readFile('/etc/passwd', 'utf8');
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/m.exec(users) ?? [];
  if (uid === undefined || gid === undefined) throw cannotChangeUser();
  return { uid: Number(uid), gid: Number(gid) };
}
