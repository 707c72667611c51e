-- What gateways are asked for: how the one autoscaler of a database sees the load of all of them.
create table gateway_loads (
  -- One process of a gateway; a restarted one is another.
  gateway text not null,
  deployment text not null,
  -- Requests running and waiting at seen_time.
  concurrent integer not null,
  -- Since the gateway started.
  requests bigint not null,
  tokens bigint not null,
  -- When it was last asked for anything.
  last_request_time timestamptz not null,
  seen_time timestamptz not null,
  primary key (gateway, deployment)
);

create index gateway_loads_deployment on gateway_loads (deployment, last_request_time desc);
