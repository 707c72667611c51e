-- Lists of a hundred thousand models: each order read from an index in both directions (the name follows the direction
-- of the key before it), and keys of pages computed for the rows of a page alone.

-- Gives back what it gets. Its cost makes Postgres compute it after sorting and cutting, not for every row.
create function after_limit(value jsonb) returns jsonb language plpgsql immutable strict parallel safe cost 10000 as $$
begin
  return value;
end $$;

drop index models_list;
create index models_list on models (account, create_time, (name collate "C"));
create index models_by_update on models (account, update_time, (name collate "C"));
create index models_by_display_name on models (account, (display_name collate "C"), (name collate "C"));

-- A notice makes every gateway read its table again and holds up other commits: only for models that may be deployed.
drop trigger models_notify on models;
create trigger models_notify_made after insert on models for each row
  when (new.state = 'READY') execute function notify_routing();
create trigger models_notify after update on models for each row
  when ((old.state = 'READY' or new.state = 'READY') and (old.*) is distinct from (new.*))
  execute function notify_routing();
create trigger models_notify_rest after truncate on models for each statement execute function notify_routing();
