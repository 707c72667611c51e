import {
  accounts,
  apiKeys,
  auditLogs,
  datasets,
  deployedModels,
  deployments,
  invoices,
  models,
  payments,
  peftMergeJobs,
  quotas,
  reservations,
  secrets,
  sessions,
  supervisedFineTuningJobs,
  userApiKeys,
  users,
} from '@sparkler/api/resources';
import type { FastifyInstance } from 'fastify';
import { mountBlobs } from '../blobs/mount-blobs.ts';
import { withCatalogueFiles } from '../blobs/with-catalogue-files.ts';
import { mountResource } from '../http/mount.ts';
import { mountSignIn } from '../http/sign-in/mount-sign-in.ts';
import { isUploadOpen } from '../store/open-uploads.ts';
import { makeAccountHandlers } from './accounts.ts';
import { makeApiKeyHandlers, makeUserApiKeyHandlers } from './api-keys.ts';
import { makeAuditLogHandlers } from './audit-logs.ts';
import { makeInvoiceHandlers, makePaymentHandlers } from './billing/invoice-handlers.ts';
import { mountPaymentEvents } from './billing/mount-payment-events.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import { makeDatasetFileHandlers } from './datasets/file-handlers.ts';
import { makeDatasetHandlers } from './datasets/handlers.ts';
import { makeSplitHandler } from './datasets/split-dataset.ts';
import { makeDeployedModelHandlers } from './deployments/deployed-model-handlers.ts';
import { makeDeploymentHandlers } from './deployments/handlers.ts';
import { makeFineTuningJobHandlers } from './fine-tuning-jobs/handlers.ts';
import { mountMetricsFiles } from './fine-tuning-jobs/metrics-file.ts';
import { makePreviewHandler } from './fine-tuning-jobs/preview-handler.ts';
import { findPublicFile } from './models/download-catalogue.ts';
import { makeModelFileHandlers } from './models/file-handlers.ts';
import { makeModelHandlers } from './models/handlers.ts';
import { makeImportHandler } from './models/import-model.ts';
import { makePrepareHandler } from './models/prepare-model.ts';
import { makePeftMergeJobHandlers } from './peft-merge-jobs.ts';
import { makeQuotaHandlers } from './quotas.ts';
import { makeReservationHandlers } from './reservations.ts';
import { makeSecretHandlers } from './secrets.ts';
import { makeSessionHandlers } from './sessions.ts';
import { makeSignInLinkHandlers } from './sign-in-links.ts';
import { makeUserHandlers } from './users.ts';

/** Mounts the control plane: every resource that this server has handlers for. One line a resource. */
export function mountControlPlane(app: FastifyInstance, context: ControlPlaneContext): void {
  mountResource(app, context, accounts, makeAccountHandlers(context));
  mountResource(app, context, users, { ...makeUserHandlers(context), ...makeSignInLinkHandlers(context) });
  mountResource(app, context, secrets, makeSecretHandlers(context));
  mountResource(app, context, sessions, makeSessionHandlers(context));
  mountSignIn(app, context);
  mountResource(app, context, apiKeys, makeApiKeyHandlers(context));
  mountResource(app, context, userApiKeys, makeUserApiKeyHandlers(context));
  mountResource(app, context, auditLogs, makeAuditLogHandlers(context));
  mountResource(app, context, models, {
    ...makeModelHandlers(context),
    ...makeModelFileHandlers(context),
    ...makePrepareHandler(context),
    ...makeImportHandler(context),
  });
  mountResource(app, context, peftMergeJobs, makePeftMergeJobHandlers(context));
  mountResource(app, context, datasets, {
    ...makeDatasetHandlers(context),
    ...makeDatasetFileHandlers(context),
    ...makeSplitHandler(context),
  });
  mountResource(app, context, quotas, makeQuotaHandlers(context));
  mountResource(app, context, reservations, makeReservationHandlers(context));
  mountResource(app, context, invoices, makeInvoiceHandlers(context));
  mountResource(app, context, payments, makePaymentHandlers(context));
  mountPaymentEvents(app, context);
  mountBlobs(app, {
    blobs: withCatalogueFiles(context.blobs, (model, path) => findPublicFile(context, model, path)),
    secret: context.blobSecret,
    now: context.now,
    isOpen: (key) => isUploadOpen(context.db, key),
  });
  mountResource(app, context, deployments, makeDeploymentHandlers(context));
  mountResource(app, context, deployedModels, makeDeployedModelHandlers(context));
  mountResource(app, context, supervisedFineTuningJobs, {
    ...makeFineTuningJobHandlers(context),
    ...makePreviewHandler(context),
  });
  mountMetricsFiles(app, context);
}
