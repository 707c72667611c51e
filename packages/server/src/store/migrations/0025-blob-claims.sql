-- Files on their way into the blob store for a resource that does not name them yet. A claim whose server is gone is
-- taken back: the files are removed, and the resource that waits for them says that they will not come.

create table blob_claims (
  prefix text primary key,
  -- The server that writes them.
  node text not null,
  -- Model whose status tells of the work; empty: nobody waits.
  model text not null default '',
  -- What that status tells when the work is cut off.
  cut_message text not null default '',
  renew_time timestamptz not null default now()
);
