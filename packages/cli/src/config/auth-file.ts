import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { UsageError } from '../exit-codes.ts';

/** One section of auth.ini. */
export interface Profile {
  readonly api_key?: string;
  readonly account_id?: string;
  readonly api_base?: string;
}

export const defaultProfile = 'fireworks';

/** `~/.fireworks/auth.ini`, or the folder in FIREWORKS_CONFIG_DIR. */
export function authFilePath(environment: NodeJS.ProcessEnv): string {
  return join(environment.FIREWORKS_CONFIG_DIR ?? join(homedir(), '.fireworks'), 'auth.ini');
}

/**
 * Sections of an auth.ini; a missing file has none. Throws UsageError naming the line that cannot be read.
 */
export function readAuthFile(path: string): Map<string, Profile> {
  if (!existsSync(path)) return new Map();
  const profiles = new Map<string, Record<string, string>>();
  let current = defaultProfile;
  readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .forEach((raw, index) => {
      const line = raw.trim();
      if (line === '' || line.startsWith('#') || line.startsWith(';')) return;
      const section = /^\[([^\]]+)\]$/.exec(line);
      const pair = /^([A-Za-z_]+)\s*=\s*(.*)$/.exec(line);
      if (section !== null) current = section[1]!.trim();
      else if (pair !== null) profiles.set(current, { ...profiles.get(current), [pair[1]!]: pair[2]! });
      else throw new UsageError(`${path} line ${index + 1} is neither [profile] nor key = value`);
    });
  return profiles;
}

/** Changes one profile, keeping the others. The file holds keys, so only its owner may read it. */
export function writeProfile(path: string, name: string, change: Profile): void {
  const profiles = readAuthFile(path);
  profiles.set(name, { ...profiles.get(name), ...change });
  const text = [...profiles]
    .map(([section, profile]) => {
      const pairs = Object.entries(profile).map(([key, value]) => `${key} = ${value}`);
      return [`[${section}]`, ...pairs].join('\n');
    })
    .join('\n\n');
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, `${text}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
