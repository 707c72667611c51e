-- What a key is limited to, and when it was last used.

alter table api_keys
  -- Full names that the key may query; null: all.
  add column models text[],
  add column deployments text[],
  -- It reads resources and runs no inference.
  add column is_read_only boolean not null default false;

-- Apart from the keys: gateways read those again with every change, and a use is none.
create table api_key_uses (
  api_key_id text primary key references api_keys (id) on delete cascade,
  use_time timestamptz(3) not null
);
