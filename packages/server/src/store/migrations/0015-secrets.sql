-- Values that jobs and imports get by name, encrypted under the server's master key.
create table secrets (
  name text primary key,
  account text not null references accounts (id),
  key_name text not null,
  sealed text not null,
  create_time timestamptz(3) not null default now(),
  update_time timestamptz(3) not null default now()
);

create index secrets_list on secrets (account, create_time desc, (name collate "C"));
