import { availableParallelism, cpus, hostname } from 'node:os';
import { type HostAccelerator, readAccelerators } from './read-accelerators.ts';
import { type HostMemory, type ReadSystemFile, readHostMemory, readSystemFile } from './read-memory.ts';

/** What a host has to run replicas on. */
export interface HostFacts {
  readonly hostName: string;
  readonly platform: string;
  readonly processor: string;
  /** Processors that this process may use at once: by its CPU set and its control group's share. */
  readonly coreCount: number;
  /** The set itself as the kernel writes it, such as `0-7`; empty where the system does not tell. */
  readonly cpuSet: string;
  /** Parts of the machine with memory of their own, with their processors: `0: 0-15`. */
  readonly memoryNodes: readonly string[];
  readonly memory: HostMemory;
  readonly accelerators: readonly HostAccelerator[];
}

/** Looks at this host. Takes as long as the driver's program does: some tens of milliseconds. */
export async function readHost(read: ReadSystemFile = readSystemFile): Promise<HostFacts> {
  const cpuSet = /^Cpus_allowed_list:\s*(\S+)$/m.exec(read('/proc/self/status') ?? '')?.[1];
  return {
    hostName: hostname(),
    platform: `${process.platform}-${process.arch}`,
    processor: cpus()[0]?.model ?? '',
    coreCount: availableParallelism(),
    cpuSet: cpuSet ?? '',
    memoryNodes: readMemoryNodes(read),
    memory: readHostMemory(read),
    accelerators: await readAccelerators(),
  };
}

/** More than any machine has: the files simply end. */
const memoryNodesMax = 64;

function readMemoryNodes(read: ReadSystemFile): string[] {
  const nodes: string[] = [];
  for (let node = 0; node < memoryNodesMax; node++) {
    const list = read(`/sys/devices/system/node/node${node}/cpulist`);
    if (list === null) break;
    nodes.push(`${node}: ${list.trim()}`);
  }
  return nodes;
}
