import {
  bool,
  displayName,
  fixed,
  float,
  int32,
  int64,
  list,
  map,
  message,
  named,
  out,
  reference,
  required,
  secret,
  text,
  timestamp,
  word,
} from '../fields.ts';
import { defineResource } from '../resource.ts';
import { DeployedModelState, Precision } from './enums.ts';
import { CalendarDate, Operation, SignedUrls, Status } from './shared-messages.ts';

export const ModelKind = named(
  'ModelKind',
  word([
    'KIND_UNSPECIFIED',
    'HF_BASE_MODEL',
    'HF_PEFT_ADDON',
    'HF_TEFT_ADDON',
    'FLUMINA_BASE_MODEL',
    'FLUMINA_ADDON',
    'DRAFT_ADDON',
    'FIRE_AGENT',
    'LIVE_MERGE',
    'CUSTOM_MODEL',
    'EMBEDDING_MODEL',
    'SNAPSHOT_MODEL',
  ]),
);

export const BaseModelDetails = message('BaseModelDetails', {
  worldSize: int32('Default 1.'),
  checkpointFormat: word(['CHECKPOINT_FORMAT_UNSPECIFIED', 'NATIVE', 'HUGGINGFACE', 'UNINITIALIZED']),
  parameterCount: int64(),
  moe: bool('Mixture of experts.'),
  tunable: bool(),
  modelType: text('Architecture.'),
  defaultPrecision: out(Precision),
  supportsFireattention: bool(),
  supportsMtp: bool(),
});

export const PeftDetails = message('PeftDetails', {
  baseModel: required(reference('model')),
  r: required(int32('Rank, 4 to 64.', { minimum: 4, maximum: 64 })),
  targetModules: required(list(text())),
  baseModelType: out(text()),
  mergeAddonModelName: text(),
});

export const ConversationConfig = message('ConversationConfig', {
  style: required(text('Name of a chat template; jinja: the one in template.')),
  system: text('Default system prompt.'),
  template: text('Jinja source.'),
});

/** Where a model is loaded. */
export const DeployedModelRef = message('DeployedModelRef', {
  name: text('accounts/{account}/deployedModels/{deployedModel}'),
  deployment: text(),
  state: DeployedModelState,
  default: bool('Whether requests that name only the model come here.'),
  public: bool(),
});

export const Model = message('Model', {
  name: out(text('accounts/{account}/models/{model}')),
  displayName: displayName(),
  description: text(undefined, { maxLength: 999 }),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  createdBy: out(text()),
  state: out(word(['STATE_UNSPECIFIED', 'UPLOADING', 'READY'])),
  status: out(Status),
  kind: fixed(ModelKind),
  githubUrl: text(),
  huggingFaceUrl: text(),
  baseModelDetails: BaseModelDetails,
  peftDetails: PeftDetails,
  teftDetails: message('TeftDetails', {}),
  public: bool('Whether other accounts may use it.'),
  conversationConfig: ConversationConfig,
  contextLength: int32(),
  supportsImageInput: bool(),
  supportsTools: bool(),
  importedFrom: out(text()),
  fineTuningJob: out(text('Job that made it.')),
  defaultDraftModel: reference('model'),
  defaultDraftTokenCount: int32('Required with defaultDraftModel.'),
  precisions: out(list(Precision)),
  deployedModelRefs: out(list(DeployedModelRef, 'Filled in by get only.')),
  cluster: out(text()),
  deprecationDate: CalendarDate,
  calibrated: out(bool()),
  tunable: out(bool()),
  supportsLora: bool(),
  useHfApplyChatTemplate: bool(),
  defaultSamplingParams: out(map(float())),
  rlTunable: out(bool()),
  snapshotType: word(['FULL_SNAPSHOT', 'INCREMENTAL_SNAPSHOT']),
  supportedPrecisions: out(list(Precision)),
  supportedPrecisionsWithCalibration: out(list(Precision)),
  trainingContextLength: int32(),
  supportsServerless: out(bool()),
});

const AwsS3ModelSource = message('AwsS3ModelSource', {
  s3Bucket: required(text()),
  s3Path: text('Folder in the bucket.'),
  roleArn: text('Not assumed here; send an access key.'),
  accessKeyId: text('Required: the buckets that the server itself can read are not read for callers.'),
  accessSecret: secret(text('The key itself, or the name of a secret with it.')),
});

