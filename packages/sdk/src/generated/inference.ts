// Generated from packages/api by `npm run generate`. Do not edit.

export interface ChatCompletionRequest {
  /** accounts/A/models/M, A/M, either with #accounts/B/deployments/D (or #B/D), or a deployed model. */
  readonly model: string;
  /** Send server-sent events, ended by [DONE]. Default false. */
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: { readonly include_usage?: boolean | null | undefined; } | null | undefined;
  /** Number of choices. Default 1. */
  readonly n?: number | null | undefined;
  /** Up to 4 texts that end generation; the text returned includes the one found. */
  readonly stop?: string | readonly string[] | null | undefined;
  /** Most tokens to generate. Default 2048. */
  readonly max_tokens?: number | null | undefined;
  /** Another name of max_tokens; send one of the two. */
  readonly max_completion_tokens?: number | null | undefined;
  /** 0 is greedy. Default: the model's, else 1. */
  readonly temperature?: number | null | undefined;
  /** Default 1 (off). */
  readonly top_p?: number | null | undefined;
  /** Default 0 (off). */
  readonly min_p?: number | null | undefined;
  /** Default 1 (off). */
  readonly typical_p?: number | null | undefined;
  /** Default 0 (off). */
  readonly top_k?: number | null | undefined;
  /** Per occurrence in the output. Default 0. */
  readonly frequency_penalty?: number | null | undefined;
  /** Once per token in the output. Default 0. */
  readonly presence_penalty?: number | null | undefined;
  /** Multiplicative, over prompt and output. Default 1 (off). */
  readonly repetition_penalty?: number | null | undefined;
  /** Target perplexity; turns Mirostat on. */
  readonly mirostat_target?: number | null | undefined;
  /** Learning rate of Mirostat. Default 0.1. */
  readonly mirostat_lr?: number | null | undefined;
  /** Same seed and request, same text. */
  readonly seed?: number | null | undefined;
  /** true: token objects (OpenAI chat form); 0 to 5: the older parallel arrays, N alternatives each. */
  readonly logprobs?: boolean | number | null | undefined;
  /** Alternatives a token. Needs logprobs. */
  readonly top_logprobs?: number | null | undefined;
  /** Token id to a bias of -200 to 200 added to its logit. */
  readonly logit_bias?: Readonly<Record<string, number>> | null | undefined;
  /** Return the prompt in front of the answer. Default false. */
  readonly echo?: boolean | null | undefined;
  /** Return the last N tokens of the prompt in front of the answer. */
  readonly echo_last?: number | null | undefined;
  /** Generate on past the end token, for benchmarks. Default false. */
  readonly ignore_eos?: boolean | null | undefined;
  /** When prompt and max_tokens exceed the context: lower max_tokens (default) or fail. */
  readonly context_length_exceeded_behavior?: 'truncate' | 'error' | null | undefined;
  /** Opaque id of a user or session; also the key of session affinity. */
  readonly user?: string | null | undefined;
  readonly response_format?: { readonly type: 'text'; } | { readonly type: 'json_object'; readonly schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly json_schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly strict?: boolean | null | undefined; } | { readonly type: 'json_schema'; readonly json_schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly strict?: boolean | null | undefined; } | { readonly type: 'grammar'; readonly grammar: string; } | null | undefined;
  /** Add raw_output: the prompt and completion exactly as the model saw them. Default false. */
  readonly raw_output?: boolean | null | undefined;
  /** Add perf_metrics to the body (last chunk of a stream). Default false. */
  readonly perf_metrics_in_response?: boolean | null | undefined;
  /** Add token_ids and prompt_token_ids. Default false. */
  readonly return_token_ids?: boolean | null | undefined;
  /** Expected answer as text or token ids; same use as prediction. */
  readonly speculation?: string | readonly number[] | null | undefined;
  readonly prediction?: string | { readonly type: 'content'; readonly content: string | readonly { readonly type: 'text'; readonly text: string; }[]; } | null | undefined;
  /** Look for the place where the answer rejoins the prediction after it left it. */
  readonly rewrite_speculation?: boolean | null | undefined;
  /** Generate without drafts, to compare. Default false. */
  readonly disable_speculation?: boolean | null | undefined;
  /** Labels of the caller's own; shown with the timings of the request. */
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  readonly store?: false | null | undefined;
  readonly reasoning_effort?: 'none' | 'low' | 'medium' | 'high' | number | boolean | null | undefined;
  /** Which earlier reasoning_content goes into the prompt. */
  readonly reasoning_history?: 'disabled' | 'interleaved' | 'preserved' | null | undefined;
  /** The other form of reasoning_effort; send one of the two. */
  readonly thinking?: { readonly type: 'enabled'; readonly budget_tokens?: number | null | undefined; } | { readonly type: 'disabled'; } | null | undefined;
  /** Cached prompts are shared only between requests with the same key. */
  readonly prompt_cache_isolation_key?: string | null | undefined;
  /** Hint: requests with the same key share a prefix (routing only). */
  readonly prompt_cache_key?: string | null | undefined;
  /** Most prompt tokens to take from the cache; 0 turns it off. */
  readonly prompt_cache_max_len?: number | null | undefined;
  /** Default auto. */
  readonly service_tier?: 'auto' | 'default' | 'flex' | 'priority' | null | undefined;
  readonly messages: readonly ({ readonly tool_calls?: null | readonly unknown[] | undefined; readonly tool_call_id?: null | undefined; readonly function_call?: null | undefined; readonly reasoning_content?: null | undefined; readonly refusal?: null | undefined; readonly audio?: null | undefined; readonly annotations?: null | readonly unknown[] | undefined; readonly role: 'user'; readonly content: string | readonly ({ readonly type: 'text'; readonly text: string; } | { readonly type: 'image_url'; readonly image_url: { readonly url: string; readonly detail?: 'auto' | 'low' | 'high' | null | undefined; }; } | { readonly type: 'video_url'; readonly video_url: { readonly url: string; readonly detail?: 'auto' | 'low' | 'high' | null | undefined; readonly max_frames?: number | null | undefined; readonly sample_fps?: number | null | undefined; readonly spatial_limit?: number | null | undefined; }; })[]; readonly name?: string | null | undefined; } | { readonly tool_calls?: readonly ({ readonly id?: string | null | undefined; readonly index?: number | null | undefined; readonly type?: 'function' | undefined; readonly function: { readonly name: string; readonly arguments?: string | Readonly<Record<string, unknown>> | null | undefined; }; })[] | null | undefined; readonly tool_call_id?: null | undefined; readonly function_call?: { readonly name: string; readonly arguments: string; } | null | undefined; readonly reasoning_content?: string | null | undefined; readonly refusal?: string | null | undefined; readonly audio?: null | undefined; readonly annotations?: readonly unknown[] | null | undefined; readonly role: 'assistant'; readonly content?: string | readonly ({ readonly type: 'text'; readonly text: string; } | { readonly type: 'refusal'; readonly refusal: string; })[] | null | undefined; readonly name?: string | null | undefined; } | { readonly tool_calls?: null | readonly unknown[] | undefined; readonly tool_call_id?: string | null | undefined; readonly function_call?: null | undefined; readonly reasoning_content?: null | undefined; readonly refusal?: null | undefined; readonly audio?: null | undefined; readonly annotations?: null | readonly unknown[] | undefined; readonly role: 'tool'; readonly content: string | readonly { readonly type: 'text'; readonly text: string; }[]; readonly name?: string | null | undefined; } | { readonly tool_calls?: null | readonly unknown[] | undefined; readonly tool_call_id?: null | undefined; readonly function_call?: null | undefined; readonly reasoning_content?: null | undefined; readonly refusal?: null | undefined; readonly audio?: null | undefined; readonly annotations?: null | readonly unknown[] | undefined; readonly role: 'system'; readonly content: string | readonly { readonly type: 'text'; readonly text: string; }[]; readonly name?: string | null | undefined; } | { readonly tool_calls?: null | readonly unknown[] | undefined; readonly tool_call_id?: null | undefined; readonly function_call?: null | undefined; readonly reasoning_content?: null | undefined; readonly refusal?: null | undefined; readonly audio?: null | undefined; readonly annotations?: null | readonly unknown[] | undefined; readonly role: 'developer'; readonly content: string | readonly { readonly type: 'text'; readonly text: string; }[]; readonly name?: string | null | undefined; } | { readonly tool_calls?: null | readonly unknown[] | undefined; readonly tool_call_id?: null | undefined; readonly function_call?: null | undefined; readonly reasoning_content?: null | undefined; readonly refusal?: null | undefined; readonly audio?: null | undefined; readonly annotations?: null | readonly unknown[] | undefined; readonly role: 'function'; readonly content?: string | null | undefined; readonly name: string; })[];
  readonly tools?: readonly Tool[] | null | undefined;
  readonly tool_choice?: 'auto' | 'none' | 'any' | 'required' | { readonly type: 'function'; readonly function?: { readonly name: string; } | null | undefined; readonly name?: string | null | undefined; } | null | undefined;
  /** Whether one answer may hold several calls. */
  readonly parallel_tool_calls?: boolean | null | undefined;
  /** Deprecated form of tools. */
  readonly functions?: readonly ({ readonly name: string; readonly description?: string | null | undefined; readonly parameters?: Readonly<Record<string, unknown>> | null | undefined; readonly strict?: boolean | null | undefined; })[] | null | undefined;
  /** Deprecated form of tool_choice. */
  readonly function_call?: 'auto' | 'none' | { readonly name: string; } | null | undefined;
  /** Drop the oldest messages until the prompt has at most this many tokens. */
  readonly prompt_truncate_len?: number | null | undefined;
  /** Read special tokens written inside messages as plain text. */
  readonly safe_tokenization?: boolean | null | undefined;
}

