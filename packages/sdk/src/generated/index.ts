// Generated from packages/api by `npm run generate`. Do not edit.
import type { ResourceClient } from '../core/resource-client.ts';
import { Accounts } from './accounts.ts';
import { ApiKeys } from './api-keys.ts';
import { AuditLogs } from './audit-logs.ts';
import { AwsIamRoleBindings } from './aws-iam-role-bindings.ts';
import { BatchInferenceJobs } from './batch-inference-jobs.ts';
import { BatchJobs } from './batch-jobs.ts';
import { Clusters } from './clusters.ts';
import { Datasets } from './datasets.ts';
import { DeployedModels } from './deployed-models.ts';
import { DeploymentShapes } from './deployment-shapes.ts';
import { Deployments } from './deployments.ts';
import { Environments } from './environments.ts';
import { EvaluationJobs } from './evaluation-jobs.ts';
import { Evaluations } from './evaluations.ts';
import { Evaluators } from './evaluators.ts';
import { Invoices } from './invoices.ts';
import { Models } from './models.ts';
import { NodePoolBindings } from './node-pool-bindings.ts';
import { NodePools } from './node-pools.ts';
import { Payments } from './payments.ts';
import { PeftMergeJobs } from './peft-merge-jobs.ts';
import { Quotas } from './quotas.ts';
import { ReinforcementFineTuningJobs } from './reinforcement-fine-tuning-jobs.ts';
import { Reservations } from './reservations.ts';
import { Secrets } from './secrets.ts';
import { Sessions } from './sessions.ts';
import { Snapshots } from './snapshots.ts';
import { SupervisedFineTuningJobs } from './supervised-fine-tuning-jobs.ts';
import { UserApiKeys } from './user-api-keys.ts';
import { Users } from './users.ts';

/** Every resource of the control plane. */
export interface ControlPlane {
  readonly accounts: Accounts;
  readonly users: Users;
  readonly apiKeys: ApiKeys;
  readonly userApiKeys: UserApiKeys;
  readonly models: Models;
  readonly deployments: Deployments;
  readonly deploymentShapes: DeploymentShapes;
  readonly deployedModels: DeployedModels;
  readonly datasets: Datasets;
  readonly supervisedFineTuningJobs: SupervisedFineTuningJobs;
  readonly reinforcementFineTuningJobs: ReinforcementFineTuningJobs;
  readonly batchInferenceJobs: BatchInferenceJobs;
  readonly peftMergeJobs: PeftMergeJobs;
  readonly evaluators: Evaluators;
  readonly evaluations: Evaluations;
  readonly evaluationJobs: EvaluationJobs;
  readonly batchJobs: BatchJobs;
  readonly clusters: Clusters;
  readonly environments: Environments;
  readonly nodePools: NodePools;
  readonly nodePoolBindings: NodePoolBindings;
  readonly snapshots: Snapshots;
  readonly awsIamRoleBindings: AwsIamRoleBindings;
  readonly quotas: Quotas;
  readonly invoices: Invoices;
  readonly payments: Payments;
  readonly reservations: Reservations;
  readonly secrets: Secrets;
  readonly sessions: Sessions;
  readonly auditLogs: AuditLogs;
}

export function createControlPlane(client: ResourceClient): ControlPlane {
  return {
    accounts: new Accounts(client),
    users: new Users(client),
    apiKeys: new ApiKeys(client),
    userApiKeys: new UserApiKeys(client),
    models: new Models(client),
    deployments: new Deployments(client),
    deploymentShapes: new DeploymentShapes(client),
    deployedModels: new DeployedModels(client),
    datasets: new Datasets(client),
    supervisedFineTuningJobs: new SupervisedFineTuningJobs(client),
    reinforcementFineTuningJobs: new ReinforcementFineTuningJobs(client),
    batchInferenceJobs: new BatchInferenceJobs(client),
    peftMergeJobs: new PeftMergeJobs(client),
    evaluators: new Evaluators(client),
    evaluations: new Evaluations(client),
    evaluationJobs: new EvaluationJobs(client),
    batchJobs: new BatchJobs(client),
    clusters: new Clusters(client),
    environments: new Environments(client),
    nodePools: new NodePools(client),
    nodePoolBindings: new NodePoolBindings(client),
    snapshots: new Snapshots(client),
    awsIamRoleBindings: new AwsIamRoleBindings(client),
    quotas: new Quotas(client),
    invoices: new Invoices(client),
    payments: new Payments(client),
    reservations: new Reservations(client),
    secrets: new Secrets(client),
    sessions: new Sessions(client),
    auditLogs: new AuditLogs(client),
  };
}
