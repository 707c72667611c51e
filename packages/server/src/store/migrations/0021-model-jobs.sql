-- Work on models that takes longer than a request: preparing another precision, merging an addon into its base model.

create table model_jobs (
  -- accounts/A/PeftMergeJobs/J, or accounts/A/models/M/preparations/FP8
  name text primary key,
  account text not null references accounts (id),
  kind text not null check (kind in ('prepare', 'merge')),
  display_name text not null default '',
  created_by text not null default '',
  -- {"precision": "FP8"}, or {"peftModel": "...", "mergedModel": "..."}
  spec jsonb not null,
  -- The model that it changes or makes.
  model text not null references models (name) on delete cascade,
  state text not null default 'pending' check (state in ('pending', 'running', 'completed', 'failed')),
  reason text not null default '',
  create_time timestamptz(3) not null default now(),
  update_time timestamptz(3) not null default now()
);

create index model_jobs_list on model_jobs (account, create_time desc, (name collate "C"));
create index model_jobs_open on model_jobs (create_time) where state in ('pending', 'running');
