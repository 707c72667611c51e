-- What can serve. Desired columns are written by request handlers, which also raise `generation`; observed columns
-- are written by reconcilers only, which set observed_generation to the generation they acted on. The public state of
-- a resource is derived from both, never stored.

create table models (
  name text primary key,
  account text not null references accounts (id),
  display_name text not null default '',
  description text not null default '',
  kind text not null,
  state text not null check (state in ('UPLOADING', 'READY')),
  status_code text not null default 'OK',
  status_message text not null default '',
  is_public boolean not null default false,
  -- Entry of the model catalogue that the weights come from; null for uploaded models.
  catalogue_id text,
  context_length integer not null default 0,
  supports_chat boolean not null default false,
  supports_tools boolean not null default false,
  supports_image_input boolean not null default false,
  price_class text not null default '',
  hugging_face_url text not null default '',
  licence text not null default '',
  conversation_config jsonb,
  base_model_details jsonb,
  peft_details jsonb,
  default_sampling_params jsonb not null default '{}',
  created_by text not null default '',
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now()
);

create index models_account on models (account, create_time desc);

create table deployments (
  name text primary key,
  account text not null references accounts (id),
  display_name text not null default '',
  description text not null default '',
  created_by text not null default '',
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  expire_time timestamptz,
  -- Soft delete: set on delete, cleared by undelete; the row goes at purge_time.
  delete_time timestamptz,
  purge_time timestamptz,

  -- Desired.
  generation bigint not null default 1,
  base_model text not null references models (name),
  -- Which dialect its replicas speak and who launches them.
  dialect text not null default 'native',
  launcher text not null default 'child-process',
  min_replica_count integer not null default 0 check (min_replica_count >= 0),
  max_replica_count integer not null default 1 check (max_replica_count >= min_replica_count),
  -- What the autoscaler, a wake-up or :scale asks for, kept between min and max by the reconciler; null: no opinion.
  requested_replica_count integer check (requested_replica_count >= 0),
  autoscaling_policy jsonb,
  enable_addons boolean not null default false,
  -- Flags for the engine beyond the server's settings, e.g. {"cells": 8192}.
  engine_options jsonb not null default '{}',

  -- Observed.
  observed_generation bigint not null default 0,
  observed_state text not null default 'starting'
    check (observed_state in ('starting', 'ready', 'asleep', 'failed', 'stopping', 'deleted')),
  observed_reason text,
  observed_replica_count integer not null default 0,
  observed_ready_count integer not null default 0,
  observe_time timestamptz
);

create index deployments_account on deployments (account, create_time desc);

create table deployed_models (
  name text primary key,
  account text not null references accounts (id),
  display_name text not null default '',
  description text not null default '',
  created_by text not null default '',
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  -- Set when the model is to be unloaded; the reconciler removes the row when no replica holds it any more.
  delete_time timestamptz,

  -- Desired.
  generation bigint not null default 1,
  model text not null references models (name),
  deployment text not null references deployments (name) on delete cascade,
  is_default boolean not null default false,
  is_public boolean not null default false,
  -- Id under which replicas load the adapter; null when the model is the deployment's base model.
  adapter text,

  -- Observed.
  observed_generation bigint not null default 0,
  observed_state text not null default 'deploying'
    check (observed_state in ('deploying', 'deployed', 'undeploying', 'failed')),
  observed_reason text,
  observe_time timestamptz,

  unique (deployment, model)
);

-- The entry that answers to the model's plain name; one for each account that deploys it.
create unique index deployed_models_default on deployed_models (account, model) where is_default and delete_time is null;
create index deployed_models_account on deployed_models (account, create_time desc);

-- Replicas as their reconciler last saw them: how gateways in other processes find them. Observed only.
create table replicas (
  id text primary key,
  deployment text not null references deployments (name) on delete cascade,
  -- Generation of the deployment it was launched for.
  generation bigint not null,
  -- Server process (node id of its data folder) that supervises it.
  node text not null,
  socket_path text,
  base_url text,
  pid integer,
  state text not null check (state in ('starting', 'ready', 'draining')),
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  check ((socket_path is null) <> (base_url is null))
);

create index replicas_deployment on replicas (deployment);

-- The last run of each reconciler for each resource, for people who ask why something is as it is.
create table reconcile_results (
  kind text not null,
  name text not null,
  generation bigint not null,
  outcome text not null check (outcome in ('settled', 'progressing', 'failed')),
  details jsonb not null default '[]',
  reason text,
  -- Failed runs in a row; drives the back-off.
  failure_count integer not null default 0,
  run_time timestamptz not null default now(),
  duration_ms integer not null,
  primary key (kind, name)
);

create function notify_routing() returns trigger language plpgsql as $$
begin
  perform pg_notify('sparkler_routing', '');
  return null;
end $$;

create trigger models_notify after insert or update or delete or truncate on models
  for each statement execute function notify_routing();
create trigger deployments_notify after insert or update or delete or truncate on deployments
  for each statement execute function notify_routing();
create trigger deployed_models_notify after insert or update or delete or truncate on deployed_models
  for each statement execute function notify_routing();
create trigger replicas_notify after insert or update or delete or truncate on replicas
  for each statement execute function notify_routing();
