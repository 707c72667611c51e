import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { manualProvider } from '../../packages/server/src/billing/payments/manual-provider.ts';
import { openFiles } from '../../packages/server/src/bootstrap/open-files.ts';
import { openSignIn } from '../../packages/server/src/bootstrap/open-sign-in.ts';
import { loadCatalogue } from '../../packages/server/src/catalogue/index.ts';
import { createApp } from '../../packages/server/src/http/app.ts';
import { defaultGatewaySettings } from '../../packages/server/src/http/context.ts';
import type { ControlPlaneContext } from '../../packages/server/src/resources/control-plane-context.ts';
import { mountControlPlane } from '../../packages/server/src/resources/mount-control-plane.ts';
import { loadSettings } from '../../packages/server/src/settings-load.ts';
import { createAuditTrail } from '../../packages/server/src/store/audit-trail.ts';
import type { Database } from '../../packages/server/src/store/database.ts';
import { createKeyDirectory } from '../../packages/server/src/store/key-directory.ts';
import { hashKey, makeKey, readKeySalt } from '../../packages/server/src/store/key-hash.ts';
import { openReconcileQueue } from '../../packages/server/src/store/reconcile-queue.ts';
import { createRoutingTable } from '../../packages/server/src/store/routing-table.ts';
import type { UserRole } from '../../packages/server/src/store/schema.ts';
import { openTestDatabase, type TestDatabase } from '../../packages/server/src/store/testing.ts';

/** The reply to a call. `body` is what was sent, parsed; tests look into it by path. */
export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are compared as they came
  readonly body: any;
  readonly headers: Headers;
}

export interface CallOptions {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The control plane over HTTP on a real database, without engines. */
export interface ControlPlane {
  readonly baseUrl: string;
  readonly database: TestDatabase;
  readonly context: ControlPlaneContext;
  /** Key of the administrator of account `acme`. */
  readonly adminKey: string;
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Reply>;
  /** Makes a user with a key; the account too, when it is new. */
  makeUser(account: string, id: string, role: UserRole, email?: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Settings are given as SPARKLER_* variables; the environment of the test run is not read. `parts` replace
 * what the server would have.
 */
export async function startControlPlane(
  variables: Readonly<Record<string, string>> = {},
  parts: Partial<ControlPlaneContext> = {},
): Promise<ControlPlane> {
  const database = await openTestDatabase();
  const { db } = database;
  const queue = await openReconcileQueue(database.address, { works: false, onError: () => undefined });
  const keys = createKeyDirectory(db, parts.now);
  const { settings } = loadSettings({ SPARKLER_DATA: database.folder, ...variables });
  const files = await openFiles(
    settings,
    db,
    loadCatalogue(settings.catalogueFile || undefined),
    randomUUID(),
  );
  const context: ControlPlaneContext = {
    db,
    queue,
    audit: createAuditTrail(db),
    ...files,
    fleet: null,
    payments: manualProvider,
    settings: { ...defaultGatewaySettings, signIn: settings.signIn, publicUrl: settings.publicUrl },
    ...openSignIn(db, settings),
    log: pino({ level: 'silent' }),
    keys,
    routing: createRoutingTable(db),
    usage: { record: () => undefined },
    metrics: new Registry(),
    wake: () => undefined,
    now: Date.now,
    newId: randomUUID,
    isReady: () => ({ ready: true, reason: null }),
    ...parts,
  };
  const app = createApp(context);
  mountControlPlane(app, context);
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' });

  await db.insertInto('accounts').values({ id: 'fireworks' }).execute();
  const makeUser: ControlPlane['makeUser'] = async (account, id, role, email = '') => {
    const key = await insertUserWithKey(db, account, id, role, email);
    await keys.load();
    return key;
  };
  const adminKey = await makeUser('acme', 'root', 'admin', 'root@acme.test');
  return {
    baseUrl,
    database,
    context,
    adminKey,
    makeUser,
    call: (method, path, body, { key = adminKey, headers = {} } = {}) =>
      sendCall(method, baseUrl + path, body, { authorization: `Bearer ${key}`, ...headers }),
    async close() {
      await app.close();
      await queue.close();
      await database.close();
    },
  };
}

async function insertUserWithKey(
  db: Database,
  account: string,
  id: string,
  role: UserRole,
  email: string,
): Promise<string> {
  const name = `accounts/${account}/users/${id}`;
  await db
    .insertInto('accounts')
    .values({ id: account })
    .onConflict((on) => on.doNothing())
    .execute();
  await db.insertInto('users').values({ name, account, role, email }).execute();
  const { key, prefix } = makeKey();
  const hash = hashKey(await readKeySalt(db), key);
  await db
    .insertInto('api_keys')
    .values({ id: randomUUID(), account, user_name: name, prefix, hash, expire_time: null })
    .execute();
  return key;
}

async function sendCall(
  method: string,
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url, {
    method,
    headers: { ...type, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? null : JSON.parse(text),
    headers: response.headers,
  };
}
