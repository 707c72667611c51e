import { ConvertError } from '../convert-error.ts';
import type { JsonObject } from '../json-object.ts';

/** Parts of the patterns below; each pattern is one regular expression in tokenizer.json. */
const ELISIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const LETTERS = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+';
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const TITLE_WORD = `[^\\r\\n\\p{L}\\p{N}]?${UPPER}*${LOWER}+`;
const UPPER_WORD = `[^\\r\\n\\p{L}\\p{N}]?${UPPER}+${LOWER}*`;
const SPACES = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const SIGNS = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*';
const SIGNS_AND_SLASH = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*';

const split = (...parts: readonly string[]): string => `Split(${parts.join('|')}) ByteLevel`;

/**
 * How byte-level tokenizers cut a text before merging: the steps of tokenizer.json in one line, and
 * llama.cpp's name for the same. Patterns are compared as texts; a tokenizer that cuts differently must not
 * pass for one of these.
 */
const PRE_TOKENIZERS: ReadonlyMap<string, string> = new Map([
  ['ByteLevel(regex)', 'gpt-2'],
  ['Digits(each) ByteLevel(regex)', 'smollm'],
  // Llama 3, and others after it.
  [split(ELISIONS, LETTERS, '\\p{N}{1,3}', SIGNS, SPACES), 'llama-bpe'],
  // Qwen 2, 2.5 and 3.
  [split(ELISIONS, LETTERS, '\\p{N}', SIGNS, SPACES), 'qwen2'],
  // Mistral Nemo and later.
  [split(TITLE_WORD, UPPER_WORD, '\\p{N}', SIGNS_AND_SLASH, SPACES), 'tekken'],
  // Phi-4 mini, with the vocabulary of GPT-4o.
  [
    split(`${TITLE_WORD}${ELISIONS}?`, `${UPPER_WORD}${ELISIONS}?`, '\\p{N}{1,3}', SIGNS_AND_SLASH, SPACES),
    'gpt-4o',
  ],
]);

/**
 * Finds llama.cpp's pre-tokenizer for a byte-level tokenizer.json. Throws ConvertError showing one that is
 * unknown.
 */
export function detectPreTokenizer(tokenizer: JsonObject): string {
  const steps = describeSteps(tokenizer.object('pre_tokenizer')).join(' ');
  const name = PRE_TOKENIZERS.get(steps);
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
