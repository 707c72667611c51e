-- How an account wants to be served.

alter table accounts
  add column stop_text text not null default 'STOP_TEXT_UNSPECIFIED'
    check (stop_text in ('STOP_TEXT_UNSPECIFIED', 'INCLUDED', 'EXCLUDED')),
  add column log_requests boolean not null default false;

-- Prompts and answers, only of accounts that asked for it, for 30 days. Everything else keeps no text.
create table request_logs (
  request_id text primary key,
  account text not null references accounts (id),
  model text not null,
  endpoint text not null,
  time timestamptz not null,
  request text not null,
  answer text not null
);

create index request_logs_time on request_logs (time);
