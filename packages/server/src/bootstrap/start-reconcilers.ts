import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Fleet } from '../capacity/fleet.ts';
import type { HostRoom } from '../capacity/host/host-room.ts';
import type { Inventory } from '../capacity/inventory.ts';
import type { CatalogueEntry } from '../catalogue/index.ts';
import { createChildProcessLauncher } from '../launch/child-process.ts';
import { afterRealTime, createDelayedLauncher } from '../launch/delayed-launcher.ts';
import type { Launcher } from '../launch/launcher.ts';
import { startBlobCollector } from '../model-work/collect-blobs.ts';
import { createDatasetsReconciler } from '../reconcile/datasets/reconciler.ts';
import { createDeployedModelsReconciler } from '../reconcile/deployed-models/reconciler.ts';
import { unloadIdleAddons } from '../reconcile/deployed-models/unload-idle.ts';
import { createDeploymentsReconciler } from '../reconcile/deployments/reconciler.ts';
import { startDriver } from '../reconcile/driver.ts';
import { createFineTuningReconciler } from '../reconcile/fine-tuning-jobs/reconciler.ts';
import type { TrainerWorker } from '../reconcile/fine-tuning-jobs/trainer-config.ts';
import { createModelJobsReconciler } from '../reconcile/model-jobs/reconciler.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { createWeights, type Weights } from '../reconcile/weights.ts';
import type { Settings } from '../settings.ts';
import { forgetNode } from '../store/deployment-observed.ts';
import { createLeadership } from '../store/leadership.ts';
import type { ReconcileQueue } from '../store/reconcile-queue.ts';
import { createReconcileResults } from '../store/reconcile-results.ts';
import { openAddon, openModelFiles } from './find-files.ts';
import { createFineTuningSupport } from './fine-tuning-support.ts';
import { createLeaderWork } from './leader-work.ts';
import type { FileParts } from './open-files.ts';
import { createInventory } from './open-fleet.ts';
import { createFreeMemoryReader, createHostNotes, createHostRoom } from './open-host-room.ts';
import type { OpenStore } from './open-store.ts';
import type { StartListener } from './progress.ts';
import type { StopList } from './stop-list.ts';

export interface ReconcilerParts {
  readonly settings: Settings;
  readonly store: OpenStore;
  readonly queue: ReconcileQueue;
  readonly catalogue: readonly CatalogueEntry[];
  readonly files: FileParts;
  readonly fleet: Fleet | null;
  readonly tell: StartListener;
  readonly log: Logger;
}

/** Losses of a simulated fleet happen at their time, give or take this. */
const lossLookMs = 500;

/** Starts everything that acts: launcher, fetching of models, reconcilers. */
export async function startReconcilers(parts: ReconcilerParts, stops: StopList): Promise<void> {
  const { settings, store, queue, catalogue, files, log } = parts;
  const { db } = store.database;
  const inventory = parts.fleet === null ? null : createInventory(parts.fleet, db);
  // A fleet is simulated by processes that need next to nothing.
  const hostRoom = parts.fleet === null ? createHostRoom(settings) : null;
  const launcher = await startLauncher(parts, inventory, stops);
  // At once, and whoever leads: what has ended holds nothing.
  if (hostRoom !== null)
    launcher.onChange((deployment) => void launcher.observe(deployment).then((seen) => hostRoom.note(seen)));
  const weights = startWeights(parts, stops);
  const deployments = startDeployments(parts, { launcher, weights, inventory, hostRoom });
  const deployedModels = createDeployedModelsReconciler(db, (model) => openAddon(db, parts.files, model));
  const jobsFolder = join(settings.dataFolder, 'jobs');
  const fineTuning = createFineTuningReconciler({
    db,
    queue,
    support: createFineTuningSupport({ db, files: parts.files, weights, catalogue, dataFolder: jobsFolder }),
    jobsFolder,
    threads: settings.engineThreads,
    readFreeMemory: createFreeMemoryReader(settings, hostRoom),
    worker: chooseTrainer(settings),
    wandb: { sealer: files.sealer, baseUrl: settings.wandbUrl },
    onError: (error) =>
      log.warn({ err: error }, 'a fine-tuning job could not be looked at; the next sweep does'),
  });
  stops.add('trainers', () => fineTuning.close());
  const modelJobs = createModelJobsReconciler({
    db,
    ...parts.files,
    threads: settings.engineThreads,
    openFiles: (model, signal) => openModelFiles(db, catalogue, weights, parts.files, model, signal),
    onError: (error, job) => log.warn({ err: error, job }, 'a job on a model failed'),
  });
  stops.add('jobs on models', () => modelJobs.close());
  const datasets = createDatasetsReconciler({
    db,
    ...parts.files,
    onError: (error, dataset) => log.warn({ err: error, dataset }, 'a dataset could not be fetched'),
  });
  stops.add('datasets', () => datasets.close());
  const collector = startBlobCollector(db, parts.files.blobs, parts.files.workingCopies, (error) =>
    log.warn({ err: error }, 'files of deleted resources could not be removed; it is tried again'),
  );
  stops.add('removal of files', () => collector.close());
  startIdleUnloading(parts, stops);
  const driver = startDriver({
    reconcilers: [deployments, deployedModels, fineTuning, modelJobs, datasets],
    queue,
    leadership: createLeadership(store.address, (error) =>
      log.warn({ err: error }, 'lost the lead of reconciling'),
    ),
    results: createReconcileResults(db),
    log,
    whileLeading: createLeaderWork({
      settings,
      db,
      queue,
      launcher,
      fineTuning,
      node: store.dataFolder.nodeId,
      log,
      ...(hostRoom === null
        ? {}
        : { hostNotes: createHostNotes({ db, node: store.dataFolder.nodeId, settings, hostRoom }) }),
    }),
  });
  stops.add('reconcilers', () => driver.close());
}

