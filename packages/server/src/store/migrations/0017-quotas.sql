-- Quotas of accounts that differ from the defaults, and how far their rates are used.

create table account_quotas (
  account text not null references accounts (id),
  -- Id of the quota, such as requests-per-minute.
  quota text not null,
  -- What the account wants for itself, at most max_value; null: as much as it may.
  value bigint check (value >= 0),
  -- What an operator allows; null: what everybody may.
  max_value bigint check (max_value >= 0),
  update_time timestamptz(3) not null default now(),
  primary key (account, quota)
);

create trigger account_quotas_notify after insert or update or delete or truncate on account_quotas
  for each statement execute function notify_keys();

-- Levels of an account's rates, and what of them is lent to which gateway (inference/limits/meters.ts). One row, so that
-- whoever holds its lock decides alone.
create table rate_meters (
  account text primary key references accounts (id),
  state jsonb
);

alter table accounts
  -- Month (2026-11) whose accelerator hours are used up; null or another month: they are not.
  add column gpu_hours_spent text;
