import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@sparkler/api';
import { openProcessorSpeed } from '../launch/processor-speed.ts';
import { previewTraining } from '../launch/trainer-preview.ts';
import { planTrainerConfig } from '../reconcile/fine-tuning-jobs/trainer-config.ts';
import type { PreviewJob, TrainerPreview } from '../resources/fine-tuning-jobs/preview-handler.ts';
import type { Database } from '../store/database.ts';
import { readModel } from '../store/models.ts';
import { findDataset } from './find-dataset.ts';
import { findStoredSource } from './find-files.ts';
import type { FileParts } from './open-files.ts';

interface PreviewParts {
  readonly db: Database;
  readonly files: FileParts;
  readonly dataFolder: string;
}

/** Lets the trainer look at a job: its data and its base model, where they lie on this machine. */
export function createPreviewJob(parts: PreviewParts): PreviewJob {
  const speed = openProcessorSpeed(parts.dataFolder);
  return async (job, baseModel, samplesMax) => {
    const train = await requireDataset(parts, job.dataset!);
    const evaluation = job.evaluationDataset ? await requireDataset(parts, job.evaluationDataset) : null;
    const baseGguf = await requireBase(parts, baseModel);
    const files = {
      baseGguf,
      baseName: baseModel,
      trainData: train,
      evaluationData: evaluation,
      warmStart: null,
    };
    const folder = await mkdtemp(join(parts.files.scratchFolder, 'preview-'));
    try {
      const config = join(folder, 'config.json');
      await writeFile(config, JSON.stringify(planTrainerConfig(job, files, 1)), { mode: 0o600 });
      const known = await speed.read();
      const report = await previewTraining(config, samplesMax, known === null);
      if (report.type === 'error') throw new ApiError('FAILED_PRECONDITION', String(report.message));
      const flopsPerThread = known ?? Number(report.flopsPerThread);
      if (known === null) await speed.write(flopsPerThread);
      return { ...(report.preview as Omit<TrainerPreview, 'flopsPerThread'>), flopsPerThread };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

async function requireDataset(parts: PreviewParts, name: string): Promise<string> {
  const found = await findDataset(parts, name);
  if (found === 'pending') {
    throw new ApiError('FAILED_PRECONDITION', `${name} is not ready; validate its upload first`);
  }
  if ('problem' in found) throw new ApiError('NOT_FOUND', found.problem);
  return found.path;
}

async function requireBase({ db, files }: PreviewParts, model: string): Promise<string> {
  const stored = await readModel(db, model);
  if (stored?.catalogueId) {
    const path = await files.findCatalogueFile(stored.catalogueId);
    if (path !== null) return path;
    throw new ApiError(
      'FAILED_PRECONDITION',
      `the files of ${model} are not on this server yet; deploy it once (or create the job), then ask again`,
    );
  }
  const source = await findStoredSource(db, [], model);
  if (source === null || !('blobPrefix' in source)) {
    throw new ApiError('FAILED_PRECONDITION', `${model} has no files to train on; upload them`);
  }
  return files.workingCopies.open(source, AbortSignal.timeout(600_000));
}
