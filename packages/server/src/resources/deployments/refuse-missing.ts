import { ApiError } from '@sparkler/api';
import type { DeploymentResource } from '../../store/deployments.ts';

/** What this platform lacks, by field, with what to do instead. */
const missing: Partial<Record<keyof DeploymentResource, string>> = {
  enableMtp: 'no model in the catalogue has multi-token-prediction layers; leave it out',
  enableHotLoad: 'weights are read once, when a replica starts; create a deployment of the new model',
  hotLoadBucketType: 'weights are read once, when a replica starts; leave it out',
  hotLoadBucketUrl: 'weights are read once, when a replica starts; leave it out',
  enableHotReloadLatestAddon: 'addons are loaded by name; load the new one with load-lora',
  deploymentShape: 'there are no deployment shapes on this server; set the fields themselves',
  deploymentTemplate: 'there are no deployment templates on this server; set the fields themselves',
  isNim: 'NIM containers are not run here; leave it out',
  activeModelVersion: 'models have no versions here; upload the new version as a model of its own',
  targetModelVersion: 'models have no versions here; upload the new version as a model of its own',
  pricingPlanId: 'there are no pricing plans on this server; leave it out',
};

/** What nobody here can do is refused by name: a deployment must never silently be another one. */
export function refuseMissing(wanted: DeploymentResource): void {
  for (const [field, why] of Object.entries(missing)) {
    const value = wanted[field as keyof DeploymentResource];
    if (value === undefined || value === '' || value === false) continue;
    if (typeof value === 'string' && value.endsWith('_UNSPECIFIED')) continue;
    throw refuseField(field, why);
  }
}

/** The deployment asks for what is not there: 400, with the field and what to do instead. */
export function refuseField(field: string, why: string): ApiError {
  return new ApiError('FAILED_PRECONDITION', `${field}: ${why}`, [{ field, description: why }]);
}
