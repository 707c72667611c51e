import type { ColumnType, Generated, JSONColumnType } from 'kysely';

/** Set by the database when a row is made. */
type CreateTime = ColumnType<Date, Date | undefined, never>;
type UpdateTime = ColumnType<Date, Date | undefined, Date>;
type NullableJson = JSONColumnType<Record<string, unknown> | null, string | null | undefined, string | null>;
type JsonObject = ColumnType<Record<string, unknown>, string | undefined, string>;

/** bigint columns are numbers here: generations stay far below 2^53 (see type-parsers.ts). */
type Bigint = ColumnType<number, number | undefined, number>;

export interface ServerSecretsTable {
  name: string;
  value: Buffer;
  create_time: CreateTime;
}

export interface AccountsTable {
  id: string;
  display_name: Generated<string>;
  account_type: Generated<string>;
  email: Generated<string>;
  suspend_state: Generated<string>;
  tier: Generated<'TIER_1' | 'TIER_2' | 'TIER_3' | 'TIER_4' | 'UNLIMITED'>;
  /** Lower monthly limit that the account set itself. */
  own_limit_nanos: string | number | null;
  stop_text: Generated<'STOP_TEXT_UNSPECIFIED' | 'INCLUDED' | 'EXCLUDED'>;
  log_requests: Generated<boolean>;
  payment_method: Generated<'' | 'manual' | 'house'>;
  create_time: CreateTime;
  update_time: UpdateTime;
}

export interface RequestLogsTable {
  request_id: string;
  account: string;
  model: string;
  endpoint: string;
  time: Date;
  request: string;
  answer: string;
}

export type UserRole = 'admin' | 'user' | 'contributor' | 'inference-user';

export interface UsersTable {
  name: string;
  account: string;
  display_name: Generated<string>;
  email: Generated<string>;
  role: UserRole;
  is_service_account: Generated<boolean>;
  create_time: CreateTime;
  update_time: UpdateTime;
}

export interface ApiKeysTable {
  id: string;
  account: string;
  user_name: string;
  display_name: Generated<string>;
  prefix: string;
  hash: Buffer;
  models: string[] | null;
  deployments: string[] | null;
  is_read_only: Generated<boolean>;
  create_time: CreateTime;
  expire_time: Date | null;
}

export interface ModelsTable {
  name: string;
  account: string;
  display_name: Generated<string>;
  description: Generated<string>;
  kind: string;
  state: 'UPLOADING' | 'READY';
  status_code: Generated<string>;
  status_message: Generated<string>;
  is_public: Generated<boolean>;
  catalogue_id: string | null;
  context_length: Generated<number>;
  supports_chat: Generated<boolean>;
  supports_tools: Generated<boolean>;
  supports_image_input: Generated<boolean>;
  price_class: Generated<string>;
  hugging_face_url: Generated<string>;
  licence: Generated<string>;
  conversation_config: NullableJson;
  base_model_details: NullableJson;
  peft_details: NullableJson;
  default_sampling_params: JsonObject;
  details: JsonObject;
  precisions: ColumnType<string[], string[] | undefined, string[]>;
  blob_prefix: string | null;
  upload_files: JsonObject;
  weights: NullableJson;
  created_by: Generated<string>;
  create_time: CreateTime;
  update_time: UpdateTime;
}

export interface DatasetsTable {
  name: string;
  account: string;
  display_name: Generated<string>;
  state: 'UPLOADING' | 'READY';
  status_code: Generated<string>;
  status_message: Generated<string>;
  example_count: Bigint;
  estimated_token_count: Bigint;
  average_turn_count: Generated<number>;
  format: Generated<string>;
  source: JsonObject;
  external_url: Generated<string>;
  source_job_name: Generated<string>;
  created_by: Generated<string>;
  blob_prefix: string | null;
  upload_files: JsonObject;
  create_time: CreateTime;
  update_time: UpdateTime;
}

export interface BlobClaimsTable {
  prefix: string;
  node: string;
  model: Generated<string>;
  cut_message: Generated<string>;
  renew_time: Generated<Date>;
}

export interface ModelJobsTable {
  name: string;
  account: string;
  kind: 'prepare' | 'merge';
  display_name: Generated<string>;
  created_by: Generated<string>;
  spec: ColumnType<Record<string, string>, string, string>;
  model: string;
  state: Generated<'pending' | 'running' | 'completed' | 'failed'>;
  reason: Generated<string>;
  create_time: CreateTime;
  update_time: UpdateTime;
}

