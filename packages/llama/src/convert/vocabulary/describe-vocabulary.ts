import { type GgufValue, uint32 } from '../../gguf/value.ts';
import { ConvertError } from '../convert-error.ts';
import type { ModelFolder } from '../model-folder.ts';
import { describeByteLevel } from './byte-level.ts';
import { describeSentencePiece } from './sentencepiece.ts';
import { describeUnigram } from './unigram.ts';
import { describeWordPiece } from './wordpiece.ts';

/**
 * The tokenizer of a model folder as GGUF metadata. `size` is the number of rows that the model embeds;
 * `tokenTypes` is set for encoders. Throws ConvertError for kinds that llama.cpp does not know.
 */
export function describeVocabulary(
  folder: ModelFolder,
  size: number,
  tokenTypes: number | undefined,
): (readonly [string, GgufValue])[] {
  const { tokenizer, sentencePiece } = folder;
  if (sentencePiece !== null && tokenTypes === undefined) return describeSentencePiece(folder, size);
  if (tokenizer === null)
    throw new ConvertError(`${folder.path} holds neither tokenizer.json nor tokenizer.model`);
  const model = tokenizer.object('model');
  const type = model.optionalText('type') ?? 'BPE';
  switch (type) {
    case 'WordPiece':
      return describeWordPiece(folder, tokenizer, size, tokenTypes ?? 1);
    case 'Unigram':
      return describeUnigram(folder, tokenizer, size, tokenTypes ?? 1);
    case 'BPE': {
      if (model.optionalFlag('byte_fallback')) return describeSentencePiece(folder, size);
      const types =
        tokenTypes === undefined ? [] : [['tokenizer.ggml.token_type_count', uint32(tokenTypes)] as const];
      return [...describeByteLevel(folder, tokenizer, size), ...types];
    }
    default:
      throw new ConvertError(`tokenizer.json: a tokenizer of the type ${type} is not supported`);
  }
}
