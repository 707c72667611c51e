import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import packageFile from '../../package.json' with { type: 'json' };
import { findPaymentProvider } from '../billing/payments/payment-providers.ts';
import type { Fleet } from '../capacity/fleet.ts';
import { CatalogueFileError, findCatalogueEntry, loadCatalogue } from '../catalogue/index.ts';
import { createApp } from '../http/app.ts';
import type { GatewaySettings } from '../http/context.ts';
import { DeploymentLoads } from '../inference/deployment-loads.ts';
import { addRemoteEngines, type RemoteEngine } from '../inference/remote-engines.ts';
import { startClaimKeeper } from '../model-work/keep-claims.ts';
import type { ControlPlaneContext } from '../resources/control-plane-context.ts';
import { mountControlPlane } from '../resources/mount-control-plane.ts';
import type { Settings } from '../settings.ts';
import { SettingsError } from '../settings-load.ts';
import { writeKeyUses } from '../store/api-keys.ts';
import { createAuditTrail } from '../store/audit-trail.ts';
import { forgetNode } from '../store/deployment-observed.ts';
import { createKeyDirectory } from '../store/key-directory.ts';
import { listenForNotices } from '../store/notices.ts';
import { openReconcileQueue, type ReconcileQueue } from '../store/reconcile-queue.ts';
import { createRefresher } from '../store/refresher.ts';
import { createRequestLog } from '../store/request-logs.ts';
import { createRoutingTable, type LoadedRoutingTable } from '../store/routing-table.ts';
import { wakeDeployment } from '../store/wake-deployment.ts';
import { type AccountStandings, createAccountStandings } from './account-standings.ts';
import { catalogueModelName, publishCatalogue } from './catalogue-models.ts';
import { openDataFolder } from './data-folder.ts';
import { makeDefaultDeployment } from './default-deployment.ts';
import { makeFirstAccount } from './first-account.ts';
import { makeFirstSignInLink } from './first-sign-in-link.ts';
import { checkPortFree, closeGently, listen } from './listen.ts';
import { loadRemoteEngines } from './load-remote-engines.ts';
import { type FileParts, openFiles } from './open-files.ts';
import { openFleet } from './open-fleet.ts';
import { openRates } from './open-rates.ts';
import { openSignIn } from './open-sign-in.ts';
import { openSpending } from './open-spending.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { createPreviewJob } from './preview-job.ts';
import type { StartListener } from './progress.ts';
import { startBilling } from './start-billing.ts';
import { startLoadReports } from './start-load-reports.ts';
import { startReconcilers } from './start-reconcilers.ts';
import { createStopList, type StopList } from './stop-list.ts';
import { whenServing } from './when-serving.ts';

export interface StartHooks {
  readonly onProgress?: StartListener;
  /** Where to log; JSON lines on stderr unless given. */
  readonly log?: Logger;
  /** Gives the start up, at its next step; what was started is stopped. */
  readonly signal?: AbortSignal;
}

export interface RunningServer {
  /** Null when no role listens. */
  readonly baseUrl: string | null;
  readonly dataFolder: string;
  readonly apiKeyFile: string;
  /** The first key, when this start made it. It is not shown again. */
  readonly newApiKey: string | null;
  /** Full name of the model of SPARKLER_MODEL, or null when there is none. */
  readonly defaultModel: string | null;
  /**
   * Makes a one-time link that signs the first account's administrator in. Null when nobody can sign in by
   * the address that it listens on, there is no such user, or the database is away.
   */
  makeSignInLink(): Promise<string | null>;
  /** Resolves when the model (full name) is served; rejects with the reason when it can't be. */
  whenServing(model: string, signal: AbortSignal): Promise<void>;
  /** Stops everything in order; may be called again. */
  close(): Promise<void>;
}

/** How often tables are read again although no notice came. */
const pollMs = 10_000;
/** How often it is noted which keys were used. */
const keyUsesMs = 5_000;

/**
 * Starts the server: data folder, Postgres, migrations, accounts, reconcilers with their engine replicas,
 * HTTP. Each step leans on those before it; stopping goes the other way round. When a step fails, what was
 * started is stopped.
 */
