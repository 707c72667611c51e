import type { Dialect } from './dialect.ts';
import { openai } from './openai.ts';

const absent = 'vLLM has no such option';

/** vLLM's OpenAI server with its documented extra fields; LoRA adapters are models of their own there. */
export const vllm: Dialect = {
  ...openai,
  name: 'vllm',
  paths: { ...openai.paths, rerank: '/rerank' },
  renames: { prompt_truncate_len: 'truncate_prompt_tokens' },
  isolationField: 'cache_salt',
  includeStopField: 'include_stop_str_in_output',
  gatewayFields: ['prompt_cache_isolation_key', 'service_tier', 'metadata'],
  lacking: {
    prompt_cache_max_len: absent,
    typical_p: absent,
    mirostat_target: absent,
    mirostat_lr: absent,
    echo_last: absent,
    context_length_exceeded_behavior: absent,
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
    prompt_template: absent,
    return_logits: absent,
    'response_format.strict': absent,
  },
  // Its own `echo` in chats is something else.
  lackingInChat: { echo: absent },
  sendsTokenDefault: false,
};
