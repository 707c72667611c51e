import { invalidField } from '@sparkler/api';
import { type Fleet, findPool } from '../../capacity/fleet.ts';
import type { AcceleratorUse } from '../../store/accelerator-quotas.ts';
import type { DeploymentResource } from '../../store/deployments.ts';
import type { CountingReservation } from '../../store/reservations.ts';

const prefixes: Readonly<Record<string, readonly string[]>> = {
  GLOBAL: [''],
  US: ['US_'],
  EUROPE: ['EU_'],
  APAC: ['AP_'],
};

/**
 * Regions that a deployment may run in: the one it has or names, the several it names, or one chosen for it:
 * where the account has a reservation, else the generally available one with the most free. Never empty.
 * Throws ApiError when none has the accelerator. Pure.
 */
export function chooseRegions(
  fleet: Fleet,
  { region, placement }: DeploymentResource,
  type: string,
  own: readonly CountingReservation[],
  uses: readonly AcceleratorUse[],
): string[] {
  const having = fleet.regions.filter((entry) => findPool(fleet, entry.region, type) !== null);
  const names = having.map((entry) => entry.region as string);
  const named = placement?.region && placement.region !== 'REGION_UNSPECIFIED' ? placement.region : undefined;
  const one = region && region !== 'REGION_UNSPECIFIED' ? region : named;
  if (one !== undefined) {
    if (names.includes(one)) return [one];
    const where = names.length === 0 ? 'no region has it' : `it is in ${names.join(', ')}`;
    throw invalidField('acceleratorType', `${one} has no ${type}: ${where}`);
  }
  const allowed = placement?.regions ?? [];
  const starts = prefixes[placement?.multiRegion ?? ''];
  if (allowed.length > 0 || starts !== undefined) {
    const chosen = names.filter(
      (name) => allowed.includes(name as never) || starts?.some((start) => name.startsWith(start)),
    );
    if (chosen.length > 0) return chosen;
    throw invalidField(
      'placement',
      `none of these regions has ${type}: it is in ${names.join(', ') || 'none'}`,
    );
  }
  const free = (name: string): number => {
    const use = uses.filter((entry) => entry.region === name && entry.type === type);
    const used = use.reduce((sum, entry) => sum + entry.reserved + entry.onDemand + entry.revocable, 0);
    return findPool(fleet, name, type)!.count - used;
  };
  const open = having.filter(({ launchStatus }) => launchStatus === 'GENERALLY_AVAILABLE');
  const mostFree = open
    .map((entry) => entry.region as string)
    .toSorted((left, right) => free(right) - free(left));
  const choice = own.map((entry) => entry.region).find((name) => names.includes(name)) ?? mostFree[0];
  if (choice !== undefined) return [choice];
  const where = names.length === 0 ? 'no region has it' : `it is for enterprises, in ${names.join(', ')}`;
  throw invalidField('acceleratorType', `${type} can't be deployed: ${where}`);
}
