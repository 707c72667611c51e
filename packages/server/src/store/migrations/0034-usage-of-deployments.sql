-- Metrics of a deployment look at its latest requests only.
create index usage_deployment_time on usage (deployment, start_time desc);
