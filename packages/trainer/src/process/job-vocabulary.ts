import { createTokenizer, loadLibrary, openLlamaModelFile } from '@sparkler/llama';
import { type ChatTemplate, compileChatTemplate } from '../data/render-example.ts';
import type { TrainingTokenizer } from '../data/tokenize-example.ts';
import type { TrainerConfig } from '../run/trainer-config.ts';
import { TrainerError } from './events.ts';

/** How a job's text becomes tokens. Close it when done. */
export interface JobVocabulary {
  readonly template: ChatTemplate;
  readonly tokenizer: TrainingTokenizer;
  close(): void;
}

/**
 * Opens the tokenizer of a job's base model and its chat template, or the job's own. Throws TrainerError
 * BAD_CONFIG when there is no template or it does not parse.
 */
export async function openJobVocabulary(config: TrainerConfig): Promise<JobVocabulary> {
  const library = loadLibrary({ backend: 'cpu' });
  const base = await openLlamaModelFile(library, { path: config.base.gguf, gpuLayers: 0 });
  try {
    const source = config.data.chatTemplate ?? base.chatTemplate;
    if (source === null) {
      throw new TrainerError(
        'BAD_CONFIG',
        'the base model has no chat template: give the job a jinjaTemplate',
      );
    }
    const tokenizer = createTokenizer(base);
    const spell = (token: number | null): string =>
      token === null ? '' : new TextDecoder().decode(tokenizer.tokenBytes(token, true));
    const specials = { bos: spell(tokenizer.bosToken), eos: spell(tokenizer.eosToken) };
    return { template: compileTemplate(source, specials), tokenizer, close: () => base.close() };
  } catch (error) {
    base.close();
    throw error;
  }
}

function compileTemplate(source: string, specials: { bos: string; eos: string }): ChatTemplate {
  try {
    return compileChatTemplate(source, specials);
  } catch (cause) {
    throw new TrainerError('BAD_CONFIG', `the chat template does not parse: ${(cause as Error).message}`, {
      cause,
    });
  }
}
