-- LoRA addons that a replica has loaded, as its reconciler last saw it: gateways send requests for an addon to these
-- replicas only. A replica that was just started holds none.
alter table replicas add column adapters text[] not null default '{}';
