import { type BackendFunctions, DEVICE_TYPES } from './declarations/system.ts';

/** Something that computes, as ggml sees it. */
export interface Device {
  readonly name: string;
  readonly description: string;
  readonly type: (typeof DEVICE_TYPES)[number];
  readonly memoryFreeBytes: number;
  readonly memoryTotalBytes: number;
}

/** Lists the devices of the backends loaded so far. */
export function listDevices(backends: BackendFunctions): Device[] {
  return Array.from({ length: backends.deviceCount() }, (_, index) => {
    const device = backends.device(index);
    const free = new BigUint64Array(1);
    const total = new BigUint64Array(1);
    backends.deviceMemory(device, free, total);
    return {
      name: backends.deviceName(device),
      description: backends.deviceDescription(device),
      type: DEVICE_TYPES[backends.deviceType(device)] ?? 'accelerator',
      memoryFreeBytes: Number(free[0]),
      memoryTotalBytes: Number(total[0]),
    };
  });
}
