/** A message as chat templates know it (the shape of Hugging Face's `apply_chat_template`). */
export interface TemplateMessage {
  readonly role: string;
  readonly content: string;
  readonly name?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly TemplateToolCall[];
  readonly tool_call_id?: string;
}

export interface TemplateToolCall {
  readonly id: string;
  readonly type: 'function';
  /** Arguments as an object or as JSON text: templates differ, the probe finds out which. */
  readonly function: { readonly name: string; readonly arguments: Record<string, unknown> | string };
}

/** A tool as templates get it. */
export interface TemplateTool {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: Record<string, unknown>;
  };
}

export interface TemplateInput {
  readonly messages: readonly TemplateMessage[];
  readonly tools: readonly TemplateTool[] | null;
  readonly documents: readonly Record<string, unknown>[] | null;
  readonly addGenerationPrompt: boolean;
  /** More variables for the template, such as `enable_thinking`. */
  readonly variables: Readonly<Record<string, unknown>>;
}
