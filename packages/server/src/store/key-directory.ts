import { timingSafeEqual } from 'node:crypto';
import type { KeyDirectory, KeyScope, Principal } from '../http/principal.ts';
import type { Database } from './database.ts';
import { hashKey, readKeySalt } from './key-hash.ts';
import { toPrincipal } from './principal-row.ts';

interface KnownKey {
  readonly hash: Buffer;
  readonly expireTimeMs: number;
  readonly principal: Principal;
}

/** All keys in memory, replaced whole by each `load`. */
export interface LoadedKeyDirectory extends KeyDirectory {
  load(): Promise<void>;
  /** When keys were used since the last call, ms by id. */
  takeUses(): ReadonlyMap<string, number>;
}

export function createKeyDirectory(db: Database, now: () => number = Date.now): LoadedKeyDirectory {
  let salt: Buffer | null = null;
  let keys: ReadonlyMap<string, KnownKey> = new Map();
  const uses = new Map<string, number>();
  let begun = 0;
  let applied = 0;
  async function load(): Promise<void> {
    begun += 1;
    const turn = begun;
    salt ??= await readKeySalt(db);
    const read = await readKeys(db);
    // Of loads that overlap, the one begun last has the newest keys, whichever ends last.
    if (turn < applied) return;
    applied = turn;
    keys = read;
  }
  return {
    find(key) {
      if (salt === null) return null;
      const hash = hashKey(salt, key);
      const known = keys.get(hash.toString('base64'));
      // The map already compared; comparing again in constant time keeps that true whatever the map does.
      if (!known || !timingSafeEqual(known.hash, hash)) return null;
      const nowMs = now();
      if (nowMs >= known.expireTimeMs) return null;
      uses.set(known.principal.apiKeyId, nowMs);
      return known.principal;
    },
    hash: (key) => (salt === null ? null : hashKey(salt, key)),
    load,
    refresh: load,
    takeUses() {
      const taken = new Map(uses);
      uses.clear();
      return taken;
    },
  };
}

async function readKeys(db: Database): Promise<Map<string, KnownKey>> {
  const rows = await db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.name', 'api_keys.user_name')
    .innerJoin('accounts', 'accounts.id', 'api_keys.account')
    .select([
      'api_keys.id',
      'api_keys.account',
      'user_name',
      'hash',
      'expire_time',
      'models',
      'deployments',
      'is_read_only',
      'role',
      'is_service_account',
      'stop_text',
      'log_requests',
    ])
    .execute();
  return new Map(
    rows.map((row) => [
      row.hash.toString('base64'),
      {
        hash: row.hash,
        expireTimeMs: row.expire_time?.getTime() ?? Number.POSITIVE_INFINITY,
        principal: { ...toPrincipal(row, row.id), ...scopeOf(row) },
      },
    ]),
  );
}

function scopeOf(row: {
  readonly models: string[] | null;
  readonly deployments: string[] | null;
  readonly is_read_only: boolean;
}): { readonly scope?: KeyScope } {
  const { models, deployments, is_read_only: readOnly } = row;
  if (models === null && deployments === null && !readOnly) return {};
  const toSet = (names: string[] | null) => (names === null ? null : new Set(names));
  return { scope: { models: toSet(models), deployments: toSet(deployments), readOnly } };
}
