-- Accelerators: kept for accounts, limited by quota, and used by replicas.

create table reservations (
  name text primary key,
  account text not null references accounts (id),
  display_name text not null default '',
  description text not null default '',
  created_by text not null default '',
  create_time timestamptz(3) not null default now(),
  update_time timestamptz(3) not null default now(),
  region text not null,
  accelerator_type text not null,
  reserved_count integer not null check (reserved_count > 0),
  -- Counts from start_time (inclusive) to end_time (exclusive).
  start_time timestamptz(3) not null,
  end_time timestamptz(3) not null check (end_time > start_time)
);

create index reservations_list on reservations (account, create_time desc, (name collate "C"));

-- Quotas that an account lowered for itself; all others are the fleet's.
create table accelerator_quotas (
  account text not null references accounts (id),
  region text not null,
  accelerator_type text not null,
  value integer not null check (value >= 0),
  update_time timestamptz(3) not null default now(),
  primary key (account, region, accelerator_type)
);

-- What each replica runs on: empty and 0 on hosts without accelerators. The three counts add up to what it has.
alter table replicas
  add column region text not null default '',
  add column accelerator_type text not null default '',
  add column reserved_count integer not null default 0,
  add column on_demand_count integer not null default 0,
  add column revocable_count integer not null default 0;