export interface Tool {
  readonly type: 'function';
  readonly function: { readonly name: string; readonly description?: string | null | undefined; readonly parameters?: Readonly<Record<string, unknown>> | null | undefined; readonly strict?: boolean | null | undefined; };
}

export interface ChatCompletion {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  readonly perf_metrics?: Readonly<Record<string, number | string>> | null | undefined;
  readonly prompt_token_ids?: readonly number[] | null | undefined;
  readonly object: 'chat.completion';
  readonly choices: readonly ChatChoice[];
  /** Tokens of the request. completion_tokens is absent for embeddings and rerank. */
  readonly usage: Usage;
}

export interface ChatChoice {
  readonly index: number;
  readonly message: ChatAnswer;
  readonly finish_reason: 'stop' | 'length' | 'tool_calls' | 'function_call' | null;
  readonly logprobs?: ContentLogprobs | LegacyLogprobs | null | undefined;
  readonly raw_output?: RawOutput | null | undefined;
  readonly token_ids?: readonly number[] | null | undefined;
}

export interface ChatAnswer {
  readonly role: 'assistant';
  readonly content: string | null;
  readonly reasoning_content?: string | null | undefined;
  readonly tool_calls?: readonly ToolCall[] | null | undefined;
  readonly function_call?: { readonly name: string; readonly arguments: string; } | null | undefined;
}

