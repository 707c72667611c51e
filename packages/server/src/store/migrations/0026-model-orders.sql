-- The rest of the orders that lists of models are offered in (the contract names them), each from an index in both
-- directions. Equal texts are common in all of these columns; the name tells their rows apart.

create index models_by_created_by on models (account, (created_by collate "C"), (name collate "C"));
create index models_by_state on models (account, (state collate "C"), (name collate "C"));
create index models_by_kind on models (account, (kind collate "C"), (name collate "C"));
create index models_by_context_length on models (account, context_length, (name collate "C"));
