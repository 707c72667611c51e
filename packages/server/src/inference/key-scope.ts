import type { Principal } from '../http/principal.ts';
import type { ResolvedTarget } from './resolve.ts';

/** Why a limited key can not query a target, as the end of "this API key …"; null: it can. */
export function findScopeProblem({ scope }: Principal, { model, deployment }: ResolvedTarget): string | null {
  if (scope === undefined) return null;
  if (scope.models !== null && !scope.models.has(model)) return `is not for the model ${model}`;
  if (scope.deployments !== null && !scope.deployments.has(deployment.name)) {
    return `is not for the deployment ${deployment.name}`;
  }
  return null;
}
