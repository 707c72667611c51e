import type { ModelTokenizer } from '../../core/model-runner.ts';
import { type ReasoningTags, thinkTags } from '../reasoning-parser.ts';
import { decodeRaw } from '../token-text.ts';
import { chooseFamily, toolFamilies } from '../tool-calls/choose-family.ts';
import type { ToolFamily } from '../tool-calls/tool-family.ts';
import { chatmlTemplate } from './default-template.ts';
import { compileTemplate, type JinjaTemplate } from './jinja-template.ts';
import { probeTemplate, type TemplateAbilities } from './probe-template.ts';

/** How one model is talked to: its template, what that can express, how it writes calls and reasoning. */
export interface ChatFormat {
  readonly template: JinjaTemplate;
  readonly abilities: TemplateAbilities;
  readonly family: ToolFamily;
  readonly reasoningTags: ReasoningTags;
  /** The template knows reasoning, so an answer may begin with it. */
  readonly reasons: boolean;
  /** Where the template comes from, for status and logs. */
  readonly origin: 'given' | 'default';
}

export interface ChatFormatOptions {
  /** Jinja source, or null for ChatML. */
  readonly source: string | null;
  readonly tokenizer: ModelTokenizer;
  /** Family id, or null to tell it from the template. */
  readonly toolFormat: string | null;
}

/** Throws when the template does not compile or the family is unknown; both are settings of the operator. */
export function openChatFormat(options: ChatFormatOptions): ChatFormat {
  const source = options.source ?? chatmlTemplate;
  const { tokenizer } = options;
  const template = compileTemplate(source, {
    bosText: tokenText(tokenizer, tokenizer.bosToken),
    eosText: tokenText(tokenizer, tokenizer.eosToken),
  });
  const abilities = probeTemplate(template);
  return {
    template,
    abilities,
    family: findFamily(options.toolFormat) ?? chooseFamily(source, abilities.tools),
    reasoningTags: thinkTags,
    reasons: source.includes(thinkTags.open) || source.includes(thinkTags.close),
    origin: options.source === null ? 'default' : 'given',
  };
}

function findFamily(id: string | null): ToolFamily | null {
  if (id === null) return null;
  const family = toolFamilies.get(id);
  if (family === undefined) {
    throw new Error(`unknown tool format '${id}'; choose one of ${[...toolFamilies.keys()].join(', ')}`);
  }
  return family;
}

function tokenText(tokenizer: ModelTokenizer, token: number | null): string {
  return token === null ? '' : decodeRaw(tokenizer, [token]);
}