export interface ToolCall {
  readonly id: string;
  readonly index?: number | undefined;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string; };
}

export interface ContentLogprobs {
  readonly content: readonly ({ readonly token: string; readonly logprob: number; readonly sampling_logprob?: number | null | undefined; readonly bytes: readonly number[]; readonly top_logprobs: readonly { readonly token: string; readonly logprob: number; readonly token_id: number; readonly bytes: readonly number[]; }[]; readonly token_id: number; readonly text_offset: number; })[];
}

export interface LegacyLogprobs {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly (number | null)[];
  readonly top_logprobs: readonly (Readonly<Record<string, number>> | null)[] | null;
  readonly text_offset: readonly number[];
  readonly token_ids: readonly number[];
}

export interface RawOutput {
  /** Pieces of the prompt (one a message) before truncation and joining. */
  readonly prompt_fragments: readonly (string | number)[];
  readonly prompt_token_ids: readonly number[];
  /** Before tool calls are parsed. */
  readonly completion: string;
  readonly completion_token_ids?: readonly number[] | null | undefined;
  readonly completion_logprobs?: ContentLogprobs | LegacyLogprobs | null | undefined;
  readonly images?: readonly string[] | null | undefined;
  readonly grammar?: string | null | undefined;
}

/** Tokens of the request. completion_tokens is absent for embeddings and rerank. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens?: number | undefined;
  readonly total_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number | undefined; } | null | undefined;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number | undefined; readonly accepted_prediction_tokens?: number | undefined; readonly rejected_prediction_tokens?: number | undefined; } | null | undefined;
}

export interface ChatCompletionChunk {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  readonly perf_metrics?: Readonly<Record<string, number | string>> | null | undefined;
  readonly prompt_token_ids?: readonly number[] | null | undefined;
  readonly object: 'chat.completion.chunk';
  readonly choices: readonly ({ readonly index: number; readonly delta: { readonly role?: 'assistant' | undefined; readonly content?: string | null | undefined; readonly reasoning_content?: string | null | undefined; readonly tool_calls?: readonly ({ readonly index: number; readonly id?: string | undefined; readonly type?: 'function' | undefined; readonly function?: { readonly name?: string | undefined; readonly arguments?: string | undefined; } | undefined; })[] | undefined; readonly function_call?: { readonly name?: string | undefined; readonly arguments?: string | undefined; } | undefined; }; readonly finish_reason: 'stop' | 'length' | 'tool_calls' | 'function_call' | null; readonly logprobs?: ContentLogprobs | LegacyLogprobs | null | undefined; readonly raw_output?: RawOutput | null | undefined; readonly token_ids?: readonly number[] | null | undefined; readonly prompt_token_ids?: readonly number[] | null | undefined; })[];
  readonly usage?: Usage | null | undefined;
}

export interface CompletionRequest {
  /** accounts/A/models/M, A/M, either with #accounts/B/deployments/D (or #B/D), or a deployed model. */
  readonly model: string;
  /** Send server-sent events, ended by [DONE]. Default false. */
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: { readonly include_usage?: boolean | null | undefined; } | null | undefined;
  /** Number of choices. Default 1. */
  readonly n?: number | null | undefined;
  /** Up to 4 texts that end generation; the text returned includes the one found. */
  readonly stop?: string | readonly string[] | null | undefined;
  /** Most tokens to generate. Default 2048. */
  readonly max_tokens?: number | null | undefined;
  /** Another name of max_tokens; send one of the two. */
  readonly max_completion_tokens?: number | null | undefined;
  /** 0 is greedy. Default: the model's, else 1. */
  readonly temperature?: number | null | undefined;
  /** Default 1 (off). */
  readonly top_p?: number | null | undefined;
  /** Default 0 (off). */
  readonly min_p?: number | null | undefined;
  /** Default 1 (off). */
  readonly typical_p?: number | null | undefined;
  /** Default 0 (off). */
  readonly top_k?: number | null | undefined;
  /** Per occurrence in the output. Default 0. */
  readonly frequency_penalty?: number | null | undefined;
  /** Once per token in the output. Default 0. */
  readonly presence_penalty?: number | null | undefined;
  /** Multiplicative, over prompt and output. Default 1 (off). */
  readonly repetition_penalty?: number | null | undefined;
  /** Target perplexity; turns Mirostat on. */
  readonly mirostat_target?: number | null | undefined;
  /** Learning rate of Mirostat. Default 0.1. */
  readonly mirostat_lr?: number | null | undefined;
  /** Same seed and request, same text. */
  readonly seed?: number | null | undefined;
  /** true: token objects (OpenAI chat form); 0 to 5: the older parallel arrays, N alternatives each. */
  readonly logprobs?: boolean | number | null | undefined;
  /** Alternatives a token. Needs logprobs. */
  readonly top_logprobs?: number | null | undefined;
  /** Token id to a bias of -200 to 200 added to its logit. */
  readonly logit_bias?: Readonly<Record<string, number>> | null | undefined;
  /** Return the prompt in front of the answer. Default false. */
  readonly echo?: boolean | null | undefined;
  /** Return the last N tokens of the prompt in front of the answer. */
  readonly echo_last?: number | null | undefined;
  /** Generate on past the end token, for benchmarks. Default false. */
  readonly ignore_eos?: boolean | null | undefined;
  /** When prompt and max_tokens exceed the context: lower max_tokens (default) or fail. */
  readonly context_length_exceeded_behavior?: 'truncate' | 'error' | null | undefined;
  /** Opaque id of a user or session; also the key of session affinity. */
  readonly user?: string | null | undefined;
  readonly response_format?: { readonly type: 'text'; } | { readonly type: 'json_object'; readonly schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly json_schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly strict?: boolean | null | undefined; } | { readonly type: 'json_schema'; readonly json_schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly strict?: boolean | null | undefined; } | { readonly type: 'grammar'; readonly grammar: string; } | null | undefined;
  /** Add raw_output: the prompt and completion exactly as the model saw them. Default false. */
  readonly raw_output?: boolean | null | undefined;
  /** Add perf_metrics to the body (last chunk of a stream). Default false. */
  readonly perf_metrics_in_response?: boolean | null | undefined;
  /** Add token_ids and prompt_token_ids. Default false. */
  readonly return_token_ids?: boolean | null | undefined;
  /** Expected answer as text or token ids; same use as prediction. */
  readonly speculation?: string | readonly number[] | null | undefined;
  readonly prediction?: string | { readonly type: 'content'; readonly content: string | readonly { readonly type: 'text'; readonly text: string; }[]; } | null | undefined;
  /** Look for the place where the answer rejoins the prediction after it left it. */
  readonly rewrite_speculation?: boolean | null | undefined;
  /** Generate without drafts, to compare. Default false. */
  readonly disable_speculation?: boolean | null | undefined;
  /** Labels of the caller's own; shown with the timings of the request. */
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  readonly store?: false | null | undefined;
  readonly reasoning_effort?: 'none' | 'low' | 'medium' | 'high' | number | boolean | null | undefined;
  /** Which earlier reasoning_content goes into the prompt. */
  readonly reasoning_history?: 'disabled' | 'interleaved' | 'preserved' | null | undefined;
  /** The other form of reasoning_effort; send one of the two. */
  readonly thinking?: { readonly type: 'enabled'; readonly budget_tokens?: number | null | undefined; } | { readonly type: 'disabled'; } | null | undefined;
  /** Cached prompts are shared only between requests with the same key. */
  readonly prompt_cache_isolation_key?: string | null | undefined;
  /** Hint: requests with the same key share a prefix (routing only). */
  readonly prompt_cache_key?: string | null | undefined;
  /** Most prompt tokens to take from the cache; 0 turns it off. */
  readonly prompt_cache_max_len?: number | null | undefined;
  /** Default auto. */
  readonly service_tier?: 'auto' | 'default' | 'flex' | 'priority' | null | undefined;
  /** One prompt or several, as text or token ids. Choices come in prompt order, n for each. */
  readonly prompt: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  /** https URLs or data URIs for <image> in the prompt; one list a prompt. */
  readonly images?: readonly string[] | readonly (readonly string[])[] | null | undefined;
}

