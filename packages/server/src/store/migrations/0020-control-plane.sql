-- Resources as the API shows them. Times are kept to the millisecond, which is what callers see: order, filters and
-- page tokens then mean exactly the rows that were shown.

alter table accounts
  alter column create_time type timestamptz(3),
  alter column update_time type timestamptz(3);

alter table users
  alter column create_time type timestamptz(3),
  alter column update_time type timestamptz(3),
  drop constraint users_role_check,
  add constraint users_role_check check (role in ('admin', 'user', 'contributor', 'inference-user'));

-- One person is one user of an account, and may be a user of several accounts.
create unique index users_email on users (account, lower(email)) where email <> '';
create index users_email_accounts on users (lower(email)) where email <> '';

alter table api_keys
  alter column create_time type timestamptz(3),
  alter column expire_time type timestamptz(3);

alter table models
  alter column create_time type timestamptz(3),
  alter column update_time type timestamptz(3),
  -- Fields that only the API reads: githubUrl, defaultDraftModel, deprecationDate and so on, as in the contract.
  add column details jsonb not null default '{}',
  -- Precisions that it can be deployed at.
  add column precisions text[] not null default '{}',
  -- Where its files lie in the blob store; null: none were uploaded (yet), or they come from the catalogue.
  add column blob_prefix text,
  -- File name -> bytes, as announced when upload URLs were asked for.
  add column upload_files jsonb not null default '{}',
  -- What the check of the files found: {"format": "hugging-face" | "gguf" | "peft", ...}; null before.
  add column weights jsonb;

drop index models_account;
create index models_list on models (account, create_time desc, (name collate "C"));
create index models_by_name on models (account, (name collate "C"));
-- For counting: equal keys take no room in it, so that 100,000 rows are counted from 100 pages.
create index models_count on models (account);

create table datasets (
  name text primary key,
  account text not null references accounts (id),
  display_name text not null default '',
  state text not null check (state in ('UPLOADING', 'READY')),
  status_code text not null default 'OK',
  status_message text not null default '',
  example_count bigint not null default 0,
  estimated_token_count bigint not null default 0,
  average_turn_count double precision not null default 0,
  format text not null default 'FORMAT_UNSPECIFIED',
  -- Where the examples come from: {"userUploaded": {}}, {"transformed": {...}} and so on, as in the contract.
  source jsonb not null default '{}',
  external_url text not null default '',
  source_job_name text not null default '',
  created_by text not null default '',
  blob_prefix text,
  upload_files jsonb not null default '{}',
  create_time timestamptz(3) not null default now(),
  update_time timestamptz(3) not null default now()
);

create index datasets_list on datasets (account, create_time desc, (name collate "C"));

-- Blobs whose resource is gone. Removed by whoever finds the row, which outlives a server that dies in between.
create table blob_deletions (
  prefix text primary key,
  create_time timestamptz not null default now()
);

-- Every write over the API: who, what, when, from where. Begun before the write and completed after it, so that a
-- write whose server died in between is there too. Never a secret, a prompt or the content of a file.
create table audit_logs (
  id text primary key,
  account text not null,
  create_time timestamptz(3) not null default now(),
  method text not null,
  -- E-mail of the user, or the user's name for those without.
  principal text not null,
  resource text not null,
  payload jsonb not null default '{}',
  status_code text not null default 'UNKNOWN',
  status_message text not null default '',
  message text not null default ''
);

create index audit_logs_list on audit_logs (account, create_time desc, (id collate "C"));
