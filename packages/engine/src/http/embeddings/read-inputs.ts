import { Template } from '@huggingface/jinja';
import type { EngineEmbeddingRequest } from '@sparkler/api';
import { runBounded } from '../../text/run-bounded.ts';
import { refuseField } from '../check-body.ts';
import { checkTokens } from '../generation/resolve-request.ts';
import { createPauses } from '../pauses.ts';
import type { ServedModel } from '../served-model.ts';

/** The inputs as tokens. Throws a 400 that names the input. */
export async function readEmbeddingInputs(
  body: EngineEmbeddingRequest,
  model: ServedModel,
  tokensMax: number,
): Promise<number[][]> {
  const { input } = body;
  const items: unknown[] = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  const format = compileFormat(body, model);
  const pause = createPauses();
  const inputs: number[][] = [];
  for (const [index, item] of items.entries()) {
    await pause();
    const field = items.length === 1 && !Array.isArray(input) ? 'input' : `input[${index}]`;
    const tokens = Array.isArray(item)
      ? useTokens(item as number[], model, field)
      : model.tokenizer.encode(format(item, field), { addSpecial: true, parseSpecial: false });
    if (tokens.length === 0) throw refuseField(field, `${field} is empty; there is nothing to embed`);
    if (tokens.length > tokensMax) {
      throw refuseField(field, `${field} has ${tokens.length} tokens; this model embeds up to ${tokensMax}`);
    }
    inputs.push(tokens);
  }
  return inputs;
}

function useTokens(tokens: number[], model: ServedModel, field: string): number[] {
  checkTokens(tokens, model.tokenizer, field);
  return tokens;
}

/** Text of one input: itself, or an object through `prompt_template`. */
function compileFormat(
  body: EngineEmbeddingRequest,
  model: ServedModel,
): (item: unknown, field: string) => string {
  const source = body.prompt_template ?? null;
  if (source === null) {
    return (item, field) => {
      if (typeof item === 'string') return item;
      throw refuseField(field, `${field} is an object; say how it becomes text with prompt_template`);
    };
  }
  const template = compileTemplate(source);
  return (item, field) => {
    if (typeof item !== 'object' || item === null) {
      throw refuseField(field, `${field} is text; prompt_template is for inputs that are objects`);
    }
    try {
      return runBounded(() =>
        template.render({
          ...item,
          truncate_tokens: (text: string, count: number) => truncate(text, count, model),
        }),
      );
    } catch (error) {
      throw refuseField('prompt_template', `prompt_template failed on ${field}: ${(error as Error).message}`);
    }
  };
}

function compileTemplate(source: string): Template {
  try {
    return new Template(source);
  } catch (error) {
    throw refuseField('prompt_template', `prompt_template is no valid Jinja: ${(error as Error).message}`);
  }
}

/** `truncate_tokens(text, count)` of templates: at most so many tokens of the text, whole characters only. */
function truncate(text: string, count: number, model: ServedModel): string {
  const tokens = model.tokenizer.encode(text, { addSpecial: false, parseSpecial: false }).slice(0, count);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  // A character cut in two at the end is left out: the decoder keeps it back.
  return tokens.map((token) => decoder.decode(model.tokenizer.tokenBytes(token), { stream: true })).join('');
}
