import { ApiError } from '@sparkler/api';
import { formatBytes } from '../../capacity/host/format-bytes.ts';
import type { DeploymentResource } from '../../store/deployments.ts';
import { readHosts } from '../../store/hosts.ts';
import type { HostRecord } from '../list-hosts.ts';
import type { HardwareParts } from './check-hardware.ts';

/** No format that the engine reads takes less. */
const bytesOfParameterMin = 0.5;

/**
 * Refuses a model whose weights alone can never fit on any of the hosts. What fits only now and then, and
 * what its cache needs, is known once its files are there: then its replicas wait, and say for what. Throws
 * ApiError.
 */
export async function checkHostMemory(
  { db, base }: HardwareParts,
  { disableDeploymentSizeValidation }: DeploymentResource,
): Promise<void> {
  const parameters = Number(base.resource.baseModelDetails?.parameterCount ?? 0);
  if (disableDeploymentSizeValidation === true || parameters === 0) return;
  const hosts = await readHosts<HostRecord>(db);
  if (hosts.length === 0) return;
  const mostBytes = Math.max(
    ...hosts.map(({ facts }) => facts.replicaMemoryBytes || facts.memory.totalBytes),
  );
  const leastBytes = parameters * bytesOfParameterMin;
  if (leastBytes <= mostBytes) return;
  const billions = Number((parameters / 1e9).toPrecision(3));
  throw new ApiError(
    'FAILED_PRECONDITION',
    `${base.resource.name} does not fit: ${billions} billion parameters x at least ${bytesOfParameterMin} bytes = ` +
      `${formatBytes(leastBytes)} > ${formatBytes(mostBytes)}, all the memory of this host; choose a smaller model`,
  );
}
