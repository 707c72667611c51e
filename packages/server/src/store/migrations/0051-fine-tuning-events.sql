-- What fine-tuning jobs did and cost.

alter table fine_tuning_jobs
  -- Nano-dollars a trained token, as of the order.
  add column price_nanos bigint not null default 0 check (price_nanos >= 0),
  -- Tokens the whole job trains on: estimated from the dataset, then counted by the trainer.
  add column planned_tokens bigint not null default 0,
  -- Measured in the newest run, to estimate the next.
  add column tokens_per_second double precision not null default 0,
  -- Key for Weights & Biases, sealed; the page of the run there.
  add column wandb_key text not null default '',
  add column wandb_url text not null default '';

-- Never text of examples.
create table fine_tuning_events (
  job text not null references fine_tuning_jobs (name) on delete cascade,
  sequence bigint generated always as identity,
  time timestamptz not null default now(),
  type text not null check (type in ('message', 'metric', 'eval', 'checkpoint')),
  level text not null default 'info',
  message text not null default '',
  metrics jsonb,
  primary key (job, sequence)
);
