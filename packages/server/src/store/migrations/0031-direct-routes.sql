-- Deployments that answer on a host name of their own, with keys of their own.

alter table deployments
  -- Whole host name; two deployments never share one, also while one of them is deleted and may come back.
  add column direct_route_handle text unique,
  -- HMACs under the server's salt, as of API keys.
  add column direct_route_keys bytea[] not null default '{}';
