-- One row a finished inference request. Never text. No foreign keys: usage outlives what it names.

create table usage (
  request_id text primary key,
  account text not null,
  user_name text not null,
  api_key_id text not null,
  model text not null,
  deployment text not null,
  endpoint text not null,
  prompt_tokens integer not null,
  cached_prompt_tokens integer not null,
  completion_tokens integer not null,
  status integer not null,
  start_time timestamptz not null,
  first_token_ms integer,
  duration_ms integer not null
);

create index usage_account_time on usage (account, start_time desc);
