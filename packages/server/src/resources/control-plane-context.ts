import type { PaymentProvider } from '../billing/payments/payment-provider.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Fleet } from '../capacity/fleet.ts';
import type { ExternalFiles } from '../dataset-work/external-source.ts';
import type { SignInParts } from '../http/sign-in/mount-sign-in.ts';
import type { ModelWork } from '../model-work/model-work.ts';
import type { SecretSealer } from '../secrets/seal.ts';
import type { BlobClaims } from '../store/blob-claims.ts';
import type { Database } from '../store/database.ts';
import type { ReconcileQueue } from '../store/reconcile-queue.ts';

import type { PreviewJob } from './fine-tuning-jobs/preview-handler.ts';

/** What of a catalogue model can be given out. */
export interface CatalogueDownload {
  /** Null: the catalogue has no such model any more. */
  readonly licence: { readonly name: string; readonly url: string; readonly gated: boolean } | null;
  /** Null: they are not on this machine (yet). */
  readonly files:
    | readonly { readonly path: string; readonly localPath: string; readonly sizeBytes: number }[]
    | null;
}

/** What handlers of resources get besides what every request handler gets. */
export interface ControlPlaneContext extends SignInParts {
  readonly db: Database;
  /** Where a changed resource is announced to its reconciler, within the transaction that changes it. */
  readonly queue: ReconcileQueue;
  /** Regions and accelerators; null: replicas run on this host, which has none. */
  readonly fleet: Fleet | null;
  /** Who collects money. */
  readonly payments: PaymentProvider;
  /** Files of models and datasets. */
  readonly blobs: BlobStore;
  /** For blobs that no resource names yet. */
  readonly claims: BlobClaims;
  /** Signs the URLs of blobs; the same on all servers of a database. */
  readonly blobSecret: Buffer;
  /** Hides secrets of others before they are stored. */
  readonly sealer: SecretSealer;
  /** Where files of others are looked into. */
  readonly modelWork: ModelWork;
  /** A private folder for what is needed for a moment. */
  readonly scratchFolder: string;
  /** S3 server that models are imported from; empty: Amazon's. */
  readonly importEndpoint: string;
  /** Where datasets that callers name by URL may come from. */
  readonly externalFiles: ExternalFiles;
  /** Where repositories of Hugging Face's form are imported from. */
  readonly hubEndpoint: string;
  /** Looks at what a fine-tuning job would train on; left out where no trainer is. */
  readonly previewJob?: PreviewJob;
  /** Whether jobs are trained by the Python trainer, which may use several GPUs. */
  readonly trainsOnGpus?: boolean;
  /** Threads that a trainer computes with. */
  readonly trainerThreads?: number;
  /** The file of a catalogue model on this machine, or null when it is not here (yet). */
  findCatalogueFile(catalogueId: string): Promise<string | null>;
  /** The files of a catalogue model as its publisher gave them out. */
  listCatalogueFiles(catalogueId: string): Promise<CatalogueDownload>;
}
