import { ConvertError } from '../convert-error.ts';
import type { JsonObject } from '../json-object.ts';

/**
 * How byte-level tokenizers cut a text before merging: the steps of tokenizer.json in one line, and llama.cpp's name
 * for the same. Patterns are compared as texts; a tokenizer that cuts differently must not pass for one of these.
 */
const PRE_TOKENIZERS: Readonly<Record<string, string>> = {
  'ByteLevel(regex)': 'gpt-2',
  'Digits(each) ByteLevel(regex)': 'smollm',
  // Llama 3, and others after it.
  "Split((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+) ByteLevel":
    'llama-bpe',
  // Qwen 2, 2.5 and 3.
  "Split((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+) ByteLevel":
    'qwen2',
  // Mistral Nemo and later.
  'Split([^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+) ByteLevel':
    'tekken',
  // Phi-4 mini, with the vocabulary of GPT-4o.
  "Split([^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+) ByteLevel":
    'gpt-4o',
};

/** Finds llama.cpp's pre-tokenizer for a byte-level tokenizer.json. Throws ConvertError showing one that is unknown. */
export function detectPreTokenizer(tokenizer: JsonObject): string {
  const steps = describeSteps(tokenizer.object('pre_tokenizer')).join(' ');
  const name = PRE_TOKENIZERS[steps];
  if (name === undefined) {
    throw new ConvertError(
      `tokenizer.json: this way of cutting a text before merging is not supported: ${steps}`,
    );
  }
  // With merges ignored for whole words llama.cpp knows only Llama 3's kind.
  const ignoresMerges = tokenizer.object('model').optionalFlag('ignore_merges') ?? false;
  if (name === 'llama-bpe' && !ignoresMerges) return 'dbrx';
  return name;
}

function describeSteps(step: JsonObject): string[] {
  switch (step.text('type')) {
    case 'Sequence':
      return step.objects('pretokenizers').flatMap(describeSteps);
    case 'Split':
      return [
        `Split(${step.object('pattern').optionalText('Regex') ?? JSON.stringify(step.get('pattern'))})`,
      ];
    case 'Digits':
      return [`Digits(${step.optionalFlag('individual_digits') ? 'each' : 'runs'})`];
    case 'ByteLevel': {
      const flags = [
        ...((step.optionalFlag('use_regex') ?? true) ? ['regex'] : []),
        ...(step.optionalFlag('add_prefix_space') ? ['prefix'] : []),
      ];
      return [flags.length > 0 ? `ByteLevel(${flags.join(',')})` : 'ByteLevel'];
    }
    default:
      return [step.text('type')];
  }
}
