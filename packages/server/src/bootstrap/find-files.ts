import { setTimeout as sleep } from 'node:timers/promises';
import type { CatalogueEntry } from '../catalogue/index.ts';
import { findWeightsSource } from '../reconcile/find-weights-source.ts';
import type { Weights, WeightsSource } from '../reconcile/weights.ts';
import type { Database } from '../store/database.ts';
import { readModel } from '../store/models.ts';
import type { FileParts } from './open-files.ts';

/** Where the files of a model come from: the catalogue, or what was uploaded. Null when it has none (yet). */
export async function findStoredSource(
  db: Database,
  catalogue: readonly CatalogueEntry[],
  model: string,
): Promise<WeightsSource | null> {
  const stored = await readModel(db, model);
  if (stored === null) return null;
  const { catalogueId: catalogue_id, blobPrefix: blob_prefix, weights } = stored;
  return findWeightsSource({ name: model, catalogue_id, blob_prefix, weights }, catalogue);
}

/** Opens the files of an addon on this machine. Rejects with the reason when it has none. */
export async function openAddon(db: Database, { workingCopies }: FileParts, model: string): Promise<string> {
  const source = await findStoredSource(db, [], model);
  if (source === null || !('blobPrefix' in source))
    throw new Error(`${model} has no files; upload them again`);
  return workingCopies.open(source, AbortSignal.timeout(600_000));
}

/** What an engine would load for a model, on this machine; fetches and converts what is missing. */
export async function openModelFiles(
  db: Database,
  catalogue: readonly CatalogueEntry[],
  weights: Weights,
  { workingCopies }: FileParts,
  model: string,
  signal: AbortSignal,
): Promise<string> {
  const source = await findStoredSource(db, catalogue, model);
  if (source === null) throw new Error(`there is no source for the files of ${model}`);
  if ('blobPrefix' in source) return workingCopies.open(source, signal);
  for (;;) {
    const known = weights.state(model);
    if (known.state === 'ready') return known.path;
    if (known.state === 'failed' && Date.now() < known.retryTimeMs) throw new Error(known.reason);
    if (known.state !== 'fetching') weights.fetch(model, source);
    await sleep(FETCH_POLL_MS, undefined, { signal });
  }
}

const FETCH_POLL_MS = 250;