interface DeploymentsParts {
  readonly launcher: Launcher;
  readonly weights: Weights;
  readonly inventory: Inventory | null;
  readonly hostRoom: HostRoom | null;
}

function startDeployments(
  { settings, store, queue, catalogue, log }: ReconcilerParts,
  { launcher, weights, inventory, hostRoom }: DeploymentsParts,
): Reconciler {
  const { db } = store.database;
  return createDeploymentsReconciler({
    db,
    queue,
    launcher,
    weights,
    catalogue,
    nodeId: store.dataFolder.nodeId,
    ...(inventory === null ? {} : { inventory }),
    ...(hostRoom === null ? {} : { hostRoom }),
    engine: {
      runner: settings.runner,
      threads: settings.engineThreads,
      cells: settings.engineCells,
      sequences: settings.engineSequences,
      batchTokens: settings.engineBatchTokens,
    },
    makeReplicaId,
    now: Date.now,
    onError: (error) =>
      log.warn({ err: error }, 'a reconcile request could not be queued; the next sweep repeats it'),
  });
}

/** The Python trainer, or null for the embedded one. */
function chooseTrainer(settings: Settings): TrainerWorker | null {
  if (settings.trainer === 'embedded') return null;
  const { trainerDevice: device, trainerProcesses: processes } = settings;
  const usual = join(settings.cacheFolder, 'gpu-trainer', 'bin', 'python');
  return { python: settings.trainerPython || usual, device, processes };
}

/** A week is long: looking once in a while is enough. */
const idleLookMs = 600_000;

function startIdleUnloading({ store, queue, log }: ReconcilerParts, stops: StopList): void {
  const onUnload = (deployedModel: string) =>
    log.info({ deployedModel }, 'unloaded an addon unused for a week');
  const look = () =>
    unloadIdleAddons({ db: store.database.db, queue, now: Date.now, onUnload }).catch((error) =>
      log.warn({ err: error }, 'idle addons could not be looked for; the next look does'),
    );
  const timer = setInterval(look, idleLookMs).unref();
  stops.add('unloading of idle addons', async () => clearInterval(timer));
}

async function startLauncher(
  parts: ReconcilerParts,
  inventory: Inventory | null,
  stops: StopList,
): Promise<Launcher> {
  const { settings, store } = parts;
  const processes = await createChildProcessLauncher({
    socketFolder: store.socketFolder,
    logFolder: join(settings.dataFolder, 'logs', 'replicas'),
    compileCacheFolder: join(settings.dataFolder, 'compile-cache'),
    timeouts: {
      startMs: settings.replicaStartTimeoutMs,
      healthMs: settings.replicaHealthTimeoutMs,
      drainMs: settings.replicaDrainTimeoutMs,
    },
  });
  const launcher =
    inventory === null
      ? processes
      : createDelayedLauncher({ inner: processes, after: afterRealTime, now: Date.now });
  if (inventory !== null) {
    const timer = setInterval(() => {
      for (const replica of inventory.takeLosses()) void launcher.stop(replica);
    }, lossLookMs).unref();
    stops.add('simulated losses', async () => clearInterval(timer));
  }
  launcher.onLoading((deployment, fraction) => parts.tell({ kind: 'model-load', deployment, fraction }));
  stops.add('replicas', async () => {
    await launcher.close();
    await forgetNode(store.database.db, store.dataFolder.nodeId);
  });
  return launcher;
}

function startWeights(parts: ReconcilerParts, stops: StopList): Weights {
  const { settings } = parts;
  const weights = createWeights({
    cacheFolder: settings.cacheFolder,
    modelsFolder: settings.modelsFolder || undefined,
    workingCopies: parts.files.workingCopies,
    onProgress: (model, progress) => parts.tell({ kind: 'model-fetch', model, progress }),
  });
  stops.add('model downloads', () => weights.close());
  return weights;
}

let replicasMade = 0;

/** Sorts by time; short, because it becomes part of a socket's path. */
function makeReplicaId(): string {
  replicasMade += 1;
  return `${Date.now().toString(36)}-${(replicasMade % 46_656).toString(36).padStart(3, '0')}`;
}
