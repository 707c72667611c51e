-- Gateways, by the id of their data folder: who holds leases (spend_leases) and requests, and whether it is still there.
create table gateways (
  node text primary key,
  host_name text not null default '',
  seen_time timestamptz not null default now(),
  -- Said or found to be gone for good; null: it is there, or may come back.
  gone_time timestamptz,
  -- From then on its requests are settled and its leases given back.
  settle_time timestamptz,
  settled_requests bigint not null default 0,
  -- What it held and never spent.
  released_nanos bigint not null default 0
);

-- Those that hold something now: who is there says so within seconds. Others hold leases too: accelerators' meter and
-- fine-tuning jobs, whose column has one name or the other here.
insert into gateways (node, seen_time)
select gateway, max(renew_time) from spend_leases
where held_nanos > 0 and gateway <> 'gpu-meter' and not exists (
  select from training_meters as meters
  where gateway in (to_jsonb(meters) ->> 'uid', to_jsonb(meters) ->> 'job'))
group by gateway;