export interface Completion {
  readonly id: string;
  readonly object: 'text_completion';
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  readonly choices: readonly CompletionChoice[];
  readonly perf_metrics?: Readonly<Record<string, number | string>> | null | undefined;
  /** Tokens of the request. completion_tokens is absent for embeddings and rerank. */
  readonly usage: Usage;
}

export interface CompletionChoice {
  readonly index: number;
  readonly text: string;
  readonly finish_reason: 'stop' | 'length' | 'error' | null;
  readonly logprobs?: ContentLogprobs | LegacyLogprobs | null | undefined;
  readonly raw_output?: RawOutput | null | undefined;
  readonly prompt_token_ids?: readonly number[] | null | undefined;
  readonly token_ids?: readonly number[] | null | undefined;
}

export interface CompletionChunk {
  readonly id: string;
  readonly object: 'text_completion';
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  readonly choices: readonly CompletionChoice[];
  readonly perf_metrics?: Readonly<Record<string, number | string>> | null | undefined;
  readonly usage?: Usage | null | undefined;
}

export interface EmbeddingRequest {
  readonly model: string;
  /** Texts, token ids, or objects that prompt_template turns into text. */
  readonly input: string | readonly string[] | readonly number[] | readonly (readonly number[])[] | Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
  /** Jinja template over each input object; has truncate_tokens(). */
  readonly prompt_template?: string | null | undefined;
  /** Length of the vectors. Default: the full length. */
  readonly dimensions?: number | null | undefined;
  /** Default float. */
  readonly encoding_format?: 'float' | 'base64' | null | undefined;
  /** Scale vectors to length 1. Default false. */
  readonly normalize?: boolean | null | undefined;
  /** Return logits of these tokens instead of vectors; empty: all. */
  readonly return_logits?: readonly number[] | null | undefined;
  readonly user?: string | null | undefined;
}

