-- When an addon was asked last, for unloading those that nobody uses: found without reading all usage.
create index usage_deployed_model on usage (deployment, model, start_time desc);
