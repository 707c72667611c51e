import { Fireworks } from '@sparkler/sdk';
import { authFilePath, defaultProfile, type Profile, readAuthFile } from './config/auth-file.ts';
import { UsageError } from './exit-codes.ts';
import type { Streams } from './streams.ts';

/** Flags that every command has. */
export interface GlobalFlags {
  readonly accountId?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly profile?: string | undefined;
  readonly output: 'text' | 'json';
  readonly dryRun: boolean;
  readonly quiet: boolean;
}

/** What commands work with. */
export interface Session {
  readonly flags: GlobalFlags;
  readonly streams: Streams;
  readonly environment: NodeJS.ProcessEnv;
  readonly profileName: string;
  readonly profile: Profile;
  readonly authFile: string;
  /** Made on first use, so that commands that need no key work without one. */
  client(): Fireworks;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface SessionParts {
  readonly flags: GlobalFlags;
  readonly streams: Streams;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * Flags win over the environment, the environment over auth.ini; a profile that `--profile` names wins over
 * the environment too, which may hold a key for everyday use.
 */
export function createSession({ flags, streams, environment, signal }: SessionParts): Session {
  const authFile = authFilePath(environment);
  const profileName = flags.profile ?? environment.FIREWORKS_PROFILE ?? defaultProfile;
  const known = readAuthFile(authFile);
  const profile = known.get(profileName) ?? {};
  const isNamed = flags.profile !== undefined;
  const choose = (flag: string | undefined, variable: string | undefined, kept: string | undefined) =>
    flag ?? (isNamed ? (kept ?? variable) : (variable ?? kept));
  let client: Fireworks | null = null;
  return {
    flags,
    streams,
    environment,
    profileName,
    profile,
    authFile,
    signal,
    client: () => {
      if (profileName !== defaultProfile && !known.has(profileName)) {
        throw new UsageError(explainProfile(profileName, authFile, [...known.keys()]));
      }
      client ??= new Fireworks({
        apiKey: choose(flags.apiKey, environment.FIREWORKS_API_KEY, profile.api_key),
        baseURL: choose(undefined, environment.FIREWORKS_API_BASE, profile.api_base),
        accountId: choose(flags.accountId, environment.FIREWORKS_ACCOUNT_ID, profile.account_id),
        headers: { 'user-agent': 'firectl/0.1.0' },
      });
      return client;
    },
  };
}

function explainProfile(name: string, authFile: string, known: readonly string[]): string {
  const there = known.length > 0 ? ` (there are: ${known.join(', ')})` : '';
  return `there is no profile '${name}' in ${authFile}${there}; make it with: firectl signin --profile ${name}`;
}
