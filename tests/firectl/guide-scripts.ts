/** One line of a guide as it is run, and what it shows. */
export interface ScriptLine {
  readonly run: string;
  /** What its output (or, for failures, the error) must show. */
  readonly shows?: RegExp;
}

/** A guide from its first line to its last, in its own order. */
export interface GuideScript {
  readonly guide: string;
  readonly lines: readonly ScriptLine[];
}

const answers = (model: string): ScriptLine => ({
  run: `chat ${model} --message hello --max-tokens 4`,
  shows: /\S/,
});

export const guideScripts: readonly GuideScript[] = [
  {
    guide: 'models/deploying: a base model and an addon on a deployment',
    lines: [
      { run: 'create model guide-model {model}', shows: /^State: READY$/m },
      {
        run: 'create deployment guide-model --enable-addons --deployment-id guide --wait',
        shows: /^State: READY$/m,
      },
      { run: 'create model guide-addon {adapter} --base-model guide-model', shows: /^Kind: HF_PEFT_ADDON$/m },
      { run: 'load-lora guide-addon --deployment guide --wait', shows: /^State: DEPLOYED$/m },
      { run: 'get model guide-model', shows: /^Deployed Model Refs:\n\[\{\n {2}Name: /m },
      { run: 'list deployed-models', shows: /^guide-addon-\w+ .*DEPLOYED/m },
      answers('local/guide-model#local/guide'),
      { run: 'update deployed-model {deployed:guide-addon} --public', shows: /^Public: true$/m },
      { run: 'update deployed-model {deployed:guide-addon} --public=false' },
      { run: 'unload-lora guide-addon --deployment guide --wait', shows: /^Unloaded / },
      { run: 'delete deployment guide --wait', shows: /^Deleted / },
    ],
  },
  {
    guide: 'models/uploading-custom-models: an addon of one',
    lines: [
      { run: 'create model lora-base {model}' },
      {
        run: 'create model lora-addon {adapter} --base-model "accounts/local/models/lora-base"',
        shows: /^State: READY$/m,
      },
      { run: 'get model lora-addon', shows: /^ {2}Base Model: accounts\/local\/models\/lora-base$/m },
      { run: 'create deployment lora-base --enable-addons --deployment-id lora --wait' },
      { run: 'load-lora lora-addon --deployment lora --wait', shows: /^State: DEPLOYED$/m },
      answers('local/lora-addon#local/lora'),
      { run: 'delete deployment lora --wait' },
    ],
  },
  {
    guide: 'models/uploading-custom-models: a base model of one, published',
    lines: [
      { run: 'create model custom {model}', shows: /^Kind: HF_BASE_MODEL$/m },
      { run: 'list models', shows: /^custom .* HF_BASE_MODEL/m },
      { run: 'create deployment custom --deployment-id custom --wait', shows: /^State: READY$/m },
      { run: 'get deployment custom', shows: /^State: READY$/m },
      answers('local/custom#local/custom'),
      { run: 'update model custom --public', shows: /^Public: true$/m },
      { run: 'update model custom --public=false' },
      { run: 'delete deployment custom --hard --wait', shows: /^Deleted / },
      { run: 'delete model custom', shows: /^Deleted / },
    ],
  },
  {
    guide: 'fine-tuning/fine-tuning-models: from a dataset to a model',
    lines: [
      { run: 'create model tuned-base {model}' },
      { run: 'create dataset script-set {dataset}', shows: /^State: READY$/m },
      { run: 'get dataset script-set', shows: /^Example Count: 5$/m },
      {
        run: 'create sftj --base-model tuned-base --dataset script-set --output-model tuned --job-id script-job',
        shows: /^Name: accounts\/local\/supervisedFineTuningJobs\/script-job$/m,
      },
      {
        run: 'get sftj script-job --watch',
        shows: /^State: JOB_STATE_COMPLETED$[\s\S]*step \d+, loss \d/m,
      },
      { run: 'logs sftj script-job', shows: /trainLoss=\d/ },
      { run: 'list models', shows: /^tuned .* HF_PEFT_ADDON/m },
      { run: 'get model tuned', shows: /^State: READY$/m },
      { run: 'create deployment tuned-base --enable-addons --deployment-id tuned --wait' },
      { run: 'load-lora tuned --deployment tuned --wait', shows: /^State: DEPLOYED$/m },
      answers('local/tuned#local/tuned'),
      { run: 'download model tuned {folder}/tuned', shows: /^Downloaded / },
      { run: 'delete deployment tuned --wait' },
    ],
  },
  {
    // The guide merges with a Python script on torch and peft; here the platform's own job does.
    guide: 'guides/lora-model-merge: base model and addon fetched, merged, uploaded and deployed',
    lines: [
      { run: 'create model merge-base {model}' },
      { run: 'create model merge-addon {adapter} --base-model merge-base' },
      { run: 'list models', shows: /^merge-addon .* HF_PEFT_ADDON/m },
      { run: 'download model merge-base {folder}/base_model', shows: /^Downloaded / },
      { run: 'download model merge-addon {folder}/lora_adapter', shows: /^Downloaded / },
      {
        run: 'create merge-job --peft-model merge-addon --merged-model merged --wait',
        shows: /^State: JOB_STATE_COMPLETED$/m,
      },
      { run: 'download model merged {folder}/merged_model', shows: /^Downloaded / },
      { run: 'create model sql-merged {folder}/merged_model', shows: /^State: READY$/m },
      { run: 'create deployment sql-merged --deployment-id merged --wait', shows: /^State: READY$/m },
      { run: 'list deployments', shows: /^merged .*sql-merged .*READY/m },
      answers('local/sql-merged#local/merged'),
      { run: 'delete deployment merged --wait' },
    ],
  },
];
