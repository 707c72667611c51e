-- What autoscaling saw of deployments that are awake: the process that takes the lead goes on from there.
create table load_samples (
  deployment text not null references deployments (name) on delete cascade,
  sample_time timestamptz not null,
  concurrent integer not null,
  requests_per_second double precision not null,
  tokens_per_second double precision not null,
  -- After that no window of its deployment reaches back to it.
  expire_time timestamptz not null,
  primary key (deployment, sample_time)
);

create index load_samples_expire on load_samples (expire_time);
