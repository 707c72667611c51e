-- A job that is deleted and made anew under its name is another order: its bill, its budget and its files are its own.

alter table fine_tuning_jobs add column uid text not null default gen_random_uuid()::text;
-- Orders so far are known by their name.
update fine_tuning_jobs set uid = name;
alter table fine_tuning_jobs add constraint fine_tuning_jobs_uid unique (uid);

alter table training_meters
  add column uid text,
  -- Of a job that is gone: what it had trained, as that is still to be charged.
  add column final_tokens bigint;
update training_meters set uid = job;
alter table training_meters alter column uid set not null;
alter table training_meters drop constraint training_meters_pkey;
alter table training_meters add primary key (uid);
