import type { Dialect } from './dialect.ts';
import { openai } from './openai.ts';

const absent = 'llama-server has no such option';

/** llama.cpp's llama-server. Adapters are loaded when it starts and can't be chosen by name. */
export const llamaServer: Dialect = {
  ...openai,
  name: 'llama-server',
  paths: { ...openai.paths, rerank: '/rerank' },
  renames: { repetition_penalty: 'repeat_penalty' },
  lacking: {
    prompt_cache_isolation_key: absent,
    prompt_cache_max_len: absent,
    mirostat_target: absent,
    mirostat_lr: absent,
    echo: absent,
    echo_last: absent,
    context_length_exceeded_behavior: absent,
    prompt_truncate_len: absent,
    safe_tokenization: absent,
    raw_output: absent,
    perf_metrics_in_response: absent,
    return_token_ids: absent,
    prediction: absent,
    speculation: absent,
    rewrite_speculation: absent,
    disable_speculation: absent,
    reasoning_history: absent,
    thinking: absent,
    images: absent,
    'response_format.strict': absent,
    prompt_template: absent,
    normalize: absent,
    return_logits: absent,
    dimensions: absent,
  },
  lackingInChat: {},
  logprobsForm: { chat: 'objects', completions: 'objects' },
  grammarField: 'grammar',
  oneAnswerOnly: 'llama-server counts the tokens of one choice of one prompt only',
  adapterAsModel: false,
};
