import type { LibraryHandle } from 'koffi';
import { bind } from '../bind.ts';
import { type ContextPointer, type MemoryPointer, POINTER } from './pointers.ts';

export type MemoryFunctions = ReturnType<typeof bindMemoryFunctions>;

/**
 * The KV cache: sequences sharing cells, and their state as bytes. Positions are half-open; -1 means "to the
 * end".
 */
export function bindMemoryFunctions(library: LibraryHandle) {
  return {
    clear: bind<[MemoryPointer, boolean], void>(library, 'llama_memory_clear', 'void', [POINTER, 'bool']),
    remove: bind<[MemoryPointer, number, number, number], boolean>(library, 'llama_memory_seq_rm', 'bool', [
      POINTER,
      'int32_t',
      'int32_t',
      'int32_t',
    ]),
    copy: bind<[MemoryPointer, number, number, number, number], void>(
      library,
      'llama_memory_seq_cp',
      'void',
      [POINTER, 'int32_t', 'int32_t', 'int32_t', 'int32_t'],
    ),
    positionMin: bind<[MemoryPointer, number], number>(library, 'llama_memory_seq_pos_min', 'int32_t', [
      POINTER,
      'int32_t',
    ]),
    positionMax: bind<[MemoryPointer, number], number>(library, 'llama_memory_seq_pos_max', 'int32_t', [
      POINTER,
      'int32_t',
    ]),
    stateSize: bind<[ContextPointer, number], number>(library, 'llama_state_seq_get_size', 'size_t', [
      POINTER,
      'int32_t',
    ]),
    stateRead: bind<[ContextPointer, Uint8Array, number, number], number>(
      library,
      'llama_state_seq_get_data',
      'size_t',
      [POINTER, POINTER, 'size_t', 'int32_t'],
    ),
    stateWrite: bind<[ContextPointer, Uint8Array, number, number], number>(
      library,
      'llama_state_seq_set_data',
      'size_t',
      [POINTER, POINTER, 'size_t', 'int32_t'],
    ),
  };
}
