import { makeVocabulary } from './vocabulary.ts';

/** tokenizer.json and tokenizer_config.json of a tiny tokenizer. */
export interface TinyTokenizer {
  readonly size: number;
  readonly tokenizer: unknown;
  readonly config: unknown;
}

const CHAT_TEMPLATE =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/** The vocabulary of the tiny GGUF models, as Hugging Face writes byte-level BPE. */
export function makeByteLevelTokenizer(): TinyTokenizer {
  const { tokens, types, merges } = makeVocabulary();
  const ids = tokens.map((text, id) => [text, id] as const);
  const added = ids.filter(([, id]) => types[id] === 3);
  return {
    size: tokens.length,
    tokenizer: {
      version: '1.0',
      added_tokens: added.map(([content, id]) => ({ id, content, special: true, normalized: false })),
      normalizer: null,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false },
      decoder: { type: 'ByteLevel' },
      model: {
        type: 'BPE',
        byte_fallback: false,
        vocab: Object.fromEntries(ids.filter(([, id]) => types[id] !== 3)),
        merges: merges.map((merge) => merge.split(' ')),
      },
    },
    config: {
      bos_token: '<|endoftext|>',
      eos_token: { content: '<|im_end|>', special: true },
      pad_token: '<|pad|>',
      add_bos_token: true,
      chat_template: CHAT_TEMPLATE,
    },
  };
}

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789.,!?'];
const WORDS = ['the', 'cat', 'dog', 'food', 'eat', '##s', '##ing', 'hello', 'world'];

/** A small WordPiece vocabulary, lower-cased. */
export function makeWordPieceTokenizer(): TinyTokenizer {
  const tokens = [...SPECIAL, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`), ...WORDS];
  const vocab = Object.fromEntries([...new Set(tokens)].map((text, id) => [text, id]));
  return {
    size: Object.keys(vocab).length,
    tokenizer: {
      version: '1.0',
      added_tokens: SPECIAL.map((content) => ({ id: vocab[content], content, special: true })),
      normalizer: { type: 'BertNormalizer', lowercase: true, strip_accents: null },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: {
        type: 'TemplateProcessing',
        single: [
          { SpecialToken: { id: '[CLS]', type_id: 0 } },
          { Sequence: { id: 'A', type_id: 0 } },
          { SpecialToken: { id: '[SEP]', type_id: 0 } },
        ],
        pair: [
          { SpecialToken: { id: '[CLS]', type_id: 0 } },
          { Sequence: { id: 'A', type_id: 0 } },
          { SpecialToken: { id: '[SEP]', type_id: 0 } },
          { Sequence: { id: 'B', type_id: 1 } },
          { SpecialToken: { id: '[SEP]', type_id: 1 } },
        ],
      },
      model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', vocab },
    },
    config: {
      unk_token: '[UNK]',
      sep_token: '[SEP]',
      pad_token: '[PAD]',
      cls_token: '[CLS]',
      mask_token: '[MASK]',
      do_lower_case: true,
    },
  };
}
