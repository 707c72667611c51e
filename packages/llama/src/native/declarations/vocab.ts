import type { LibraryHandle } from 'koffi';
import { bind } from '../bind.ts';
import { POINTER, type VocabPointer } from './pointers.ts';

/** enum llama_token_attr, the ones used here */
export const TOKEN_ATTRIBUTE = {
  control: 1 << 3,
  userDefined: 1 << 4,
  unknown: 1 << 0,
  stripsLeft: 1 << 7,
} as const;

export type VocabFunctions = ReturnType<typeof bindVocabFunctions>;

/** Text to tokens and back. */
export function bindVocabFunctions(library: LibraryHandle) {
  const token = (name: string) => bind<[VocabPointer], number>(library, name, 'int32_t', [POINTER]);
  const flag = (name: string) => bind<[VocabPointer], boolean>(library, name, 'bool', [POINTER]);
  return {
    size: token('llama_vocab_n_tokens'),
    bos: token('llama_vocab_bos'),
    eos: token('llama_vocab_eos'),
    addsBos: flag('llama_vocab_get_add_bos'),
    addsEos: flag('llama_vocab_get_add_eos'),
    isEnd: bind<[VocabPointer, number], boolean>(library, 'llama_vocab_is_eog', 'bool', [POINTER, 'int32_t']),
    isControl: bind<[VocabPointer, number], boolean>(library, 'llama_vocab_is_control', 'bool', [
      POINTER,
      'int32_t',
    ]),
    attributes: bind<[VocabPointer, number], number>(library, 'llama_vocab_get_attr', 'int', [
      POINTER,
      'int32_t',
    ]),
    tokenize: bind<[VocabPointer, Uint8Array, number, Int32Array, number, boolean, boolean], number>(
      library,
      'llama_tokenize',
      'int32_t',
      [POINTER, POINTER, 'int32_t', POINTER, 'int32_t', 'bool', 'bool'],
    ),
    tokenToPiece: bind<[VocabPointer, number, Uint8Array, number, number, boolean], number>(
      library,
      'llama_token_to_piece',
      'int32_t',
      [POINTER, 'int32_t', POINTER, 'int32_t', 'int32_t', 'bool'],
    ),
  };
}
