-- Supervised fine-tuning jobs. What was asked for is one document, checked against the contract; what a job has come
-- to is in the observed columns, written by its reconciler alone.

create table fine_tuning_jobs (
  name text primary key,
  account text not null references accounts (id),
  -- The resource as it was created, without output fields and without secrets.
  spec jsonb not null,
  created_by text not null default '',
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  completed_time timestamptz,
  delete_time timestamptz,

  -- Desired.
  generation bigint not null default 1,
  wanted text not null default 'run' check (wanted in ('run', 'cancel', 'pause')),

  -- Observed.
  observed_generation bigint not null default 0,
  state text not null default 'JOB_STATE_CREATING',
  status_code text not null default 'OK',
  status_message text not null default '',
  progress jsonb not null default '{}',
  -- Times the trainer died and was started again.
  restart_count integer not null default 0,
  trained_tokens bigint not null default 0
);

create index fine_tuning_jobs_account on fine_tuning_jobs (account, create_time desc);
