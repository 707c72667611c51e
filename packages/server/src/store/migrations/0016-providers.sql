-- Payments and people that others vouch for.

alter table invoices
  -- When the payments provider took the charge. Null: it is to be asked; open invoices only.
  add column charge_time timestamptz(3);

-- What was made before is paid as it was agreed then: an operator says what came.
update invoices set charge_time = create_time;

-- Signing in by an identity provider: on the way there and back, and while somebody chooses an account.
create table sign_in_attempts (
  -- Of the state that the provider hands back, or of the token of the page that asks for the account.
  hash bytea primary key,
  -- Of the token in the cookie of the browser that began it.
  browser_hash bytea not null,
  provider text not null,
  -- The e-mail that the provider vouched for; null: it has not yet.
  email text,
  expire_time timestamptz(3) not null
);

create index sign_in_attempts_expire on sign_in_attempts (expire_time);
