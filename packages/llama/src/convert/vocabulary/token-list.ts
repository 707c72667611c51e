import { float32s, type GgufValue, int32s, strings } from '../../gguf/value.ts';
import { ConvertError } from '../convert-error.ts';

/** llama.cpp's kinds of tokens. */
export const TOKEN_KIND = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface ListedToken {
  readonly text: string;
  readonly kind: number;
  readonly score: number;
}

/** The tokens of a vocabulary by id. */
export class TokenList {
  readonly #tokens: (ListedToken | undefined)[] = [];

  get size(): number {
    return this.#tokens.length;
  }

  get(id: number): ListedToken | undefined {
    return this.#tokens[id];
  }

  /** Sets a token; a later one takes the place of an earlier one. */
  set(id: number, token: ListedToken): void {
    if (!Number.isInteger(id) || id < 0 || id > 10_000_000) {
      throw new ConvertError(`the tokenizer has a token ${JSON.stringify(token.text)} with the id ${id}`);
    }
    this.#tokens[id] = token;
  }

  /** The id of a text, or undefined. The first one when there are several. */
  find(text: string): number | undefined {
    const id = this.#tokens.findIndex((token) => token?.text === text);
    return id < 0 ? undefined : id;
  }

  /** All tokens, gaps and the end up to `size` filled with unused ones, as metadata. */
  describe(size: number, withScores: boolean): (readonly [string, GgufValue])[] {
    if (this.size > size) {
      throw new ConvertError(`the tokenizer has ${this.size} tokens, but the model embeds only ${size}`);
    }
    const filler = (id: number): ListedToken => ({
      text: `[PAD${id}]`,
      kind: TOKEN_KIND.unused,
      score: -10_000,
    });
    const all = Array.from({ length: size }, (_, id) => this.#tokens[id] ?? filler(id));
    return [
      ['tokenizer.ggml.tokens', strings(all.map((token) => token.text))],
      ...(withScores ? [['tokenizer.ggml.scores', float32s(all.map((token) => token.score))] as const] : []),
      ['tokenizer.ggml.token_type', int32s(all.map((token) => token.kind))],
    ];
  }
}
