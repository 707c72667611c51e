import type { Dialect } from './dialect.ts';

const elsewhere = 'the server behind this model speaks the plain OpenAI API, which has no such option';

/**
 * Any OpenAI-compatible server: what OpenAI documents, nothing assumed beyond. Whether it keeps the prompt
 * caches of accounts apart is up to that server.
 */
export const openai: Dialect = {
  name: 'openai',
  paths: {
    chat: '/chat/completions',
    completions: '/completions',
    embeddings: '/embeddings',
    rerank: null,
    'format-check': null,
  },
  extension: false,
  asksForUsage: true,
  renames: {},
  isolationField: null,
  gatewayFields: ['service_tier', 'metadata'],
  lacking: {
    prompt_cache_isolation_key: elsewhere,
    prompt_cache_max_len: elsewhere,
    top_k: elsewhere,
    min_p: elsewhere,
    typical_p: elsewhere,
    repetition_penalty: elsewhere,
    mirostat_target: elsewhere,
    mirostat_lr: elsewhere,
    echo_last: elsewhere,
    ignore_eos: elsewhere,
    context_length_exceeded_behavior: elsewhere,
    prompt_truncate_len: elsewhere,
    safe_tokenization: elsewhere,
    raw_output: elsewhere,
    perf_metrics_in_response: elsewhere,
    return_token_ids: elsewhere,
    speculation: elsewhere,
    rewrite_speculation: elsewhere,
    disable_speculation: elsewhere,
    reasoning_history: elsewhere,
    thinking: elsewhere,
    images: elsewhere,
    prompt_template: elsewhere,
    normalize: elsewhere,
    return_logits: elsewhere,
    'response_format.strict': elsewhere,
  },
  lackingInChat: { echo: elsewhere },
  logprobsForm: { chat: 'objects', completions: 'arrays' },
  grammarField: null,
  oneAnswerOnly: null,
  sendsTokenDefault: true,
  adapterAsModel: true,
  includeStopField: null,
  headerPrefix: null,
};
