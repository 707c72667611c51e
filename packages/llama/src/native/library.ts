import koffi, { type LibraryHandle } from 'koffi';
import { LlamaError } from '../llama-error.ts';
import { checkLibraryFacts } from './abi-guard.ts';
import { configureNativeStacks } from './bind.ts';
import { type AdapterFunctions, bindAdapterFunctions } from './declarations/adapter.ts';
import { type BatchFunctions, bindBatchFunctions } from './declarations/batch.ts';
import { bindContextFunctions, type ContextFunctions } from './declarations/context.ts';
import { bindMemoryFunctions, type MemoryFunctions } from './declarations/memory.ts';
import { bindModelFunctions, type ModelFunctions } from './declarations/model.ts';
import { bindQuantizeFunctions, type QuantizeFunctions } from './declarations/quantize.ts';
import {
  type BackendFunctions,
  bindBackendFunctions,
  bindSystemFunctions,
  type SystemFunctions,
} from './declarations/system.ts';
import { bindVocabFunctions, type VocabFunctions } from './declarations/vocab.ts';
import { type Device, listDevices } from './devices.ts';
import { type NativeLog, silenceNativeLog } from './native-log.ts';
import { type Backend, describeLibraryFolder, type LibraryFiles, resolveLibraryFiles } from './platform.ts';

export interface LibraryOptions {
  /** `auto` (the default) takes the best that is installed. */
  readonly backend?: Backend | 'auto' | undefined;
  /** Folder with self-built libraries of the pinned release, instead of the npm packages. */
  readonly folder?: string | undefined;
}

/** llama.cpp, loaded and checked: its functions by topic. */
export interface LlamaLibrary {
  readonly files: LibraryFiles;
  readonly version: string;
  readonly devices: readonly Device[];
  readonly log: NativeLog;
  readonly system: SystemFunctions;
  readonly backends: BackendFunctions;
  readonly model: ModelFunctions;
  readonly context: ContextFunctions;
  readonly batch: BatchFunctions;
  readonly memory: MemoryFunctions;
  readonly adapter: AdapterFunctions;
  readonly vocab: VocabFunctions;
  readonly quantize: QuantizeFunctions;
  /** For ggml.h: graphs, tensors and optimisers (the trainer declares what it needs on these). */
  readonly handles: {
    readonly ggmlBase: LibraryHandle;
    readonly ggml: LibraryHandle;
    readonly llama: LibraryHandle;
  };
}

let loaded: LlamaLibrary | null = null;

/**
 * Loads llama.cpp, once per process: a second call gives the same library. Throws LlamaError when the package
 * is missing, the release is another one, or the backend asked for differs from the loaded one.
 */
export function loadLibrary(options: LibraryOptions = {}): LlamaLibrary {
  const backend = options.backend ?? 'auto';
  if (loaded !== null) {
    if (options.folder !== undefined && options.folder !== loaded.files.folder) {
      throw new LlamaError(
        `llama.cpp is loaded from ${loaded.files.folder} already; one process holds one build`,
      );
    }
    if (backend !== 'auto' && backend !== loaded.files.backend) {
      throw new LlamaError(
        `llama.cpp is loaded with the ${loaded.files.backend} backend already; use another process for ${backend}`,
      );
    }
    return loaded;
  }
  const files =
    options.folder === undefined
      ? resolveLibraryFiles(backend)
      : describeLibraryFolder(backend === 'auto' ? 'cpu' : backend, options.folder);
  loaded = openLibrary(files, backend !== 'auto');
  return loaded;
}

function openLibrary(files: LibraryFiles, needsDevice: boolean): LlamaLibrary {
  configureNativeStacks();
  // Global, so that the backends that ggml loads later find ggml-base's symbols; each before its dependants.
  const ggmlBase = koffi.load(files.ggmlBase, { global: true });
  const ggml = koffi.load(files.ggml, { global: true });
  const llama = koffi.load(files.llama, { global: true });
  const system = bindSystemFunctions(llama);
  const model = bindModelFunctions(llama);
  const context = bindContextFunctions(llama);
  const quantize = bindQuantizeFunctions(llama);
  checkLibraryFacts({
    version: system.version(),
    modelDefaults: model.defaultParams(),
    contextDefaults: context.defaultParams(),
    quantizeDefaults: quantize.defaultParams(),
  });
  const log = silenceNativeLog(system, llama);
  const backends = bindBackendFunctions(ggml, ggmlBase);
  const devices = loadBackends(files, backends, needsDevice);
  system.startBackend();
  return {
    files,
    version: system.version(),
    devices,
    log,
    system,
    backends,
    model,
    context,
    batch: bindBatchFunctions(llama),
    memory: bindMemoryFunctions(llama),
    adapter: bindAdapterFunctions(llama),
    vocab: bindVocabFunctions(llama),
    quantize,
    handles: { ggmlBase, ggml, llama },
  };
}

/**
 * `needsDevice`: the accelerator was asked for by name, so computing on the processor instead is an error.
 */
function loadBackends(
  files: LibraryFiles,
  backends: BackendFunctions,
  needsDevice: boolean,
): readonly Device[] {
  backends.loadAll(files.folder);
  for (const folder of files.fallbackFolders) {
    if (listDevices(backends).every((device) => device.type === 'cpu')) backends.loadAll(folder);
  }
  const devices = listDevices(backends);
  if (devices.every((device) => device.type !== 'cpu')) {
    throw new LlamaError(
      `no processor backend in ${files.folder} loads on this machine; is the package complete?`,
    );
  }
  if (needsDevice && files.backend !== 'cpu' && devices.every((device) => device.type === 'cpu')) {
    throw new LlamaError(
      `the ${files.backend} backend found no device: its driver or runtime library is missing ` +
        `(check with ldd ${files.folder}/libggml-${files.backend}.so), or take the cpu backend`,
    );
  }
  return devices;
}
