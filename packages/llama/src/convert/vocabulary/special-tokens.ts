import { bool, type GgufValue, string, uint32 } from '../../gguf/value.ts';
import { JsonObject } from '../json-object.ts';
import type { ModelFolder } from '../model-folder.ts';
import type { TokenList } from './token-list.ts';

/** Hugging Face's name of a special token, and GGUF's (one of them misspelt there). */
const SPECIAL = {
  bos: 'bos',
  eos: 'eos',
  eot: 'eot',
  unk: 'unknown',
  sep: 'seperator',
  pad: 'padding',
  cls: 'cls',
  mask: 'mask',
} as const;

type SpecialName = keyof typeof SPECIAL;

/** Which special tokens there are and which are put around a text. */
interface SpecialTokens {
  readonly ids: Map<SpecialName, number>;
  readonly adds: Map<'bos' | 'eos' | 'sep', boolean>;
}

/** Special tokens and chat templates as metadata. */
export function describeSpecialTokens(
  folder: ModelFolder,
  tokens: TokenList,
): (readonly [string, GgufValue])[] {
  const special = readIds(folder, tokens);
  // tokenizer.json adds what its template says and nothing else; llama.cpp would add by the kind of
  // tokenizer.
  if (folder.tokenizer !== null) special.adds.set('bos', false).set('eos', false);
  readPostProcessor(folder, tokens, special);
  readFlags(folder, special);
  const [template, ...others] = orderTemplates(folder);
  return [
    ...[...special.ids].map(
      ([name, id]) => [`tokenizer.ggml.${SPECIAL[name]}_token_id`, uint32(id)] as const,
    ),
    ...[...special.adds].map(([name, adds]) => [`tokenizer.ggml.add_${name}_token`, bool(adds)] as const),
    ...(template === undefined ? [] : [['tokenizer.chat_template', string(template[1])] as const]),
    ...others.map(([name, text]) => [`tokenizer.chat_template.${name}`, string(text)] as const),
  ];
}

function orderTemplates({ chatTemplates }: ModelFolder): [string, string][] {
  return [...chatTemplates].sort(([a], [b]) => Number(b === 'default') - Number(a === 'default'));
}

function readIds({ tokenizerConfig, config }: ModelFolder, tokens: TokenList): SpecialTokens {
  const ids = new Map<SpecialName, number>();
  for (const name of Object.keys(SPECIAL) as SpecialName[]) {
    const text = readTokenText(tokenizerConfig, `${name}_token`);
    const named = text === undefined ? undefined : tokens.find(text);
    const numbers = [config.get(`${name}_token_id`)].flat();
    const id = named ?? numbers.find((number): number is number => typeof number === 'number');
    if (id !== undefined && id >= 0 && tokens.get(id) !== undefined) ids.set(name, id);
  }
  return { ids, adds: new Map() };
}

/** A token's text stands alone or in an object. */
function readTokenText(tokenizerConfig: JsonObject, field: string): string | undefined {
  const value = tokenizerConfig.get(field);
  if (typeof value === 'string') return value;
  return value === undefined ? undefined : JsonObject.from(field, value).optionalText('content');
}

/** tokenizer.json says by a template what comes around a text. */
function readPostProcessor({ tokenizer }: ModelFolder, tokens: TokenList, special: SpecialTokens): void {
  const processor = tokenizer?.optionalObject('post_processor');
  if (processor === undefined) return;
  const nested = processor.objects('processors');
  for (const step of nested.length > 0 ? nested : [processor]) {
    if (step.optionalText('type') === 'TemplateProcessing') readTemplate(step, tokens, special);
    if (step.optionalText('type') === 'RobertaProcessing' || step.optionalText('type') === 'BertProcessing') {
      const [cls] = step.optionalArray('cls') ?? [];
      const [sep] = step.optionalArray('sep') ?? [];
      surround(special, tokens.find(String(cls)), tokens.find(String(sep)));
      special.adds.set('sep', true);
    }
  }
}

function readTemplate(step: JsonObject, tokens: TokenList, special: SpecialTokens): void {
  const single = step.objects('single');
  const idOf = (piece: JsonObject | undefined): number | undefined => {
    const text = piece?.optionalObject('SpecialToken')?.optionalText('id');
    return text === undefined ? undefined : tokens.find(text);
  };
  surround(
    special,
    single.length > 1 ? idOf(single[0]) : undefined,
    single.length > 1 ? idOf(single.at(-1)) : undefined,
  );
  // Pairs are written A … sep … B: a token between them, beside the one at the end.
  const pair = step.objects('pair');
  const between = pair.slice(pair.findIndex((piece) => piece.get('Sequence') !== undefined) + 1, -1);
  if (between.some((piece) => idOf(piece) === special.ids.get('sep'))) special.adds.set('sep', true);
}

/** Tokens that are put first and last become BOS and EOS; what was EOS then still ends a turn. */
function surround({ ids, adds }: SpecialTokens, first: number | undefined, last: number | undefined): void {
  if (first !== undefined) {
    ids.set('bos', first);
    adds.set('bos', true);
  }
  if (last !== undefined) {
    const eos = ids.get('eos');
    if (eos !== undefined && eos !== last && !ids.has('eot')) ids.set('eot', eos);
    ids.set('eos', last);
    adds.set('eos', true);
  }
}

/** Plain flags in tokenizer_config.json, for tokenizers without a template. */
function readFlags({ tokenizerConfig }: ModelFolder, { adds }: SpecialTokens): void {
  for (const name of ['bos', 'eos', 'sep'] as const) {
    const flag = tokenizerConfig.optionalFlag(`add_${name}_token`);
    if (flag !== undefined) adds.set(name, flag);
  }
}
