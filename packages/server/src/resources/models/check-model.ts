import { ApiError, invalidField, resolveReference } from '@sparkler/api';
import { models } from '@sparkler/api/resources';
import type { DatabaseOrTransaction } from '../../store/database.ts';
import { type ModelResource, readModel, type StoredModel } from '../../store/models.ts';

/** Kinds that callers may make: those whose files this server can check and serve. */
const creatableKinds = ['HF_BASE_MODEL', 'HF_PEFT_ADDON', 'EMBEDDING_MODEL', 'DRAFT_ADDON'] as const;

type Kind = NonNullable<ModelResource['kind']>;

/** The kind of a new model: as told, or by whether it says what it is an addon of. Throws ApiError (400). */
export function resolveKind(model: Pick<ModelResource, 'kind' | 'peftDetails'>): Kind {
  const { kind = 'KIND_UNSPECIFIED', peftDetails } = model;
  if (kind === 'KIND_UNSPECIFIED') return peftDetails === undefined ? 'HF_BASE_MODEL' : 'HF_PEFT_ADDON';
  if (!(creatableKinds as readonly string[]).includes(kind)) {
    const message = `models of kind ${kind} can not be uploaded here; use one of ${creatableKinds.join(', ')}`;
    throw invalidField('model.kind', message);
  }
  return kind;
}

/**
 * Checks what the schema can't say of a model that is made or changed, and gives it with its references
 * resolved to full names. Throws ApiError (400) naming the field.
 */
export async function checkModel(
  db: DatabaseOrTransaction,
  account: string,
  model: ModelResource,
): Promise<ModelResource> {
  const isAddon = model.kind === 'HF_PEFT_ADDON';
  if (isAddon && model.peftDetails === undefined) {
    throw invalidField(
      'peftDetails',
      "a LoRA addon needs 'peftDetails' with its base model, rank and modules",
    );
  }
  if (!isAddon && model.peftDetails !== undefined) {
    throw invalidField(
      'peftDetails',
      `a model of kind ${model.kind} is no LoRA addon and has no peftDetails`,
    );
  }
  checkConversation(model.conversationConfig);
  refuseMissing(model);
  const checked: ModelResource = { ...model };
  if (model.peftDetails !== undefined) {
    const base = await requireVisible(
      db,
      account,
      model.peftDetails.baseModel ?? '',
      'peftDetails.baseModel',
    );
    if (base.resource.kind === 'HF_PEFT_ADDON') {
      throw invalidField(
        'peftDetails.baseModel',
        `${base.resource.name} is an addon itself, not a base model`,
      );
    }
    checked.peftDetails = { ...model.peftDetails, baseModel: base.resource.name };
  }
  if (model.defaultDraftModel) {
    const draft = await requireVisible(db, account, model.defaultDraftModel, 'defaultDraftModel');
    checked.defaultDraftModel = draft.resource.name;
    if (!model.defaultDraftTokenCount) {
      throw invalidField(
        'defaultDraftTokenCount',
        'defaultDraftModel needs defaultDraftTokenCount, at least 1',
      );
    }
  } else if (model.defaultDraftTokenCount) {
    throw invalidField('defaultDraftTokenCount', 'defaultDraftTokenCount needs defaultDraftModel');
  }
  return checked;
}

/** Fields that stand for what is not done here, so that nobody takes them for done. */
function refuseMissing({ peftDetails, teftDetails, snapshotType }: ModelResource): void {
  if (peftDetails?.mergeAddonModelName) {
    const message =
      'addons are not merged while they are served: make a PeftMergeJob of this one and its base';
    throw invalidField('peftDetails.mergeAddonModelName', message);
  }
  if (teftDetails !== undefined) {
    throw invalidField(
      'teftDetails',
      'addons of this kind are not served here; make a LoRA addon (peftDetails)',
    );
  }
  if (snapshotType === 'INCREMENTAL_SNAPSHOT') {
    throw invalidField('snapshotType', 'snapshots of training are not served here; upload the model itself');
  }
}

/**
 * Of the styles that the platform has names for, only the one that says itself what it is can be followed.
 */
function checkConversation(config: ModelResource['conversationConfig']): void {
  if (config === undefined) return;
  if (config.style !== 'jinja') {
    const message = `the style '${config.style}' is not known here: use jinja, with the chat template in template`;
    throw invalidField('conversationConfig.style', message);
  }
  if (!config.template) {
    throw invalidField('conversationConfig.template', 'the style jinja needs its chat template in template');
  }
}

async function requireVisible(
  db: DatabaseOrTransaction,
  account: string,
  reference: string,
  field: string,
): Promise<StoredModel> {
  const name = resolveReference(models.pattern, reference, account);
  if (name === null) throw invalidField(field, `${field} must be the name of a model, not '${reference}'`);
  const found = await readModel(db, name);
  if (found === null || !isVisible(found, account))
    throw invalidField(field, `${field}: there is no model ${name}`);
  return found;
}

/** Whether an account may know of a model. */
export function isVisible(model: StoredModel, account: string): boolean {
  return model.account === account || (model.resource.public === true && model.resource.state === 'READY');
}

/** The model, or ApiError (404), which also hides private models of others. */
export function requireModel(name: string, found: StoredModel | null, account: string): StoredModel {
  if (found === null || !isVisible(found, account)) throw new ApiError('NOT_FOUND', `there is no ${name}`);
  return found;
}
