import type { CatalogueEntry } from '../catalogue/index.ts';
import type { WeightFacts } from '../model-work/facts.ts';
import type { WeightsSource } from '../reconcile/weights.ts';
import type { Database } from '../store/database.ts';
import { readModel } from '../store/models.ts';
import type { FileParts } from './open-files.ts';

/** Where the files of a model come from: the catalogue, or what was uploaded. Null when it has none (yet). */
export async function findWeightsSource(
  db: Database,
  catalogue: readonly CatalogueEntry[],
  model: string,
): Promise<WeightsSource | null> {
  const stored = await readModel(db, model);
  if (stored === null) return null;
  if (stored.catalogueId !== null)
    return catalogue.find((entry) => entry.name === stored.catalogueId) ?? null;
  const facts = stored.weights as WeightFacts | null;
  return stored.blobPrefix === null || facts === null
    ? null
    : { model, blobPrefix: stored.blobPrefix, facts };
}

/** Opens the files of an addon on this machine. Rejects with the reason when it has none. */
export async function openAddon(db: Database, { workingCopies }: FileParts, model: string): Promise<string> {
  const source = await findWeightsSource(db, [], model);
  if (source === null || !('blobPrefix' in source))
    throw new Error(`${model} has no files; upload them again`);
  return workingCopies.open(source, AbortSignal.timeout(600_000));
}
