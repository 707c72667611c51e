import type { BlobStore } from '../../blobs/blob-store.ts';
import { DatasetRefusedError } from '../../dataset-work/check-examples.ts';
import { changeDataset, completeDataset } from '../../dataset-work/complete-dataset.ts';
import { type ExternalFiles, readExternalUrl } from '../../dataset-work/external-source.ts';
import { fetchExternal } from '../../dataset-work/fetch-external.ts';
import type { Database } from '../../store/database.ts';
import { listUnfetchedDatasets, readDataset, type StoredDataset } from '../../store/datasets.ts';
import type { ReconcileOutcome } from '../../store/reconcile-results.ts';
import type { Reconciler } from '../reconciler.ts';

export interface DatasetsReconciler extends Reconciler {
  /** Ends what runs; it begins again with the next server. */
  close(): Promise<void>;
}

export interface DatasetsParts {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly externalFiles: ExternalFiles;
  readonly onError: (error: Error, dataset: string) => void;
}

/** Files that are fetched at once, however many are waited for. */
const RUNNING_MAX = 2;
const WAIT_MS = 2_000;
/** A source that trickles must not keep a place forever. */
const FETCH_MS_MAX = 12 * 3_600_000;

const settled: ReconcileOutcome = {
  generation: 0,
  outcome: 'settled',
  details: [],
  reason: null,
  lookAgainMs: null,
};

/**
 * Fetches datasets that lie elsewhere (`externalUrl`), in the background of this process. A fetch that died
 * with its server begins again: its file has the same place, which the dataset names from its beginning.
 */
export function createDatasetsReconciler(parts: DatasetsParts): DatasetsReconciler {
  const { db } = parts;
  const running = new Map<string, Promise<void>>();
  const closing = new AbortController();

  async function run(dataset: StoredDataset): Promise<void> {
    try {
      await fetchDataset(parts, dataset, closing.signal);
    } catch (error) {
      if (!closing.signal.aborted) parts.onError(error as Error, dataset.resource.name);
    }
  }

  return {
    kind: 'dataset',
    listNames: () => listUnfetchedDatasets(db),
    async reconcile(name) {
      const progressing: ReconcileOutcome = { ...settled, outcome: 'progressing' };
      if (running.has(name)) return progressing;
      const dataset = await readDataset(db, name);
      if (dataset === null || !isUnfetched(dataset)) return settled;
      if (running.size >= RUNNING_MAX) {
        return { ...progressing, reason: 'waits for other files on this server', lookAgainMs: WAIT_MS };
      }
      running.set(
        name,
        run(dataset).finally(() => running.delete(name)),
      );
      return { ...progressing, details: ['begin to fetch'] };
    },
    async close() {
      closing.abort(new Error('the server is stopping'));
      await Promise.all(running.values());
    },
  };
}

function isUnfetched({ resource }: StoredDataset): boolean {
  return resource.state === 'UPLOADING' && Boolean(resource.externalUrl) && resource.status?.code === 'OK';
}

/** Fetches, checks and makes ready, or writes why not. Rejects for failures of this server alone. */
async function fetchDataset(parts: DatasetsParts, dataset: StoredDataset, stop: AbortSignal): Promise<void> {
  const { db, blobs, externalFiles } = parts;
  const prefix = dataset.blobPrefix!;
  try {
    const source = readExternalUrl(dataset.resource.externalUrl ?? '', externalFiles);
    const signal = AbortSignal.any([stop, AbortSignal.timeout(FETCH_MS_MAX)]);
    const bytes = await fetchExternal(source, blobs, `${prefix}/${source.filename}`, signal);
    const filled = await changeDataset(db, dataset, {}, { [source.filename]: bytes });
    const ready = filled === null ? null : await completeDataset(parts, filled);
    // Removed meanwhile: its files, which the removal may have come before, go as well.
    if (ready === null) await blobs.removeAll(prefix);
  } catch (error) {
    if (stop.aborted) return;
    await blobs.removeAll(prefix);
    if (error instanceof DatasetRefusedError) return;
    const { message } = error as Error;
    const status = {
      code: 'FAILED_PRECONDITION' as const,
      message: `fetching failed: ${message.slice(0, 1000)}`,
    };
    await changeDataset(db, dataset, { status });
    parts.onError(error as Error, dataset.resource.name);
  }
}
