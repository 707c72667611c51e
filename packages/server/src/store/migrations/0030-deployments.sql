-- Deployments as the API shows them: what only the API reads is one document; what acts has columns of its own.

alter table deployments
  alter column create_time type timestamptz(3),
  alter column update_time type timestamptz(3),
  alter column expire_time type timestamptz(3),
  alter column delete_time type timestamptz(3),
  alter column purge_time type timestamptz(3),
  -- Fields of the contract without a column: precision, draftModel, placement and so on.
  add column details jsonb not null default '{}';

alter table deployed_models
  alter column create_time type timestamptz(3),
  alter column update_time type timestamptz(3);

create index deployments_list on deployments (account, create_time desc, (name collate "C"));
create index deployed_models_list on deployed_models (account, create_time desc, (name collate "C"));
