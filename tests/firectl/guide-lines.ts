/**
 * The `firectl` lines of the guides, in an order in which they can run on one server. What the guides leave
 * to the reader (ids in angle brackets, paths) is filled in, and big models are small ones.
 */
export interface GuideLine {
  /** As the guide has it, after `firectl`. */
  readonly documented: string;
  /** What is run; the same when absent. */
  readonly run?: string;
  /** What the output (or, for failures, the error) must show. */
  readonly shows: RegExp;
  /** The exit status; 0 when absent. */
  readonly code?: number;
}

const base = 'accounts/fireworks/models/smollm2-135m-instruct';
const name = (collection: string, id = '[a-z0-9-]+') =>
  new RegExp(`^Name: accounts/local/${collection}/${id}$`, 'm');
const deployment = name('deployments');
const noAccelerators = /accelerator(Count|Type): this host has no/;

export const guideLines: readonly GuideLine[] = [
  // Signing in.
  { documented: 'version', shows: /^\d+\.\d+\.\d+$/m },
  { documented: 'upgrade', shows: /firectl \d/ },
  { documented: '--api-key API_KEY', run: '--api-key {key} whoami', shows: /^Account Id: local$/m },
  { documented: 'set-api-key API_KEY', run: 'set-api-key {key}', shows: /Kept the API key in / },
  { documented: 'signin', shows: /^Signed in to local/m },
  { documented: 'signin my-enterprise-account', run: 'signin local', shows: /^Signed in to local/m },
  { documented: 'whoami', shows: /^Account Id: local$/m },
  // Users.
  { documented: 'create user --email="alice@example.com"', shows: /^Role: user$/m },
  {
    documented: 'create user --email="alice@example.com" --role=admin',
    run: 'create user --email="john@example.com" --role=admin',
    shows: /^Role: admin$/m,
  },
  {
    documented: 'update user <user-id> --role="{admin,user}"',
    run: 'update user john --role="user"',
    shows: /^Role: user$/m,
  },
  {
    documented: 'update user my-user --display-name="Alice Cullen"',
    run: 'update user alice --display-name="Alice Cullen"',
    shows: /^Display Name: Alice Cullen$/m,
  },
  { documented: 'get user john-08bb29', run: 'get user john', shows: name('users', 'john') },
  {
    documented: 'delete user <user-id>',
    run: 'delete user john',
    shows: /Deleted accounts\/local\/users\/john/,
  },
  // Models.
  { documented: 'create model -h', shows: /--base-model <string>/ },
  {
    documented: 'create model <model-id> /path/to/files/',
    run: 'create model my-model {model}',
    shows: /^State: READY$/m,
  },
  {
    documented: 'create model my-model /path/to/checkpoint/',
    run: 'create model second {model}',
    shows: name('models', 'second'),
  },
  {
    documented: 'create model <model-id> /path/to/files --public',
    run: 'create model open {model} --public',
    shows: /^Public: true$/m,
  },
  {
    documented: 'create model sql-enhanced-model ./merged_model',
    run: 'create model sql-enhanced-model {model}',
    shows: /^Kind: HF_BASE_MODEL$/m,
  },
  {
    documented: 'create model <model-id> /path/to/files/ --base-model "accounts/fireworks/models/<model>"',
    run: 'create model my-addon {adapter} --base-model "accounts/local/models/my-model"',
    shows: /^Kind: HF_PEFT_ADDON$/m,
  },
  {
    documented:
      'create model <model-id> s3://<bucket>/<path>/ --aws-access-key-id <id> --aws-secret-access-key <secret>',
    run: 'create model from-s3 s3://bucket/folder/ --aws-access-key-id ID --aws-secret-access-key SECRET',
    shows: /^ {2}Model: accounts\/local\/models\/from-s3$/m,
  },
  { documented: 'list models', shows: /^my-model +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +HF_BASE_MODEL/m },
  { documented: 'get model <model-id>', run: 'get model my-model', shows: /^Precisions: FP16$/m },
  {
    documented: '-a fireworks get <base-model>',
    run: `-a fireworks get model smollm2-135m-instruct`,
    shows: /^Deployed Model Refs:\n\[\{\n {2}Name: /m,
  },
  {
    documented: 'update model <model-id> --public',
    run: 'update model my-model --public',
    shows: /^Public: true$/m,
  },
  {
    documented: 'update model <model-id> --public=false',
    run: 'update model my-model --public=false',
    shows: name('models', 'my-model'),
  },
  { documented: 'update model my-model --display-name="New Name"', shows: /^Display Name: New Name$/m },
  {
    documented: 'download model <model-id>',
    run: 'download model my-model {folder}/download-1',
    shows: /Downloaded/,
  },
  {
    documented: 'download model my-model /path/to/checkpoint/',
    run: 'download model my-model {folder}/download-2',
    shows: /Downloaded/,
  },
  {
    documented: 'download model code-llama-13b ./base_model',
    run: 'download model my-addon {folder}/download-3',
    shows: /Downloaded/,
  },
  {
    documented: 'import model llama-v3p1-8b-instruct',
    run: 'import model smollm2-135m-instruct',
    shows: name('models', 'smollm2-135m-instruct'),
  },
  { documented: 'delete model my-model', run: 'delete model second', shows: /Deleted/ },
  // Deployments.
  { documented: 'create deployment', shows: /invalid id: id must be at least 1 character long/, code: 2 },
  { documented: 'create deployment -h', shows: /Example:\n {2}firectl create deployment/ },
  {
    documented: 'create deployment accounts/fireworks/models/<model> --wait',
    run: `create deployment ${base} --wait`,
    shows: /^State: READY$/m,
  },
  {
    documented: 'create deployment "accounts/fireworks/models/<model>" --enable-addons',
    run: 'create deployment "accounts/local/models/my-model" --enable-addons --deployment-id my-deployment --wait',
    shows: /^Enable Addons: true$/m,
  },
  { documented: 'create deployment sql-enhanced-model', shows: deployment },
  {
    documented: 'create deployment accounts/myaccount/models/sql-enhanced-model',
    run: 'create deployment accounts/local/models/sql-enhanced-model',
    shows: deployment,
  },
  {
    documented: 'create deployment falcon-7b',
    run: 'create deployment open --deployment-id solo --wait',
    shows: deployment,
  },
  {
    documented: 'create deployment <model> --enable-addons',
    run: 'create deployment my-model --enable-addons',
    shows: deployment,
  },
  {
    documented: 'create deployment <model> --min-replica-count 2 --max-replica-count 3',
    run: 'create deployment my-model --min-replica-count 2 --max-replica-count 3',
    shows: /^Min Replica Count: 2\nMax Replica Count: 3$/m,
  },
  {
    documented: 'create deployment ... --enable-session-affinity',
    run: 'create deployment my-model --enable-session-affinity',
    shows: /^Enable Session Affinity: true$/m,
  },
  {
    documented: 'create deployment accounts/fireworks/models/llama-v3p1-8b-instruct --region US_IOWA_1',
    run: `create deployment ${base} --region US_IOWA_1`,
    shows: /placement: this server is one host in no region/,
    code: 1,
  },
  {
    documented: 'create deployment <model> --accelerator-count 2',
    run: 'create deployment my-model --accelerator-count 2',
    shows: noAccelerators,
    code: 1,
  },
  {
    documented: 'create deployment <model> --accelerator-count=2 --long-prompt',
    run: 'create deployment my-model --accelerator-count=2 --long-prompt',
    shows: noAccelerators,
    code: 1,
  },
  {
    documented: 'create deployment <model> --accelerator-type="NVIDIA_H100_80GB"',
    run: 'create deployment my-model --accelerator-type="NVIDIA_H100_80GB"',
    shows: noAccelerators,
    code: 1,
  },
  {
    documented: 'create deployment <model> --accelerator-type NVIDIA_H100_80GB --precision FP8',
    run: 'create deployment my-model --accelerator-type NVIDIA_H100_80GB --precision FP8',
    shows: /was not prepared for FP8|this host has no/,
    code: 1,
  },
  {
    documented:
      'create deployment <model> --accelerator-type="NVIDIA_H100_80GB" ' +
      '--draft-model="accounts/fireworks/models/llama-v3p2-1b-instruct" --draft-token-count=4',
    run: `create deployment my-model --accelerator-type="NVIDIA_H100_80GB" --draft-model="${base}" --draft-token-count=4`,
    shows: /accelerator|draftModel/,
    code: 1,
  },
  {
    documented: 'create deployment <model> --direct-route-type INTERNET --direct-route-api-keys=<key>',
    run: 'create deployment my-model --direct-route-type INTERNET --direct-route-api-keys=one --direct-route-api-keys=two',
    shows: /^Direct Route Handle: local-[a-z0-9]+\./m,
  },
  { documented: 'list deployments', shows: /^my-deployment .*accounts\/local\/models\/my-model +READY/m },
  { documented: 'get deployment my-deployment', shows: /^State: READY$/m },
  {
    documented: 'update deployment <id> --min-replica-count 2 --max-replica-count 3',
    run: 'update deployment my-deployment --min-replica-count 1 --max-replica-count 2',
    shows: /^Max Replica Count: 2$/m,
  },
  { documented: 'update deployment my-deployment', shows: /nothing to change/, code: 2 },
  {
    documented: 'update deployment <id> --accelerator-count 2',
    run: 'update deployment my-deployment --accelerator-count 2',
    shows: noAccelerators,
    code: 1,
  },
  {
    documented: 'update deployment <id> --accelerator-type="NVIDIA_H100_80GB"',
    run: 'update deployment my-deployment --accelerator-type="NVIDIA_H100_80GB"',
    shows: noAccelerators,
    code: 1,
  },
  {
    documented: 'update deployment <id> --long-prompt',
    run: 'update deployment my-deployment --long-prompt',
    shows: /^ {2}Long Prompt: true$/m,
  },
  {
    documented: 'update deployment <id> --enable-addons',
    run: 'update deployment my-deployment --enable-addons',
    shows: /^Enable Addons: true$/m,
  },
  {
    documented: 'load-lora my-model --deployment="abcd1234"',
    run: 'load-lora my-addon --deployment="my-deployment" --wait',
    shows: /DEPLOYED/,
  },
  { documented: 'list deployed-models', shows: /^my-model-\w+ .* DEPLOYED/m },
  {
    documented: 'update deployed-model <id> --public',
    run: 'update deployed-model {deployed} --public',
    shows: /^Public: true$/m,
  },
  {
    documented: 'update deployed-model <id> --public=false',
    run: 'update deployed-model {deployed} --public=false',
    shows: name('deployedModels'),
  },
  {
    documented: 'update deployed-model <id> --default',
    run: 'update deployed-model {deployed} --default',
    shows: /^Default: true$/m,
  },
  {
    documented: 'unload-lora my-model --deployment="abcd1234"',
    run: 'unload-lora my-addon --deployment="my-deployment" --wait',
    shows: /Unloaded accounts\/local\/deployedModels/,
  },
  { documented: 'load-lora my-model', run: 'load-lora my-addon', shows: /serverless/i, code: 1 },
  { documented: 'unload-lora my-model', run: 'unload-lora my-addon', shows: /is not loaded/, code: 2 },
  {
    documented: 'delete deployment my-deployment',
    run: 'delete deployment solo --wait',
    shows: /Deleted/,
  },
  {
    documented: 'undelete deployment my-deployment',
    run: 'undelete deployment solo --wait',
    shows: /^State: READY$/m,
  },
  // Datasets and tuning.
  {
    documented: 'create dataset my-dataset /path/to/dataset.jsonl',
    run: 'create dataset my-dataset {dataset}',
    shows: /^State: READY$/m,
  },
  {
    documented: 'create dataset path/to/training_dataset.jsonl',
    run: 'create dataset {dataset}',
    shows: name('datasets', 'training-dataset'),
  },
  {
    documented: 'get dataset instr-fine-tuning',
    run: 'get dataset my-dataset',
    shows: /^Example Count: 5$/m,
  },
  { documented: 'list datasets', shows: /^my-dataset .*READY/m },
  {
    documented: 'update dataset my-dataset',
    run: 'update dataset my-dataset --display-name="Mine"',
    shows: /^Display Name: Mine$/m,
  },
  {
    documented:
      'create sftj --base-model llama-v3p1-8b-instruct --dataset my_dataset --output-model my_model',
    run: 'create sftj --base-model my-model --dataset my-dataset --output-model my-tuned-model-1',
    shows: /^State: JOB_STATE_/m,
  },
  {
    documented:
      'create sftj --base-model llama-v3p1-8b-instruct --dataset cancerset --output-model my-tuned-model ' +
      '--job-id my-fine-tuning-job --learning-rate 0.0001 --epochs 2 --early-stop ' +
      '--evaluation-dataset my-eval-set',
    run:
      'create sftj --base-model my-model --dataset my-dataset --output-model my-tuned-model ' +
      '--job-id my-fine-tuning-job --learning-rate 0.0001 --epochs 2.0 --early-stop ' +
      '--evaluation-dataset training-dataset',
    shows: /^Epochs: 2$/m,
  },
  {
    documented: 'create sftj ... --lora-rank 16 ...',
    run: 'create sftj --base-model my-model --dataset my-dataset --lora-rank 16',
    shows: /^Lora Rank: 16$/m,
  },
  {
    documented: 'create sftj ... --max-context-length 65536 ...',
    run: 'create sftj --base-model my-model --dataset my-dataset --max-context-length 512',
    shows: /^Max Context Length: 512$/m,
  },
  {
    documented: 'create sftj ... --output-model-id my-model ...',
    run: 'create sftj --base-model my-model --dataset my-dataset --output-model-id named',
    shows: /^Output Model: accounts\/local\/models\/named$/m,
  },
  {
    documented: 'create sftj ... --turbo ...',
    run: 'create sftj --base-model my-model --dataset my-dataset --turbo',
    shows: /isTurbo: needs several GPUs/,
    code: 1,
  },
  {
    documented: 'create sftj ... --wandb-entity my-org --wandb-api-key xxx --wandb-project "My Project" ...',
    run:
      'create sftj --base-model my-model --dataset my-dataset ' +
      '--wandb-entity my-org --wandb-api-key xxx --wandb-project "My Project"',
    shows: /^ {2}Project: My Project$/m,
  },
  { documented: 'list fine-tuning-jobs', shows: /^my-fine-tuning-job /m },
  {
    documented: 'get sftj <id>',
    run: 'get sftj my-fine-tuning-job',
    shows: name('supervisedFineTuningJobs', 'my-fine-tuning-job'),
  },
  { documented: 'get fine-tuning-job my-fine-tuning-job', shows: /^State: JOB_STATE_/m },
  { documented: 'delete fine-tuning-job my-fine-tuning-job', shows: /Deleted/ },
  { documented: 'delete dataset my-dataset', run: 'delete dataset training-dataset', shows: /Deleted/ },
  // Quotas and quantization.
  { documented: 'list quotas', shows: /^monthly-spend-usd /m },
  { documented: 'list reservations', shows: /^No reservations\.$/m },
  {
    documented: 'update quota monthly-spend-usd --value <value>',
    run: 'update quota monthly-spend-usd --value 2000',
    shows: /^Value: 2000$/m,
  },
  {
    documented: 'prepare-model <model-id>',
    run: 'prepare-model open',
    shows: /Preparing accounts\/local\/models\/open/,
  },
  // Keys.
  { documented: 'list api-key', shows: /^KEY ID /m },
  { documented: 'list api-key --all-users', shows: /^KEY ID /m },
  {
    documented: 'delete api-key <key-id>',
    run: 'delete api-key no-such-key',
    shows: /there is no key no-such-key/,
    code: 3,
  },
];

/**
 * Lines of resources without handlers yet: they must fail saying so. A line that begins to work fails the
 * test, and moves up.
 */
export const waitingLines: readonly GuideLine[] = [
  {
    documented:
      'create rl-job ' +
      '--reward-endpoint "https://api.fireworks.ai/v1/evaluations/helpfulness-evaluator" ' +
      '--model-id "accounts/fireworks/models/llama-v3-8b-instruct" --dataset-id "my-training-dataset"',
    shows: /404 there is no/,
    code: 3,
  },
];
