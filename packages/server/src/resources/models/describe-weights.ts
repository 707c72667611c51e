import type { AdapterFacts, ModelFacts } from '../../model-work/facts.ts';
import type { ModelResource, StoredModel } from '../../store/models.ts';

/** What a model's files say about it. */
export interface CheckedModel {
  readonly fields: Partial<ModelResource>;
  readonly supportsChat: boolean;
  readonly warnings: readonly string[];
}

type PrecisionWord = NonNullable<ModelResource['precisions']>[number];

/**
 * The API's word for a type of weights. It knows 16, 8 and 4 bit; the types of GGUF are told by their bits.
 */
export function precisionOf(weightType: string): PrecisionWord {
  if (weightType === 'bf16') return 'BF16';
  if (weightType === 'f16' || weightType === 'f32') return 'FP16';
  return /^q8|^q6/.test(weightType) ? 'FP8' : 'NF4';
}

/** Fields of a base model that follow from its files. What the caller said stays where files say nothing. */
export function describeBaseModel({ resource }: StoredModel, facts: ModelFacts): CheckedModel {
  const precision = precisionOf(facts.weightType);
  const isEmbedding = facts.isEmbedding || resource.kind === 'EMBEDDING_MODEL';
  const warnings: string[] = [];
  if (!facts.hasChatTemplate && !isEmbedding && resource.conversationConfig === undefined) {
    warnings.push(
      'tokenizer_config.json has no chat_template: the model takes completions, and chats only in a default format',
    );
  }
  const { contextLength = 0 } = resource;
  if (contextLength > facts.contextLength) {
    warnings.push(`contextLength was ${contextLength}, and the model has ${facts.contextLength}`);
  }
  return {
    fields: {
      kind: isEmbedding ? 'EMBEDDING_MODEL' : (resource.kind ?? 'HF_BASE_MODEL'),
      contextLength: contextLength > 0 ? Math.min(contextLength, facts.contextLength) : facts.contextLength,
      precisions: [precision],
      supportedPrecisions: precision === 'NF4' ? [precision] : [...new Set([precision, 'FP8' as const])],
      baseModelDetails: {
        ...resource.baseModelDetails,
        worldSize: resource.baseModelDetails?.worldSize || 1,
        checkpointFormat: facts.format === 'gguf' ? 'NATIVE' : 'HUGGINGFACE',
        parameterCount: String(facts.parameterCount),
        moe: facts.isMoe,
        modelType: facts.architecture,
        defaultPrecision: precision,
      },
    },
    supportsChat: !isEmbedding && (facts.hasChatTemplate || resource.conversationConfig !== undefined),
    warnings,
  };
}

/** Fields of a LoRA addon. Its files decide about rank and modules; what they contradict is told. */
export function describeAdapter(
  { resource }: StoredModel,
  base: StoredModel | null,
  facts: AdapterFacts,
): CheckedModel {
  const said = resource.peftDetails;
  const warnings: string[] = [];
  if (said?.r !== undefined && said.r !== facts.rank) {
    warnings.push(`peftDetails.r was ${said.r}, and adapter_config.json says ${facts.rank}`);
  }
  const modules = [...(said?.targetModules ?? [])].sort();
  if (modules.length > 0 && String(modules) !== String(facts.targetModules)) {
    warnings.push(
      `peftDetails.targetModules were ${modules.join(', ')}; the files have ${facts.targetModules.join(', ')}`,
    );
  }
  if (!facts.isCheckedAgainstBase) {
    warnings.push('the base model is not on this machine yet: shapes are compared when the addon is loaded');
  }
  const conversation = resource.conversationConfig ?? facts.conversationConfig ?? undefined;
  return {
    fields: {
      peftDetails: {
        ...said,
        r: facts.rank,
        targetModules: [...facts.targetModules],
        baseModelType: base?.resource.baseModelDetails?.modelType ?? '',
      },
      contextLength: base?.resource.contextLength ?? 0,
      supportsTools: base?.resource.supportsTools ?? false,
      ...(conversation === undefined ? {} : { conversationConfig: conversation }),
    },
    supportsChat: conversation !== undefined || (base?.supportsChat ?? false),
    warnings,
  };
}
