-- Bills. What is owed is in the journal (0010); here is what keeps it fast to read, what a bill is made of, and what
-- was paid. All money is whole nano-dollars.

alter table accounts
  -- How bills are paid. manual: an operator records payments. house: the operator's own accounts, never billed.
  -- Empty: no way to pay is known, so only credit can be spent.
  add column payment_method text not null default 'manual' check (payment_method in ('', 'manual', 'house'));

-- Until here only the operator's own accounts were made without a limit.
update accounts set payment_method = 'house' where tier = 'UNLIMITED';

create table account_balances (
  account text primary key references accounts (id),
  -- Sum of its receivable entries: what it owes, or below zero its credit.
  balance_nanos bigint not null default 0,
  -- Payments and prepaid credit so far: what qualifies for tiers.
  paid_nanos bigint not null default 0,
  -- Last month (2026-11) that was invoiced; what comes later for it is billed with the next month. Empty: none yet.
  billed_through text not null default ''
);

alter table spend_periods
  -- When a request last found no room in this month's budget.
  add column refuse_time timestamptz;

-- All use, free use too, by day and by what bills and exports are grouped by.
create table charges (
  account text not null,
  billing_period text not null,
  day date not null,
  kind text not null check (kind in ('inference', 'gpu', 'reserved-gpu', 'training')),
  -- Type of accelerator; empty for other kinds.
  item text not null default '',
  model text not null,
  deployment text not null default '',
  api_key_id text not null default '',
  user_name text not null default '',
  request_count bigint not null default 0,
  prompt_tokens bigint not null default 0,
  cached_prompt_tokens bigint not null default 0,
  completion_tokens bigint not null default 0,
  training_tokens bigint not null default 0,
  gpu_seconds bigint not null default 0,
  cost_nanos bigint not null default 0,
  primary key (account, billing_period, day, kind, item, model, deployment, api_key_id, user_name)
);

create index charges_day on charges (account, day);

create table payments (
  name text primary key,
  account text not null references accounts (id),
  -- payment: money for bills or as prepaid credit. grant: credit as a gift, which counts for no tier.
  kind text not null check (kind in ('payment', 'grant')),
  state text not null check (state in ('SUCCEEDED', 'FAILED')),
  amount_nanos bigint not null check (amount_nanos > 0),
  -- Of the amount, what went to open invoices; the rest is credit.
  invoiced_nanos bigint not null default 0,
  provider text not null,
  description text not null default '',
  create_time timestamptz(3) not null
);

create index payments_list on payments (account, create_time desc, (name collate "C"));

create table invoices (
  name text primary key,
  account text not null references accounts (id),
  period text not null,
  state text not null check (state in ('OPEN', 'PAID', 'FAILED')),
  subtotal_nanos bigint not null check (subtotal_nanos >= 0),
  -- Of the subtotal, what credit and payments had covered when it was made.
  credit_nanos bigint not null check (credit_nanos >= 0),
  -- Whole cents.
  due_nanos bigint not null check (due_nanos >= 0),
  paid_nanos bigint not null default 0 check (paid_nanos >= 0 and paid_nanos <= due_nanos),
  create_time timestamptz(3) not null,
  due_time timestamptz(3) not null,
  paid_time timestamptz(3),
  unique (account, period)
);

create index invoices_list on invoices (account, create_time desc, (name collate "C"));

-- When replicas held accelerators: from the moment one serves to the moment it stops. Rows go when they are charged.
create table serving_intervals (
  replica text primary key,
  node text not null,
  account text not null,
  deployment text not null,
  model text not null,
  region text not null default '',
  accelerator_type text not null,
  accelerator_count integer not null check (accelerator_count > 0),
  start_time timestamptz not null,
  -- When its node last said that it serves: a node that dies says no end.
  seen_time timestamptz not null,
  end_time timestamptz
);

create index serving_intervals_account on serving_intervals (account);

create table gpu_meters (
  account text primary key,
  -- Everything before is charged. Whole seconds.
  charged_until timestamptz not null
);

-- A transaction's entries come in one statement, and add up to zero.
create function check_ledger_sum() returns trigger language plpgsql as $$
begin
  if exists (select from added group by transaction_id having sum(amount_nanos) <> 0) then
    raise exception 'the entries of a ledger transaction must add up to zero';
  end if;
  return null;
end $$;

create trigger ledger_entries_sum after insert on ledger_entries
  referencing new table as added for each statement execute function check_ledger_sum();

-- What fine-tuning jobs pay for: tokens seen, at the price of the day they were created. Their budget is leased under
-- the name of the job.
create table training_meters (
  job text primary key,
  account text not null,
  model text not null,
  -- Nano-dollars a token.
  token_price bigint not null,
  -- Month whose budget it was reserved from.
  period text not null,
  charged_tokens bigint not null default 0
);