export interface EmbeddingResponse {
  readonly object: 'list';
  readonly model: string;
  readonly data: readonly Embedding[];
  /** Tokens of the request. completion_tokens is absent for embeddings and rerank. */
  readonly usage: Usage;
}

export interface Embedding {
  readonly object: 'embedding';
  readonly index: number;
  readonly embedding: readonly number[] | string;
}

export interface RerankRequest {
  readonly model: string;
  readonly query: string;
  readonly documents: readonly string[];
  /** Most results to return. Default: all documents. */
  readonly top_n?: number | null | undefined;
  /** Default true. */
  readonly return_documents?: boolean | null | undefined;
  /** Instruction put into the prompt of instruction-tuned rerankers. */
  readonly task?: string | null | undefined;
}

export interface RerankResponse {
  readonly object: 'list';
  readonly model: string;
  /** Best first. */
  readonly data: readonly RerankResult[];
  /** Tokens of the request. completion_tokens is absent for embeddings and rerank. */
  readonly usage: Usage;
}

export interface RerankResult {
  /** Place of the document in the request. */
  readonly index: number;
  readonly relevance_score: number;
  readonly document?: string | null | undefined;
}

export interface FormatCheckRequest {
  readonly model: string;
  readonly response_format?: { readonly type: 'text'; } | { readonly type: 'json_object'; readonly schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly json_schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly strict?: boolean | null | undefined; } | { readonly type: 'json_schema'; readonly json_schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly schema?: Readonly<Record<string, unknown>> | string | null | undefined; readonly strict?: boolean | null | undefined; } | { readonly type: 'grammar'; readonly grammar: string; } | null | undefined;
  /** Their parameters are checked. */
  readonly tools?: readonly Tool[] | null | undefined;
}