export async function startServer(settings: Settings, hooks: StartHooks = {}): Promise<RunningServer> {
  const log = hooks.log ?? pino({ level: settings.logLevel }, pino.destination({ dest: 2, sync: true }));
  const stops = createStopList((name, error) => log.error({ err: error }, `stopping ${name} failed`));
  try {
    const tell: StartListener = (event) => {
      if (event.kind === 'step') hooks.signal?.throwIfAborted();
      hooks.onProgress?.(event);
    };
    const server = await startParts(settings, tell, log, stops);
    hooks.signal?.throwIfAborted();
    return server;
  } catch (error) {
    await stops.stopAll();
    throw error;
  }
}

async function startParts(
  settings: Settings,
  tell: StartListener,
  log: Logger,
  stops: StopList,
): Promise<RunningServer> {
  const catalogue = loadCatalogue(settings.catalogueFile || undefined);
  const defaultModel = resolveDefaultModel(settings, catalogue);
  const remote = loadRemoteEngines(settings.remoteEnginesFile, settings.providerAccount, catalogue);
  tell({ kind: 'step', step: 'data-folder', text: `Data folder ${settings.dataFolder}` });
  const fleet = openFleet(settings);
  const dataFolder = await openDataFolder(settings.dataFolder);
  stops.add('data folder', () => dataFolder.release());
  const listens = settings.roles.includes('api') || settings.roles.includes('gateway');
  // After the folder: of two servers on one, the second should hear of the folder, not of the port.
  if (listens) await checkPortFree(settings.host, settings.port);
  const store = await openStore(settings, dataFolder, tell, log, stops);
  const { db } = store.database;

  tell({ kind: 'step', step: 'accounts', text: 'Accounts, keys and models' });
  const apiKeyFile = join(settings.dataFolder, 'api-key');
  const newApiKey = await makeFirstAccount(db, { ...settings, apiKeyFile });
  await publishCatalogue(db, settings.providerAccount, catalogue);
  if (defaultModel !== null) await makeDefaultDeployment(db, settings.providerAccount, defaultModel);

  const reconciles = settings.roles.includes('reconciler');
  if (reconciles) await forgetNode(db, dataFolder.nodeId);
  const queue = await openReconcileQueue(store.address, {
    works: reconciles,
    onError: (error) => log.warn({ err: error }, 'the reconcile queue had a problem; it goes on'),
  });
  stops.add('reconcile queue', () => queue.close());
  const directories = await openDirectories(store, remote, log, stops);
  const files = await openFiles(settings, db, catalogue, dataFolder.nodeId);
  const claims = await startClaimKeeper(files.claims, (error) =>
    log.warn({ err: error }, 'claims to files on their way could not be kept; it is tried again'),
  );
  stops.add('claims to files', () => claims.close());
  const loads = new DeploymentLoads();
  if (listens) startLoadReports({ db, loads, log }, stops);
  if (reconciles) {
    tell({ kind: 'step', step: 'reconciler', text: 'Starting reconcilers' });
    await startReconcilers({ settings, store, queue, catalogue, files, fleet, tell, log }, stops);
    const { standings } = directories;
    const payments = findPaymentProvider(settings.payments);
    startBilling({ db, queue, node: dataFolder.nodeId, standings, payments, log }, stops);
  }
  const http = { files, fleet, loads, tell, log, stops };
  const baseUrl = listens ? await startHttp(settings, store, directories, queue, http) : null;
  return {
    baseUrl,
    dataFolder: settings.dataFolder,
    apiKeyFile,
    newApiKey,
    defaultModel,
    makeSignInLink: async () => {
      if (baseUrl === null) return null;
      // A convenience: a database that is away for a moment must not end a server that runs.
      return makeFirstSignInLink(db, settings, baseUrl).catch((error: Error) => {
        log.warn({ err: error }, 'no link to sign in could be made; firectl sign-in-link makes one later');
        return null;
      });
    },
    whenServing: (model, signal) => whenServing(directories.routing, model, signal),
    close: () => stops.stopAll(),
  };
}

function resolveDefaultModel(settings: Settings, catalogue: ReturnType<typeof loadCatalogue>): string | null {
  if (settings.model === '') return null;
  try {
    return catalogueModelName(settings.providerAccount, findCatalogueEntry(catalogue, settings.model).name);
  } catch (error) {
    if (error instanceof CatalogueFileError)
      throw new SettingsError(`SPARKLER_MODEL is '${settings.model}'. ${error.message}`);
    throw error;
  }
}

