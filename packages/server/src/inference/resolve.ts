import { InferenceError } from '@sparkler/api';
import type { Principal } from '../http/principal.ts';
import { parseModelReference } from './model-reference.ts';
import type { DeployedModelRoute, DeploymentRoute, ModelRoute, RoutingSnapshot } from './routing.ts';

/** Where a request goes. */
export interface ResolvedTarget {
  /** Full name of the model asked for, accounts/A/models/M. */
  readonly model: string;
  /** Null when the catalogue row of a deployed model is not in the snapshot. */
  readonly modelRoute: ModelRoute | null;
  readonly deployment: DeploymentRoute;
  /** Adapter to run with, as the replicas know it; null for the base model. */
  readonly adapter: string | null;
}

/**
 * Finds what serves a model string for a caller. Pure: the same snapshot gives the same answer.
 * Unknown and forbidden names get the same 403, so that nobody learns what others have (spec, "Inference
 * errors").
 */
export function resolveModel(
  text: string,
  principal: Principal,
  snapshot: RoutingSnapshot,
  providerAccount: string,
): ResolvedTarget | InferenceError {
  const reference = parseModelReference(text);
  if (reference === null) return refuseName(text);
  const index = indexOf(snapshot);
  if (reference.kind === 'deployment') {
    const deployment = snapshot.deployments.get(reference.name);
    if (deployment === undefined) return refuseName(text);
    const serving = index.byDeployment.get(deployment.name) ?? [];
    const base = serving.filter((entry) => entry.model === deployment.baseModel);
    return (
      pickDeployed(base, text, principal, snapshot) ??
      targetOwnDeployment(deployment, text, principal, snapshot)
    );
  }
  if (reference.kind === 'deployed-model') {
    const entry = snapshot.deployedModels.get(reference.name);
    return (entry && pickDeployed([entry], text, principal, snapshot)) ?? refuseName(text);
  }
  const account = reference.account ?? providerAccount;
  const model = `accounts/${account}/models/${reference.id}`;
  const serving = index.byModel.get(model) ?? [];
  if (reference.deployment !== null) {
    const deployment = snapshot.deployments.get(reference.deployment);
    if (deployment === undefined) return refuseName(text);
    const here = serving.filter((entry) => entry.deployment === deployment.name);
    const found = pickDeployed(here, text, principal, snapshot);
    if (found !== null) return found;
    if (deployment.baseModel !== model) return refuseName(text);
    return targetOwnDeployment(deployment, text, principal, snapshot);
  }
  const found = pickDeployed(serving, text, principal, snapshot);
  if (found !== null) return found;
  const named = snapshot.deployedModels.get(`accounts/${account}/deployedModels/${reference.id}`);
  return (named && pickDeployed([named], text, principal, snapshot)) ?? refuseName(text);
}

/** Models the caller may query now, each with the deployed model that answers to its plain name. */
export function listQueryable(principal: Principal, snapshot: RoutingSnapshot): ResolvedTarget[] {
  const found: ResolvedTarget[] = [];
  for (const [model, serving] of indexOf(snapshot).byModel) {
    const target = pickDeployed(serving, model, principal, snapshot);
    if (target !== null && !(target instanceof InferenceError)) found.push(target);
  }
  return found;
}

/** The best of several deployed models of one model; null when the caller may see none of them. */
function pickDeployed(
  entries: readonly DeployedModelRoute[],
  text: string,
  principal: Principal,
  snapshot: RoutingSnapshot,
): ResolvedTarget | InferenceError | null {
  let best: DeployedModelRoute | null = null;
  for (const entry of entries) {
    if (!mayQuery(principal, entry) || entry.state === 'undeploying') continue;
    if (!snapshot.deployments.has(entry.deployment)) continue;
    if (best === null || rank(entry, best, principal) < 0) best = entry;
  }
  if (best === null) return null;
  if (best.state === 'failed') {
    const reason = best.reason ?? 'no reason was recorded';
    const message = `the model "${text}" could not be loaded: ${reason}`;
    return new InferenceError(412, message, { param: 'model' });
  }
  // A base model is there as soon as a replica is: admission waits for that. An addon may still be loading.
  if (best.state === 'deploying' && best.adapter !== null) {
    const message = `the model "${text}" is still being deployed${best.reason ? `: ${best.reason}` : ''}; try again soon`;
    return new InferenceError(503, message, { param: 'model', retryAfterSeconds: 5 });
  }
  return {
    model: best.model,
    modelRoute: snapshot.models.get(best.model) ?? null,
    deployment: snapshot.deployments.get(best.deployment)!,
    adapter: best.adapter,
  };
}

/** The base model of the caller's own deployment, which needs no deployed-model entry of its own. */
function targetOwnDeployment(
  deployment: DeploymentRoute,
  text: string,
  principal: Principal,
  snapshot: RoutingSnapshot,
): ResolvedTarget | InferenceError {
  if (deployment.account !== principal.account) return refuseName(text);
  const modelRoute = snapshot.models.get(deployment.baseModel) ?? null;
  return { model: deployment.baseModel, modelRoute, deployment, adapter: null };
}

function mayQuery(principal: Principal, entry: DeployedModelRoute): boolean {
  return entry.public || accountOf(entry.name) === principal.account;
}

/**
 * Negative when `a` answers to the plain model name rather than `b`: default entries first, then working
 * ones, then the caller's own, then by name. Own entries yield to a default so that deploying a serverless
 * model privately does not silently move traffic (spec, on-demand guide: such a deployment is addressed as
 * model#deployment).
 */
function rank(a: DeployedModelRoute, b: DeployedModelRoute, principal: Principal): number {
  if (a.isDefault !== b.isDefault) return a.isDefault ? -1 : 1;
  const working = Number(b.state === 'deployed') - Number(a.state === 'deployed');
  if (working !== 0) return working;
  const ownModel =
    Number(accountOf(b.name) === accountOf(b.model)) - Number(accountOf(a.name) === accountOf(a.model));
  if (a.isDefault && ownModel !== 0) return ownModel;
  const own =
    Number(accountOf(b.name) === principal.account) - Number(accountOf(a.name) === principal.account);
  if (own !== 0) return own;
  return a.name < b.name ? -1 : 1;
}

function accountOf(name: string): string {
  return name.slice('accounts/'.length, name.indexOf('/', 'accounts/'.length));
}

function refuseName(text: string): InferenceError {
  const message =
    `the model "${text}" does not exist, is not deployed, or is not open to this API key; ` +
    'check the spelling, or list the models this key can use with GET /inference/v1/models';
  return new InferenceError(403, message, { param: 'model' });
}

interface SnapshotIndex {
  readonly byModel: ReadonlyMap<string, readonly DeployedModelRoute[]>;
  readonly byDeployment: ReadonlyMap<string, readonly DeployedModelRoute[]>;
}

/** Built once a snapshot, so that a request costs the same with 3 adapters and with 30,000. */
const indexes = new WeakMap<RoutingSnapshot, SnapshotIndex>();

function indexOf(snapshot: RoutingSnapshot): SnapshotIndex {
  const known = indexes.get(snapshot);
  if (known !== undefined) return known;
  const entries = [...snapshot.deployedModels.values()];
  const index = {
    byModel: Map.groupBy(entries, (entry) => entry.model),
    byDeployment: Map.groupBy(entries, (entry) => entry.deployment),
  };
  indexes.set(snapshot, index);
  return index;
}
