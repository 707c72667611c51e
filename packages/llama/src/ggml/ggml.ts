import koffi, { type LibraryHandle } from 'koffi';
import { LlamaError } from '../llama-error.ts';
import { bind, callAsync, configureNativeStacks, type NativeFunction, type Pointer } from '../native/bind.ts';
import { resolveLibraryFiles } from '../native/platform.ts';
import { bindOperations, type GgmlOperations } from './operations.ts';
import type { GgmlContext, Graph, GraphAllocator, Tensor, TensorBuffer } from './types.ts';

/**
 * ggml on one backend: contexts, buffers, graphs. One owner (a trainer process); close() frees the backend.
 */
export interface Ggml {
  /** Operations that add nodes to a context. */
  operationsFor(context: GgmlContext): GgmlOperations;
  /** A context that holds descriptions only (no data): room for `tensors` nodes. */
  createContext(tensors: number): GgmlContext;
  freeContext(context: GgmlContext): void;
  /** Gives every tensor of a context its memory. Throws when there is too little. */
  allocateTensors(context: GgmlContext): TensorBuffer;
  freeBuffer(buffer: TensorBuffer): void;
  createGraph(context: GgmlContext, nodesMax: number, autograd?: boolean): Graph;
  /** Adds a tensor and what it needs. */
  expandGraph(graph: Graph, tensor: Tensor): void;
  createAllocator(): GraphAllocator;
  freeAllocator(allocator: GraphAllocator): void;
  /** Marks a tensor that ggml's own gradients are wanted of. */
  markParameter(tensor: Tensor): void;
  /**
   * Adds ggml's own gradients of a loss (one value, already in the graph) to a graph made with `autograd`;
   * returns the gradient of each parameter. Call `resetGradients` between placing the graph and running it.
   */
  expandBackward(
    context: GgmlContext,
    graph: Graph,
    loss: Tensor,
    parameters: readonly Tensor[],
  ): readonly Tensor[];
  resetGradients(graph: Graph): void;
  /** Bytes an allocator holds. */
  allocatorBytes(allocator: GraphAllocator): number;
  /**
   * Places a graph's intermediate tensors into the allocator's buffer, growing it. Throws when memory is
   * short.
   */
  allocateGraph(allocator: GraphAllocator, graph: Graph): void;
  /** Runs a graph off the event loop. */
  computeGraph(graph: Graph): Promise<void>;
  /** Marks a tensor whose data is set from outside / must survive the run. */
  markInput(tensor: Tensor): void;
  markOutput(tensor: Tensor): void;
  write(tensor: Tensor, data: ArrayBufferView, offsetBytes?: number): void;
  read<View extends ArrayBufferView>(tensor: Tensor, into: View, offsetBytes?: number): View;
  tensorBytes(tensor: Tensor): number;
  close(): void;
}

type Native = Pointer<'native'>;

/** Opens ggml on the processor with this many threads (never more than there are free cores: ggml spins). */
export function openGgml(options: { threads: number }): Ggml {
  configureNativeStacks();
  const files = resolveLibraryFiles('cpu');
  const base = koffi.load(files.ggmlBase, { global: true });
  const registry = koffi.load(files.ggml, { global: true });
  const own = bindBase(base);
  bind<[string], void>(registry, 'ggml_backend_load_all_from_path', 'void', ['str'])(files.folder);
  const backend = bind<[string, null], Native | null>(registry, 'ggml_backend_init_by_name', 'void *', [
    'str',
    'str',
  ])('CPU', null);
  if (backend === null) throw new LlamaError(`ggml found no processor backend in ${files.folder}`);
  setThreads(base, backend, options.threads);
  return { operationsFor: bindOperations(base), ...createHandle(own, backend) };
}

