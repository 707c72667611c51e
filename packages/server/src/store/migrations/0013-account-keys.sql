-- Keys that files of accounts are encrypted with, themselves encrypted under the server's key file.
create table account_keys (
  account text primary key,
  wrapped bytea not null,
  create_time timestamptz not null default now()
);
