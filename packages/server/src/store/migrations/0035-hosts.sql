-- Machines that replicas run on, as the server that leads there sees them: what operators look at from any server.
create table hosts (
  node text primary key,
  -- Processors, memory and accelerators (capacity/host/read-host.ts), and the limit that the operator set.
  facts jsonb not null,
  -- What each replica was promised of the memory: [{replica, bytes, arithmetic}].
  promises jsonb not null,
  seen_time timestamptz not null
);
