import { Template } from '@huggingface/jinja';
import { ChatTemplateError } from './template-error.ts';
import type { TemplateInput } from './template-message.ts';

/** A compiled chat template: conversation in, prompt text out, nothing decided. */
export interface JinjaTemplate {
  readonly source: string;
  /** Throws ChatTemplateError with the template's own complaint. */
  render(input: TemplateInput): string;
}

/** Names the engine sets itself, or that the template language has built in; callers can't set them. */
export const reservedVariables: ReadonlySet<string> = new Set([
  'messages',
  'tools',
  'documents',
  'add_generation_prompt',
  'bos_token',
  'eos_token',
  'raise_exception',
  'range',
  'strftime_now',
  'true',
  'false',
  'none',
  'True',
  'False',
  'None',
]);

/**
 * Compiles Jinja source. Throws a plain Error when the source is broken: that is the operator's problem and
 * stops the start.
 */
export function compileTemplate(
  source: string,
  special: { bosText: string; eosText: string },
): JinjaTemplate {
  const template = new Template(source);
  const usesFunctions = /\bfunctions\b/.test(source) && /\bdatetime\b/.test(source);
  return {
    source,
    render(input) {
      const scope: Record<string, unknown> = {
        ...input.variables,
        messages: input.messages,
        add_generation_prompt: input.addGenerationPrompt,
        bos_token: special.bosText,
        eos_token: special.eosText,
      };
      // Left undefined, not null, when absent: templates ask `tools is defined` as well as `if tools`.
      if (input.tools !== null) scope.tools = input.tools;
      // Older templates of Fireworks' own models take the tools as text, and the date.
      if (usesFunctions) {
        scope.functions ??= JSON.stringify(
          (input.tools ?? []).map((tool) => tool.function),
          null,
          2,
        );
        scope.datetime ??= new Date().toISOString().slice(0, 10);
      }
      if (input.documents !== null) scope.documents = input.documents;
      try {
        return template.render(scope);
      } catch (error) {
        const complaint = error instanceof Error ? error.message : String(error);
        throw new ChatTemplateError(`the model's chat template refused the conversation: ${complaint}`);
      }
    },
  };
}
