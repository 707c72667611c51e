import { invalidField } from '@sparkler/api';
import type { DatabaseOrTransaction } from '../../store/database.ts';
import type { DeploymentResource } from '../../store/deployments.ts';
import type { StoredModel } from '../../store/models.ts';
import { findDeployable } from './find-deployable.ts';

/** Bounds of the engine: a longer repetition is never looked for, a longer draft never pays. */
const ngramMax = 16;
const draftTokensMax = 32;

/**
 * Rules of drafting (spec, "Model based speculative decoding"): a draft model and n-grams exclude each other,
 * and both need to know how many tokens to draft; 0 turns drafting with a model off. Returns the deployment
 * with the draft model's full name. Throws ApiError.
 */
export async function checkSpeculation(
  db: DatabaseOrTransaction,
  accounts: { readonly own: string; readonly provider: string },
  wanted: DeploymentResource,
): Promise<DeploymentResource> {
  const { draftModel, draftTokenCount, ngramSpeculationLength } = wanted;
  if (draftModel && ngramSpeculationLength) {
    throw invalidField('draftModel', 'draftModel and ngramSpeculationLength exclude each other');
  }
  if ((draftModel || ngramSpeculationLength) && draftTokenCount === undefined) {
    throw invalidField(
      'draftTokenCount',
      'draftTokenCount is required with draftModel or ngramSpeculationLength',
    );
  }
  if (draftTokenCount && !draftModel && !ngramSpeculationLength) {
    throw invalidField('draftTokenCount', 'draftTokenCount needs draftModel or ngramSpeculationLength');
  }
  requireRange('draftTokenCount', draftTokenCount ?? 0, draftTokensMax);
  requireRange('ngramSpeculationLength', ngramSpeculationLength ?? 0, ngramMax);
  if (!draftModel) return wanted;
  const { resource } = await findDeployable(db, accounts, draftModel, 'draftModel');
  if (resource.kind === 'EMBEDDING_MODEL') {
    throw invalidField('draftModel', `${resource.name} is an embedding model and can't draft text`);
  }
  return { ...wanted, draftModel: resource.name };
}

function requireRange(field: string, value: number, most: number): void {
  if (value < 0 || value > most) throw invalidField(field, `${field} must be from 0 to ${most}`);
}

/** The base model's own draft model, for a new deployment that says nothing of drafting. */
export function withDefaultDraft(wanted: DeploymentResource, base: StoredModel): DeploymentResource {
  const { defaultDraftModel, defaultDraftTokenCount } = base.resource;
  if (!defaultDraftModel || wanted.draftModel || wanted.ngramSpeculationLength) return wanted;
  if (wanted.draftTokenCount !== undefined) return wanted;
  return { ...wanted, draftModel: defaultDraftModel, draftTokenCount: defaultDraftTokenCount ?? 0 };
}
