-- Who may call: accounts, their users, and keys. Keys are stored as salted hashes only.

create table server_secrets (
  name text primary key,
  value bytea not null,
  create_time timestamptz not null default now()
);

create table accounts (
  id text primary key,
  display_name text not null default '',
  account_type text not null default 'ENTERPRISE',
  email text not null default '',
  suspend_state text not null default 'UNSUSPENDED',
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now()
);

create table users (
  name text primary key,
  account text not null references accounts (id),
  display_name text not null default '',
  email text not null default '',
  role text not null check (role in ('admin', 'user')),
  is_service_account boolean not null default false,
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now()
);

create index users_account on users (account, create_time desc);

create table api_keys (
  id text primary key,
  account text not null references accounts (id),
  user_name text not null references users (name) on delete cascade,
  display_name text not null default 'default',
  -- First characters of the key, so that people can tell keys apart. Not secret.
  prefix text not null,
  -- HMAC-SHA-256 of the key under server_secrets 'api-key-salt'.
  hash bytea not null unique,
  create_time timestamptz not null default now(),
  expire_time timestamptz
);

create index api_keys_user on api_keys (user_name, create_time desc);

-- Gateways keep all keys in memory: any change to what a key means is told to them. One notice a statement.
create function notify_keys() returns trigger language plpgsql as $$
begin
  perform pg_notify('sparkler_keys', '');
  return null;
end $$;

create trigger api_keys_notify after insert or update or delete or truncate on api_keys
  for each statement execute function notify_keys();
create trigger users_notify after update or delete or truncate on users
  for each statement execute function notify_keys();
create trigger accounts_notify after update or delete or truncate on accounts
  for each statement execute function notify_keys();
