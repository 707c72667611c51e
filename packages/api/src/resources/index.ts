import type { Resource } from '../resource.ts';
import { accounts } from './accounts.ts';
import { apiKeys, userApiKeys } from './api-keys.ts';
import { auditLogs } from './audit-logs.ts';
import { batchInferenceJobs } from './batch-inference-jobs.ts';
import { batchJobs } from './batch-jobs.ts';
import { awsIamRoleBindings, nodePoolBindings } from './bindings.ts';
import { clusters } from './clusters.ts';
import { datasets } from './datasets.ts';
import { deployedModels } from './deployed-models.ts';
import { deploymentShapes } from './deployment-shapes.ts';
import { deployments } from './deployments.ts';
import { environments } from './environments.ts';
import { evaluationJobs } from './evaluation-jobs.ts';
import { evaluations } from './evaluations.ts';
import { evaluators } from './evaluators.ts';
import { invoices, payments } from './invoices.ts';
import { models } from './models.ts';
import { nodePools } from './node-pools.ts';
import { peftMergeJobs } from './peft-merge-jobs.ts';
import { quotas } from './quotas.ts';
import { reinforcementFineTuningJobs } from './reinforcement-fine-tuning-jobs.ts';
import { reservations } from './reservations.ts';
import { secrets } from './secrets.ts';
import { sessions } from './sessions.ts';
import { snapshots } from './snapshots.ts';
import { supervisedFineTuningJobs } from './supervised-fine-tuning-jobs.ts';
import { users } from './users.ts';

/** Every resource of the control plane, by the name its handlers are registered under. */
export const resources = {
  accounts,
  users,
  apiKeys,
  userApiKeys,
  models,
  deployments,
  deploymentShapes,
  deployedModels,
  datasets,
  supervisedFineTuningJobs,
  reinforcementFineTuningJobs,
  batchInferenceJobs,
  peftMergeJobs,
  evaluators,
  evaluations,
  evaluationJobs,
  batchJobs,
  clusters,
  environments,
  nodePools,
  nodePoolBindings,
  snapshots,
  awsIamRoleBindings,
  quotas,
  invoices,
  payments,
  reservations,
  secrets,
  sessions,
  auditLogs,
} satisfies Record<string, Resource>;

export type Resources = typeof resources;

export * from './accounts.ts';
export * from './api-keys.ts';
export * from './audit-logs.ts';
export * from './batch-inference-jobs.ts';
export * from './batch-jobs.ts';
export * from './billing-messages.ts';
export * from './bindings.ts';
export * from './clusters.ts';
export * from './datasets.ts';
export * from './deployed-models.ts';
export * from './deployment-shapes.ts';
export * from './deployments.ts';
export * from './enums.ts';
export * from './environments.ts';
export * from './evaluation-jobs.ts';
export * from './evaluations.ts';
export * from './evaluators.ts';
export * from './host-messages.ts';
export * from './invoices.ts';
export * from './models.ts';
export * from './node-pools.ts';
export * from './peft-merge-jobs.ts';
export * from './quotas.ts';
export * from './reinforcement-fine-tuning-jobs.ts';
export * from './reservations.ts';
export * from './secrets.ts';
export * from './sessions.ts';
export * from './shared-messages.ts';
export * from './snapshots.ts';
export * from './supervised-fine-tuning-jobs.ts';
export * from './users.ts';
