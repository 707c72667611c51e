import type { JsonObject } from '../json-object.ts';
import type { ModelFolder } from '../model-folder.ts';
import { TOKEN_KIND, type TokenList } from './token-list.ts';

/** A token that is found in a text before the tokenizer's model sees it. */
export interface AddedToken {
  readonly id: number;
  readonly text: string;
  readonly special: boolean;
}

/** The added tokens of a folder, from tokenizer.json or, without one, from tokenizer_config.json. */
export function readAddedTokens({ tokenizer, tokenizerConfig }: ModelFolder): AddedToken[] {
  const fromTokenizer = (tokenizer?.objects('added_tokens') ?? []).map((entry) =>
    toAdded(entry.number('id'), entry),
  );
  if (fromTokenizer.length > 0) return fromTokenizer;
  const decoder = tokenizerConfig.optionalObject('added_tokens_decoder');
  return (decoder?.entries() ?? []).map(([id]) => toAdded(Number(id), decoder!.object(id)));
}

function toAdded(id: number, entry: JsonObject): AddedToken {
  const text = entry.text('content');
  return { id, text, special: (entry.optionalFlag('special') ?? false) || looksSpecial(text) };
}

/**
 * Puts them into the list, with their kind. llama.cpp finds them in the raw text, so a space is a space
 * there, also in vocabularies that write it as ▁.
 */
export function applyAddedTokens(tokens: TokenList, added: readonly AddedToken[]): void {
  for (const { id, text, special } of added) {
    const before = tokens.get(id);
    // The unknown token keeps its kind: it stands for what has no token.
    if (before?.kind === TOKEN_KIND.unknown) continue;
    tokens.set(id, {
      text: special ? text : text.replaceAll('▁', ' '),
      kind: special ? TOKEN_KIND.control : TOKEN_KIND.userDefined,
      score: -1000,
    });
  }
}

/** Some projects leave tokens that steer the model unmarked. */
function looksSpecial(text: string): boolean {
  return (
    ['<pad>', '<mask>', '<2mass>', '[@BOS@]'].includes(text) ||
    /^<\|.*\|>$/s.test(text) ||
    /^<｜.*｜>$/s.test(text) ||
    /^<unused.*>$/s.test(text)
  );
}
