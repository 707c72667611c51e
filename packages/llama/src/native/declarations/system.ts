import type { LibraryHandle } from 'koffi';
import { bind } from '../bind.ts';
import { type DevicePointer, POINTER, type VoidPointer } from './pointers.ts';

export type SystemFunctions = ReturnType<typeof bindSystemFunctions>;

/** Version, start-up and log of libllama. */
export function bindSystemFunctions(llama: LibraryHandle) {
  return {
    version: bind<[], string>(llama, 'llama_version', 'str', []),
    startBackend: bind<[], void>(llama, 'llama_backend_init', 'void', []),
    sequencesMax: bind<[], number>(llama, 'llama_max_parallel_sequences', 'size_t', []),
    supportsGpuOffload: bind<[], boolean>(llama, 'llama_supports_gpu_offload', 'bool', []),
    systemInfo: bind<[], string>(llama, 'llama_print_system_info', 'str', []),
    setLog: bind<[bigint | null, VoidPointer | null], void>(llama, 'llama_log_set', 'void', [
      POINTER,
      POINTER,
    ]),
  };
}

/** enum ggml_backend_dev_type */
export const DEVICE_TYPES = ['cpu', 'gpu', 'integrated-gpu', 'accelerator'] as const;

export type BackendFunctions = ReturnType<typeof bindBackendFunctions>;

/** ggml's registry of backends and devices. */
export function bindBackendFunctions(ggml: LibraryHandle, ggmlBase: LibraryHandle) {
  return {
    loadAll: bind<[string], void>(ggml, 'ggml_backend_load_all_from_path', 'void', ['str']),
    deviceCount: bind<[], number>(ggml, 'ggml_backend_dev_count', 'size_t', []),
    device: bind<[number], DevicePointer>(ggml, 'ggml_backend_dev_get', POINTER, ['size_t']),
    deviceName: bind<[DevicePointer], string>(ggmlBase, 'ggml_backend_dev_name', 'str', [POINTER]),
    deviceDescription: bind<[DevicePointer], string>(ggmlBase, 'ggml_backend_dev_description', 'str', [
      POINTER,
    ]),
    deviceType: bind<[DevicePointer], number>(ggmlBase, 'ggml_backend_dev_type', 'int', [POINTER]),
    deviceMemory: bind<[DevicePointer, BigUint64Array, BigUint64Array], void>(
      ggmlBase,
      'ggml_backend_dev_memory',
      'void',
      [POINTER, POINTER, POINTER],
    ),
  };
}