interface Directories {
  readonly keys: ReturnType<typeof createKeyDirectory>;
  readonly routing: LoadedRoutingTable;
  readonly standings: AccountStandings;
}

/** Loads keys and routes, and keeps them fresh by notices, with a slow poll beneath. */
async function openDirectories(
  store: OpenStore,
  remote: readonly RemoteEngine[],
  log: Logger,
  stops: StopList,
): Promise<Directories> {
  const keys = createKeyDirectory(store.database.db);
  const routing = createRoutingTable(store.database.db, {
    models: remote.map((engine) => engine.model),
    add: (snapshot) => addRemoteEngines(snapshot, remote),
  });
  const standings = createAccountStandings(store.database.db);
  await Promise.all([keys.load(), routing.load(), standings.load()]);
  const onError = (error: Error) =>
    log.warn({ err: error }, 'keys or routes could not be refreshed; the last ones stay');
  const keysRefresher = createRefresher(
    () => Promise.all([keys.load(), standings.load()]).then(() => undefined),
    {
      pollMs,
      onError,
    },
  );
  const routingRefresher = createRefresher(() => routing.load(), { pollMs, onError });
  const listener = listenForNotices(
    store.address,
    { sparkler_keys: keysRefresher.request, sparkler_routing: routingRefresher.request },
    (error) => log.warn({ err: error }, 'the connection for notices broke; connecting again'),
  );
  const noteUses = () =>
    writeKeyUses(store.database.db, keys.takeUses()).catch((error: Error) =>
      log.warn({ err: error }, 'when keys were used could not be noted'),
    );
  const timer = setInterval(noteUses, keyUsesMs).unref();
  stops.add('directories', async () => {
    clearInterval(timer);
    await noteUses();
    keysRefresher.close();
    routingRefresher.close();
    await listener.close();
  });
  return { keys, routing, standings };
}

async function startHttp(
  settings: Settings,
  store: OpenStore,
  { keys, routing, standings }: Directories,
  queue: ReconcileQueue,
  parts: {
    readonly files: FileParts;
    readonly fleet: Fleet | null;
    readonly loads: DeploymentLoads;
    readonly tell: StartListener;
    readonly log: Logger;
    readonly stops: StopList;
  },
): Promise<string> {
  const { files, fleet, loads, tell, log, stops } = parts;
  tell({ kind: 'step', step: 'http', text: 'Starting the API' });
  const { db } = store.database;
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const billed = await openSpending({ settings, store, standings, log, metrics, stops });
  const limiter = openRates({ db, gateway: billed.gatewayId, standings, log }, stops);
  const requestLog = createRequestLog(db, ({ message }) =>
    log.warn({ cause: message }, 'a text could not be stored'),
  );
  stops.add('request log', () => requestLog.close());
  const context: ControlPlaneContext = {
    db,
    queue,
    audit: createAuditTrail(db),
    ...openSignIn(db, settings),
    ...files,
    fleet,
    payments: findPaymentProvider(settings.payments),
    previewJob: createPreviewJob({ db, files, dataFolder: join(settings.dataFolder, 'jobs') }),
    trainsOnGpus: settings.trainer === 'python',
    trainerThreads: settings.engineThreads,
    settings: toGatewaySettings(settings),
    log,
    keys,
    routing,
    ...billed,
    limiter,
    loads,
    requestLog,
    metrics,
    wake(deployment) {
      wakeDeployment(db, queue, deployment).catch((error) =>
        log.warn({ err: error, deployment }, 'could not wake it'),
      );
    },
    now: Date.now,
    newId: randomUUID,
    // Keys and routes were loaded before this context was made; from then on memory serves even without
    // Postgres.
    isReady: () => ({ ready: true, reason: null }),
    // Callers are told before they are cut.
    drainTimeoutMs: Math.floor(settings.stopTimeoutMs * 0.8),
  };
  const app = createApp(context);
  if (settings.roles.includes('api')) mountControlPlane(app, context);
  stops.add('HTTP', () => closeGently(app, settings.stopTimeoutMs));
  return listen(app, settings.host, settings.port);
}

function toGatewaySettings(settings: Settings): GatewaySettings {
  return { ...settings, operatorAccount: settings.account, version: packageFile.version };
}
