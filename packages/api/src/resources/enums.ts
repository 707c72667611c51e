import { named, word } from '../fields.ts';

/** Sets of words that several resources use. The first word is the zero value. */

export const Precision = named(
  'Precision',
  word([
    'PRECISION_UNSPECIFIED',
    'FP16',
    'FP8',
    'FP8_MM',
    'FP8_AR',
    'FP8_MM_KV_ATTN',
    'FP8_KV',
    'FP8_MM_V2',
    'FP8_V2',
    'FP8_MM_KV_ATTN_V2',
    'NF4',
    'FP4',
    'BF16',
    'FP4_BLOCKSCALED_MM',
    'FP4_MX_MOE',
  ]),
);

export const AcceleratorType = named(
  'AcceleratorType',
  word([
    'ACCELERATOR_TYPE_UNSPECIFIED',
    'NVIDIA_A100_80GB',
    'NVIDIA_H100_80GB',
    'AMD_MI300X_192GB',
    'NVIDIA_A10G_24GB',
    'NVIDIA_A100_40GB',
    'NVIDIA_L4_24GB',
    'NVIDIA_H200_141GB',
    'NVIDIA_B200_180GB',
    'AMD_MI325X_256GB',
    'AMD_MI350X_288GB',
  ]),
);

export const Region = named(
  'Region',
  word([
    'REGION_UNSPECIFIED',
    'US_IOWA_1',
    'US_VIRGINIA_1',
    'US_VIRGINIA_2',
    'US_ILLINOIS_1',
    'AP_TOKYO_1',
    'EU_LONDON_1',
    'US_ARIZONA_1',
    'US_TEXAS_1',
    'US_ILLINOIS_2',
    'EU_FRANKFURT_1',
    'US_TEXAS_2',
    'EU_PARIS_1',
    'EU_HELSINKI_1',
    'US_NEVADA_1',
    'EU_ICELAND_1',
    'EU_ICELAND_2',
    'US_WASHINGTON_1',
    'US_WASHINGTON_2',
    'EU_ICELAND_DEV_1',
    'US_WASHINGTON_3',
    'US_ARIZONA_2',
    'AP_TOKYO_2',
    'US_CALIFORNIA_1',
    'US_MISSOURI_1',
    'US_UTAH_1',
    'US_TEXAS_3',
    'US_ARIZONA_3',
    'US_GEORGIA_1',
    'US_GEORGIA_2',
    'US_WASHINGTON_4',
    'US_GEORGIA_3',
    'NA_BRITISHCOLUMBIA_1',
    'US_GEORGIA_4',
    'EU_ICELAND_3',
    'US_OHIO_1',
    'US_NEWYORK_1',
  ]),
);

/** State of fine-tuning, evaluation and batch inference jobs. */
export const JobState = named(
  'JobState',
  word([
    'JOB_STATE_UNSPECIFIED',
    'JOB_STATE_CREATING',
    'JOB_STATE_RUNNING',
    'JOB_STATE_COMPLETED',
    'JOB_STATE_FAILED',
    'JOB_STATE_CANCELLED',
    'JOB_STATE_DELETING',
    'JOB_STATE_WRITING_RESULTS',
    'JOB_STATE_VALIDATING',
    'JOB_STATE_ROLLOUT',
    'JOB_STATE_EVALUATION',
    'JOB_STATE_HANDLING_FAILURE',
    'JOB_STATE_DELETING_INCOMPLETE',
    'JOB_STATE_POLICY_UPDATE',
    'JOB_STATE_DELETING_CLEANING_UP',
    'JOB_STATE_PENDING',
    'JOB_STATE_EXPIRED',
    'JOB_STATE_RE_QUEUEING',
    'JOB_STATE_CREATING_INPUT_DATASET',
    'JOB_STATE_IDLE',
    'JOB_STATE_CANCELLING',
    'JOB_STATE_EARLY_STOPPED',
    'JOB_STATE_PAUSED',
    'JOB_STATE_DELETED',
    'JOB_STATE_ARCHIVED',
  ]),
);

/** States in which a job can still be cancelled. */
export const cancellableJobStates = [
  'JOB_STATE_CREATING',
  'JOB_STATE_RUNNING',
  'JOB_STATE_WRITING_RESULTS',
  'JOB_STATE_VALIDATING',
  'JOB_STATE_ROLLOUT',
  'JOB_STATE_EVALUATION',
  'JOB_STATE_POLICY_UPDATE',
  'JOB_STATE_PENDING',
  'JOB_STATE_RE_QUEUEING',
  'JOB_STATE_CREATING_INPUT_DATASET',
  'JOB_STATE_IDLE',
  'JOB_STATE_PAUSED',
] as const;

/** States in which a job can be paused. */
export const pausableJobStates = [
  'JOB_STATE_CREATING',
  'JOB_STATE_RUNNING',
  'JOB_STATE_VALIDATING',
  'JOB_STATE_PENDING',
  'JOB_STATE_RE_QUEUEING',
] as const;

/** States from which a stopped job can go on. */
export const resumableJobStates = [
  'JOB_STATE_FAILED',
  'JOB_STATE_CANCELLED',
  'JOB_STATE_PAUSED',
  'JOB_STATE_EXPIRED',
] as const;

export const DeployedModelState = named(
  'DeployedModelState',
  word(['STATE_UNSPECIFIED', 'UNDEPLOYING', 'DEPLOYING', 'DEPLOYED', 'UPDATING']),
);

export const DirectRouteType = named(
  'DirectRouteType',
  word(['DIRECT_ROUTE_TYPE_UNSPECIFIED', 'INTERNET', 'GCP_PRIVATE_SERVICE_CONNECT', 'AWS_PRIVATELINK']),
);