function bindBase(base: LibraryHandle) {
  const pointer = 'void *';
  const parameters = koffi.struct({ mem_size: 'size_t', mem_buffer: 'void *', no_alloc: 'bool' });
  return {
    init: bind<[{ mem_size: number; mem_buffer: null; no_alloc: boolean }], GgmlContext | null>(
      base,
      'ggml_init',
      pointer,
      [parameters],
    ),
    free: bind<[GgmlContext], void>(base, 'ggml_free', 'void', [pointer]),
    tensorOverhead: bind<[], number>(base, 'ggml_tensor_overhead', 'size_t', []),
    graphOverhead: bind<[number, boolean], number>(base, 'ggml_graph_overhead_custom', 'size_t', [
      'size_t',
      'bool',
    ]),
    newGraph: bind<[GgmlContext, number, boolean], Graph>(base, 'ggml_new_graph_custom', pointer, [
      pointer,
      'size_t',
      'bool',
    ]),
    setParameter: bind<[Tensor], void>(base, 'ggml_set_param', 'void', [pointer]),
    setLoss: bind<[Tensor], void>(base, 'ggml_set_loss', 'void', [pointer]),
    expandBackward: bind<[GgmlContext, Graph, null], void>(base, 'ggml_build_backward_expand', 'void', [
      pointer,
      pointer,
      pointer,
    ]),
    gradient: bind<[Graph, Tensor], Tensor | null>(base, 'ggml_graph_get_grad', pointer, [pointer, pointer]),
    resetGraph: bind<[Graph], void>(base, 'ggml_graph_reset', 'void', [pointer]),
    expand: bind<[Graph, Tensor], void>(base, 'ggml_build_forward_expand', 'void', [pointer, pointer]),
    allocateTensors: bind<[GgmlContext, Native], TensorBuffer | null>(
      base,
      'ggml_backend_alloc_ctx_tensors',
      pointer,
      [pointer, pointer],
    ),
    bufferFree: bind<[TensorBuffer], void>(base, 'ggml_backend_buffer_free', 'void', [pointer]),
    bufferType: bind<[Native], Native>(base, 'ggml_backend_get_default_buffer_type', pointer, [pointer]),
    allocatorNew: bind<[Native], GraphAllocator>(base, 'ggml_gallocr_new', pointer, [pointer]),
    allocatorFree: bind<[GraphAllocator], void>(base, 'ggml_gallocr_free', 'void', [pointer]),
    allocatorSize: bind<[GraphAllocator, number], number>(base, 'ggml_gallocr_get_buffer_size', 'size_t', [
      pointer,
      'int',
    ]),
    allocateGraph: bind<[GraphAllocator, Graph], boolean>(base, 'ggml_gallocr_alloc_graph', 'bool', [
      pointer,
      pointer,
    ]),
    compute: bind<[Native, Graph], number>(base, 'ggml_backend_graph_compute', 'int', [pointer, pointer]),
    setInput: bind<[Tensor], void>(base, 'ggml_set_input', 'void', [pointer]),
    setOutput: bind<[Tensor], void>(base, 'ggml_set_output', 'void', [pointer]),
    tensorSet: bind<[Tensor, ArrayBufferView, number, number], void>(
      base,
      'ggml_backend_tensor_set',
      'void',
      [pointer, pointer, 'size_t', 'size_t'],
    ),
    tensorGet: bind<[Tensor, ArrayBufferView, number, number], void>(
      base,
      'ggml_backend_tensor_get',
      'void',
      [pointer, koffi.out(koffi.pointer('uint8_t')) as unknown as string, 'size_t', 'size_t'],
    ),
    bytes: bind<[Tensor], number>(base, 'ggml_nbytes', 'size_t', [pointer]),
    backendFree: bind<[Native], void>(base, 'ggml_backend_free', 'void', [pointer]),
  };
}

type Base = ReturnType<typeof bindBase>;

function createHandle(own: Base, backend: Native): Omit<Ggml, 'operationsFor'> {
  const tensorOverhead = own.tensorOverhead();
  const bufferType = own.bufferType(backend);
  return {
    createContext: (tensors) => {
      const size = tensors * tensorOverhead + own.graphOverhead(tensors * 2, true) * 2;
      const context = own.init({ mem_size: size, mem_buffer: null, no_alloc: true });
      if (context === null) throw new LlamaError('ggml could not make a context: out of memory');
      return context;
    },
    freeContext: own.free,
    allocateTensors: (context) => {
      const buffer = own.allocateTensors(context, backend);
      if (buffer === null) throw new LlamaError('too little memory for the tensors of the model');
      return buffer;
    },
    freeBuffer: own.bufferFree,
    createGraph: (context, nodesMax, autograd = false) => own.newGraph(context, nodesMax, autograd),
    markParameter: own.setParameter,
    expandBackward: (context, graph, loss, parameters) => {
      own.setLoss(loss);
      own.expandBackward(context, graph, null);
      return parameters.map((parameter) => {
        const gradient = own.gradient(graph, parameter);
        if (gradient === null) throw new LlamaError('the loss does not depend on a parameter');
        own.setOutput(gradient);
        return gradient;
      });
    },
    resetGradients: own.resetGraph,
    expandGraph: own.expand,
    createAllocator: () => own.allocatorNew(bufferType),
    freeAllocator: own.allocatorFree,
    allocatorBytes: (allocator) => own.allocatorSize(allocator, 0),
    allocateGraph: (allocator, graph) => {
      if (!own.allocateGraph(allocator, graph))
        throw new LlamaError('too little memory for the training graph');
    },
    computeGraph: async (graph) => {
      const status = await callAsync(own.compute as NativeFunction<[Native, Graph], number>, backend, graph);
      if (status !== 0) throw new LlamaError(`ggml could not run the graph (status ${status})`);
    },
    markInput: own.setInput,
    markOutput: own.setOutput,
    write: (tensor, data, offsetBytes = 0) => own.tensorSet(tensor, data, offsetBytes, data.byteLength),
    read: (tensor, into, offsetBytes = 0) => {
      own.tensorGet(tensor, into, offsetBytes, into.byteLength);
      return into;
    },
    tensorBytes: (tensor) => Number(own.bytes(tensor)),
    close: () => own.backendFree(backend),
  };
}

/**
 * The setter lives in the library of the processor generation that was picked: only the registry knows it.
 */
function setThreads(base: LibraryHandle, backend: Native, threads: number): void {
  const pointer = 'void *';
  const device = bind<[Native], Native>(base, 'ggml_backend_get_device', pointer, [pointer])(backend);
  const registry = bind<[Native], Native>(base, 'ggml_backend_dev_backend_reg', pointer, [pointer])(device);
  const find = bind<[Native, string], Native | null>(base, 'ggml_backend_reg_get_proc_address', pointer, [
    pointer,
    'str',
  ]);
  const address = find(registry, 'ggml_backend_set_n_threads');
  if (address === null)
    throw new LlamaError('ggml has no ggml_backend_set_n_threads: another release than pinned?');
  koffi.call(address, koffi.proto('void', [pointer, 'int']), backend, threads);
}
