-- People who sign in with a browser. Tokens are stored as salted hashes only, as keys are.

create table sign_in_links (
  hash bytea primary key,
  user_name text not null references users (name) on delete cascade,
  create_time timestamptz not null,
  expire_time timestamptz not null
);

create table sessions (
  name text primary key,
  account text not null references accounts (id),
  user_name text not null references users (name) on delete cascade,
  -- The token of the cookie; the one that was handed out last and has not come back yet; the one before.
  hash bytea not null unique,
  next_hash bytea unique,
  previous_hash bytea unique,
  -- When `hash` became the token, and when `next_hash` was handed out.
  rotate_time timestamptz(3) not null,
  next_time timestamptz(3),
  create_time timestamptz(3) not null,
  use_time timestamptz(3) not null,
  expire_time timestamptz(3) not null,
  provider text not null,
  from_address text not null,
  user_agent text not null
);

create index sessions_account on sessions (account, create_time desc);
create index sessions_user on sessions (user_name);