export interface FormatCheckResponse {
  readonly object: 'response_format.check';
  readonly model: string;
  readonly checks: readonly FormatCheck[];
}

export interface FormatCheck {
  /** Field of the request that holds the schema or grammar. */
  readonly field: string;
  /** No keyword is unenforced, so strict would take it. */
  readonly enforced: boolean;
  /** Empty for grammars. */
  readonly keywords: readonly KeywordCheck[];
  readonly cost: { readonly compile_ms: number; readonly first_mask_ms: number; readonly steps: number; readonly steps_max: number; };
}

export interface KeywordCheck {
  /** JSON pointer of the schema that the keyword is in. */
  readonly path: string;
  readonly keyword: string;
  /** annotation restricts nothing by its nature; unknown is no keyword of JSON Schema. */
  readonly status: 'enforced' | 'unenforced' | 'annotation' | 'unknown';
  readonly reason?: string | undefined;
}

export interface ServedModel {
  /** accounts/A/models/M */
  readonly id: string;
  readonly object: 'model';
  /** Unix seconds. */
  readonly created: number;
  readonly owned_by: string;
  readonly kind?: string | undefined;
  readonly supports_chat?: boolean | undefined;
  readonly supports_image_input?: boolean | undefined;
  readonly supports_tools?: boolean | undefined;
  readonly context_length?: number | undefined;
}

export interface ServedModelList {
  readonly object: 'list';
  readonly data: readonly ServedModel[];
}