export interface BlobDeletionsTable {
  prefix: string;
  create_time: CreateTime;
}

export interface AuditLogsTable {
  id: string;
  account: string;
  create_time: CreateTime;
  method: string;
  principal: string;
  resource: string;
  payload: JsonObject;
  status_code: Generated<string>;
  status_message: Generated<string>;
  message: Generated<string>;
}

export type DeploymentObservedState = 'starting' | 'ready' | 'asleep' | 'failed' | 'stopping' | 'deleted';

export interface DeploymentsTable {
  name: string;
  account: string;
  display_name: Generated<string>;
  description: Generated<string>;
  created_by: Generated<string>;
  create_time: CreateTime;
  update_time: UpdateTime;
  expire_time: Date | null;
  delete_time: Date | null;
  purge_time: Date | null;
  generation: Bigint;
  base_model: string;
  dialect: Generated<string>;
  launcher: Generated<string>;
  min_replica_count: Generated<number>;
  max_replica_count: Generated<number>;
  requested_replica_count: number | null;
  autoscaling_policy: NullableJson;
  enable_addons: Generated<boolean>;
  engine_options: JsonObject;
  /** Fields of the contract without a column: draftModel, placement, enableSessionAffinity and so on. */
  details: JsonObject;
  direct_route_handle: string | null;
  direct_route_keys: Generated<Buffer[]>;
  observed_generation: Bigint;
  observed_state: Generated<DeploymentObservedState>;
  observed_reason: string | null;
  observed_replica_count: Generated<number>;
  observed_ready_count: Generated<number>;
  observe_time: Date | null;
}

export type DeployedModelObservedState = 'deploying' | 'deployed' | 'undeploying' | 'failed';

export interface DeployedModelsTable {
  name: string;
  account: string;
  display_name: Generated<string>;
  description: Generated<string>;
  created_by: Generated<string>;
  create_time: CreateTime;
  update_time: UpdateTime;
  delete_time: Date | null;
  generation: Bigint;
  model: string;
  deployment: string;
  is_default: Generated<boolean>;
  is_public: Generated<boolean>;
  adapter: string | null;
  observed_generation: Bigint;
  observed_state: Generated<DeployedModelObservedState>;
  observed_reason: string | null;
  observe_time: Date | null;
}

export interface ReplicasTable {
  id: string;
  deployment: string;
  generation: number;
  node: string;
  socket_path: string | null;
  base_url: string | null;
  pid: number | null;
  state: 'starting' | 'ready' | 'draining';
  region: Generated<string>;
  accelerator_type: Generated<string>;
  reserved_count: Generated<number>;
  on_demand_count: Generated<number>;
  revocable_count: Generated<number>;
  /** Ids of the addons it has loaded. */
  adapters: Generated<string[]>;
  create_time: CreateTime;
  update_time: UpdateTime;
}

export interface ReconcileResultsTable {
  kind: string;
  name: string;
  generation: number;
  outcome: 'settled' | 'progressing' | 'failed';
  details: ColumnType<string[], string, string>;
  reason: string | null;
  failure_count: Generated<number>;
  run_time: ColumnType<Date, Date | undefined, Date>;
  duration_ms: number;
}

export interface UsageTable {
  request_id: string;
  account: string;
  user_name: string;
  api_key_id: string;
  model: string;
  deployment: string;
  endpoint: string;
  prompt_tokens: number;
  cached_prompt_tokens: number;
  completion_tokens: number;
  status: number;
  start_time: Date;
  first_token_ms: number | null;
  duration_ms: number;
  cost_nanos: Generated<number>;
  period: Generated<string>;
}

/** Tables as Kysely sees them; the truth is in migrations/. */
export interface Schema {
  server_secrets: ServerSecretsTable;
  accounts: AccountsTable;
  users: UsersTable;
  api_keys: ApiKeysTable;
  models: ModelsTable;
  datasets: DatasetsTable;
  blob_deletions: BlobDeletionsTable;
  blob_claims: BlobClaimsTable;
  model_jobs: ModelJobsTable;
  audit_logs: AuditLogsTable;
  deployments: DeploymentsTable;
  deployed_models: DeployedModelsTable;
  replicas: ReplicasTable;
  reconcile_results: ReconcileResultsTable;
  usage: UsageTable;
  request_logs: RequestLogsTable;
}