const HuggingFaceModelSource = message('HuggingFaceModelSource', {
  repository: required(text('Such as HuggingFaceTB/SmolLM2-135M-Instruct.', { maxLength: 200 })),
  revision: text('Branch, tag or commit. Default: main.', { maxLength: 200 }),
  path: text('A folder of the repository, or one GGUF file. Default: its top.', { maxLength: 500 }),
  token: secret(text('Access token, for private and gated repositories, or the name of a secret with it.')),
});

const ImportModelRequest = message('ImportModelRequest', {
  awsS3Source: AwsS3ModelSource,
  huggingFaceSource: HuggingFaceModelSource,
  sourceModel: reference(
    'model',
    'A model to copy: of the provider account, public, or of the account itself.',
  ),
});

const UploadModelRequest = message('UploadModelRequest', {
  filenameToSize: required(map(int64(), 'File name to size in bytes.')),
  enableResumableUpload: bool(),
  readMask: text(),
});

const ModelUploadUrls = message('ModelUploadUrls', {
  filenameToSignedUrls: map(text()),
  filenameToUnsignedUris: map(text()),
});

export const models = defineResource({
  noun: 'model',
  collection: 'models',
  parent: 'accounts/{account}',
  schema: Model,
  methods: (on) => ({
    list: on.list({
      access: 'public',
      // Each has an index: a page of a hundred thousand models takes no longer than one of ten.
      orderFields: [
        'name',
        'displayName',
        'createTime',
        'updateTime',
        'createdBy',
        'state',
        'kind',
        'contextLength',
      ],
    }),
    get: on.get({ access: 'public' }),
    create: on.create({
      idKey: 'modelId',
      wrapped: message('CreateModelRequest', { model: Model, modelId: required(text()), cluster: text() }),
    }),
    update: on.update(),
    delete: on.delete(),
    getUploadEndpoint: on.verb('getUploadEndpoint', {
      operationId: 'getModelUploadEndpoint',
      summary: 'Get URLs to upload the files of a model to',
      body: UploadModelRequest,
      response: ModelUploadUrls,
    }),
    validateUpload: on.verb('validateUpload', {
      httpMethod: 'GET',
      access: 'write',
      operationId: 'validateModelUpload',
      summary: 'Check the uploaded files and make the model ready',
      query: message('ValidateModelUploadParameters', {
        skipHfConfigValidation: bool(),
        trustRemoteCode: bool(),
        configOnly: bool(),
        readMask: text(),
      }),
      response: message('ValidateModelUploadResponse', { warnings: list(text()) }),
    }),
    getDownloadEndpoint: on.verb('getDownloadEndpoint', {
      httpMethod: 'GET',
      // Of the catalogue for everybody; the handler refuses the rest of other accounts.
      access: 'public',
      operationId: 'getModelDownloadEndpoint',
      summary: 'Get URLs to download the files of a model from',
      query: message('ModelDownloadParameters', { readMask: text() }),
      response: SignedUrls,
    }),
    import: on.verb('import', {
      summary: 'Fill a model with files from a bucket, from Hugging Face or from another model',
      body: ImportModelRequest,
      response: Operation,
    }),
    prepare: on.verb('prepare', {
      summary: 'Quantize a model so that it can be deployed at a precision',
      body: message('PrepareModelRequest', { precision: required(Precision), readMask: text() }),
    }),
    validateConfig: on.verb('validateModelConfig', {
      path: '/v1/validateModelConfig',
      access: 'read',
      operationId: 'validateModelConfig',
      summary: 'Check whether a model with this config can be served',
      body: message('ValidateModelConfigRequest', {
        configJson: required(text('Content of config.json.')),
        tokenizerConfigJson: text('Content of tokenizer_config.json.'),
      }),
    }),
  }),
  legalStates: {
    getUploadEndpoint: ['UPLOADING'],
    validateUpload: ['UPLOADING', 'READY'],
    import: ['UPLOADING'],
    getDownloadEndpoint: ['READY'],
    prepare: ['READY'],
  },
});
