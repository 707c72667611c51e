/** The commands and flags of the platform's firectl pages, with the types that the pages give. */
export interface DocumentedCommand {
  readonly command: string;
  /** Flag to type; '' for flags without a value. */
  readonly flags: Readonly<Record<string, string>>;
}

const globals = { 'api-key': 'string', 'account-id': 'string', output: 'format', 'dry-run': '', quiet: '' };
const lists = {
  filter: 'string',
  'no-paginate': '',
  'order-by': 'string',
  'page-size': 'int32',
  'page-token': 'string',
};
const modelFields = {
  'context-length': 'int32',
  'default-draft-model': 'string',
  'default-draft-token-count': 'int32',
  description: 'string',
  'display-name': 'string',
  'github-url': 'string',
  'hugging-face-url': 'string',
  public: '',
  'supports-image-input': '',
  'supports-tools': '',
};
const deploymentFields = {
  description: 'string',
  'display-name': 'string',
  'max-peft-batch-size': 'int32',
  'max-replica-count': 'int32',
  'min-replica-count': 'int32',
  'scale-down-window': 'duration',
  'scale-to-zero-window': 'duration',
  'scale-up-window': 'duration',
  'unused-auto-delete-duration': 'duration',
  'world-size': '',
  'load-targets': '',
  'accelerator-count': 'int32',
  'accelerator-type': 'string',
  'long-prompt': '',
  'enable-addons': '',
  'enable-session-affinity': '',
  'draft-model': 'string',
  'draft-token-count': 'int32',
  'ngram-speculation-length': 'int32',
  'direct-route-api-keys': '',
};

const plain = (command: string): DocumentedCommand => ({ command, flags: {} });
const kinds = ['model', 'fine-tuning-job', 'deployment', 'dataset'];

export const documentedCommands: readonly DocumentedCommand[] = [
  { command: '', flags: globals },
  ...['signin', 'set-api-key', 'whoami', 'version', 'upgrade', 'prepare-model'].map(plain),
  { command: 'create dataset', flags: { 'display-name': 'string' } },
  {
    command: 'create deployment',
    flags: {
      ...deploymentFields,
      'disable-speculative-decoding': '',
      'model-id': 'string',
      precision: 'string',
      region: 'string',
      'direct-route-type': 'string',
      wait: '',
    },
  },
  {
    command: 'create sftj',
    flags: {
      'base-model': 'string',
      dataset: 'string',
      'display-name': 'string',
      'draft-base-model': 'string',
      'early-stop': '',
      epochs: '',
      'evaluation-dataset': 'string',
      'job-id': 'string',
      'learning-rate': 'float',
      'lora-rank': 'int32',
      'max-context-length': '',
      'output-model': 'string',
      'output-model-id': 'string',
      turbo: '',
      'wandb-api-key': 'string',
      'wandb-entity': 'string',
      'wandb-project': 'string',
      'wandb-run-id': 'string',
      wandb: '',
      'warm-start-from': 'string',
    },
  },
  {
    command: 'create model',
    flags: {
      ...modelFields,
      'base-model': 'string',
      'aws-access-key-id': 'string',
      'aws-secret-access-key': 'string',
    },
  },
  { command: 'create user', flags: { email: 'string', role: 'string' } },
  {
    command: 'create rl-job',
    flags: { 'reward-endpoint': 'string', 'model-id': 'string', 'dataset-id': 'string' },
  },
  ...[...kinds, 'api-key', 'user'].map((kind) => plain(`delete ${kind}`)),
  plain('download model'),
  ...[...kinds, 'user', 'sftj'].map((kind) => plain(`get ${kind}`)),
  { command: 'import model', flags: { 'model-id': 'string' } },
  ...['models', 'fine-tuning-jobs', 'deployments', 'deployed-models', 'datasets'].map((kind) => ({
    command: `list ${kind}`,
    flags: lists,
  })),
  { command: 'list api-key', flags: { ...lists, 'all-users': '' } },
  ...['quotas', 'reservations'].map((kind) => ({ command: `list ${kind}`, flags: lists })),
  { command: 'load-lora', flags: { deployment: 'string', public: '', wait: '' } },
  { command: 'unload-lora', flags: { deployment: 'string', wait: '' } },
  { command: 'undelete deployment', flags: { wait: '' } },
  { command: 'update model', flags: modelFields },
  { command: 'update user', flags: { 'display-name': 'string', user: 'string', role: 'string' } },
  { command: 'update deployment', flags: deploymentFields },
  { command: 'update dataset', flags: { 'display-name': 'string' } },
  { command: 'update deployed-model', flags: { default: '', public: '' } },
  { command: 'update quota', flags: { value: '' } },
];

/** What cannot be done here: the line ends with 2 and an error that begins with the flag. */
export const refusedLines: readonly { readonly line: string; readonly flag: string }[] = [
  { line: 'create deployment m --max-peft-batch-size 8', flag: '--max-peft-batch-size' },
  { line: 'update deployment d --max-peft-batch-size 8', flag: '--max-peft-batch-size' },
  { line: 'create deployment m --unused-auto-delete-duration 24h', flag: '--unused-auto-delete-duration' },
  {
    line: 'create sftj --base-model m --dataset d --output-model o --draft-base-model x',
    flag: '--draft-base-model',
  },
];
