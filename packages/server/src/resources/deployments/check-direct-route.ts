import { accountOf, idOf, invalidField } from '@sparkler/api';
import type { DeploymentResource } from '../../store/deployments.ts';
import { refuseField } from './refuse-missing.ts';

/** Longest label of a host name. */
const labelMax = 63;
const keysMax = 100;

/**
 * Rules of direct routing (spec, "Direct routing"): over the Internet only, with a key list of its own.
 * Throws ApiError.
 */
export function checkDirectRoute({
  directRouteType = 'DIRECT_ROUTE_TYPE_UNSPECIFIED',
  directRouteApiKeys: keys,
}: DeploymentResource): void {
  if (directRouteType === 'DIRECT_ROUTE_TYPE_UNSPECIFIED') {
    if (keys === undefined || keys.length === 0) return;
    throw invalidField('directRouteApiKeys', 'directRouteApiKeys needs directRouteType INTERNET');
  }
  if (directRouteType !== 'INTERNET') {
    const why = `${directRouteType} needs a private network of a cloud; use INTERNET behind a firewall of yours`;
    throw refuseField('directRouteType', why);
  }
  if (keys === undefined) return;
  if (keys.length === 0 || keys.length > keysMax) {
    throw invalidField(
      'directRouteApiKeys',
      `give from 1 to ${keysMax} keys: nobody else can query it there`,
    );
  }
  if (!keys.every((key) => /^[A-Za-z0-9_-]{1,256}$/.test(key))) {
    throw invalidField('directRouteApiKeys', 'a key has 1 to 256 letters, digits, - or _');
  }
}

/**
 * The host name of a deployment's direct route, `<account>-<id>.<region>.direct.<domain>`; null: it has none.
 * Throws ApiError when the names are too long for a host name.
 */
export function deriveDirectRouteHandle(wanted: DeploymentResource, domain: string): string | null {
  if (wanted.directRouteType !== 'INTERNET') return null;
  if (wanted.directRouteApiKeys === undefined) {
    throw invalidField('directRouteApiKeys', 'a direct route needs keys of its own in directRouteApiKeys');
  }
  const label = `${accountOf(wanted.name)}-${idOf(wanted.name)}`;
  if (label.length > labelMax) {
    const message = `${label} has ${label.length} characters, a host name at most ${labelMax}: use a shorter id`;
    throw invalidField('deploymentId', message);
  }
  const region = wanted.region && wanted.region !== 'REGION_UNSPECIFIED' ? wanted.region : 'local';
  return `${label}.${region.toLowerCase().replaceAll('_', '-')}.direct.${domain}`;
}
