import { ApiError, invalidField, resolveReference } from '@sparkler/api';
import { models } from '@sparkler/api/resources';
import type { DatabaseOrTransaction } from '../../store/database.ts';
import { readModel, type StoredModel } from '../../store/models.ts';

/**
 * A base model that the account may deploy: its own, or a public one of the provider. `field` says what it is
 * wanted for. Throws ApiError.
 */
export async function findDeployable(
  db: DatabaseOrTransaction,
  accounts: { readonly own: string; readonly provider: string },
  reference: string,
  field: 'baseModel' | 'draftModel',
): Promise<StoredModel> {
  for (const owner of [accounts.own, accounts.provider]) {
    const name = resolveReference(models.pattern, reference, owner);
    const found = name === null ? null : await readModel(db, name);
    if (found === null || (found.account !== accounts.own && found.resource.public !== true)) continue;
    const { kind, state } = found.resource;
    if (kind === 'HF_PEFT_ADDON') {
      const instead =
        field === 'baseModel'
          ? 'deploy its base model, then load it with load-lora'
          : 'draft with a whole model of the same family';
      throw invalidField(field, `${name} is a LoRA addon: ${instead}`);
    }
    if (state !== 'READY')
      throw new ApiError('FAILED_PRECONDITION', `${name} is ${state}: finish its upload first`);
    return found;
  }
  throw new ApiError('NOT_FOUND', `${field}: no model '${reference}' that this account can deploy`);
}
