-- Money, in whole nano-dollars. Budgets are enforced by conditional updates of one row an account and month; what was
-- spent is booked twice in an append-only journal whose entries add up to zero, once for each request id.

alter table accounts
  add column tier text not null default 'TIER_1'
    check (tier in ('TIER_1', 'TIER_2', 'TIER_3', 'TIER_4', 'UNLIMITED')),
  -- A lower monthly limit that the account set itself; null: the tier's.
  add column own_limit_nanos bigint check (own_limit_nanos >= 0);

alter table usage
  add column cost_nanos bigint not null default 0 check (cost_nanos >= 0),
  -- Month whose budget it was reserved from.
  add column period text not null default '';

create table spend_periods (
  account text not null references accounts (id),
  -- 2026-11, UTC
  period text not null,
  settled_nanos bigint not null default 0 check (settled_nanos >= 0),
  -- Lent to gateways and not yet settled or given back.
  leased_nanos bigint not null default 0 check (leased_nanos >= 0),
  primary key (account, period)
);

create table spend_leases (
  gateway text not null,
  account text not null,
  period text not null,
  -- What this gateway holds: granted, less settled and given back.
  held_nanos bigint not null check (held_nanos >= 0),
  renew_time timestamptz not null default now(),
  primary key (gateway, account, period),
  foreign key (account, period) references spend_periods (account, period)
);

create table ledger_transactions (
  id text primary key,
  account text not null,
  kind text not null,
  time timestamptz not null,
  detail jsonb not null default '{}'
);

create index ledger_transactions_account on ledger_transactions (account, time desc);

create table ledger_entries (
  transaction_id text not null references ledger_transactions (id),
  -- receivable: what the account owes. credit: its prepaid credit. cash, revenue/…: the platform's side.
  ledger_account text not null,
  amount_nanos bigint not null,
  primary key (transaction_id, ledger_account)
);

create index ledger_entries_account on ledger_entries (ledger_account);

-- The journal is append-only.
create function refuse_ledger_change() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: book a reversal instead';
end $$;

create trigger ledger_transactions_append_only before update or delete on ledger_transactions
  for each row execute function refuse_ledger_change();
create trigger ledger_entries_append_only before update or delete on ledger_entries
  for each row execute function refuse_ledger_change();
