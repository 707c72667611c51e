import type { TemplateTool } from '../chat-template/template-message.ts';
import type { OutputParser } from '../output-piece.ts';

/** The tools of a request: name to the JSON Schema of its arguments. */
export type ToolSignatures = ReadonlyMap<string, Record<string, unknown>>;

/** How one family of models writes tool calls. */
export interface ToolFamily {
  readonly id: string;
  /** Texts of control tokens that the parser needs to see; other control tokens never reach the text. */
  readonly markers: readonly string[];
  /** Reads answers. Where JSON alone makes a call, one of a tool that the request does not have is text. */
  createParser(signatures: ToolSignatures): OutputParser;
  readonly callSyntax: CallSyntax;
  /** A system prompt for templates that have no words for tools. */
  describeTools(tools: readonly TemplateTool[]): string;
  /** A call of an earlier turn as text, for templates that leave calls out. */
  writeCall(name: string, callArguments: Record<string, unknown> | string): string;
  /** Ids of calls as the template accepts them. */
  formCallId(id: string): string;
}

/** How a call is spelled, for answers that must be (or whose arguments must fit) a schema. */
export type CallSyntax = {
  /** Text after which the model is committed to a call; null: nothing announces one. */
  readonly trigger: string | null;
  readonly before: string;
  readonly after: string;
  /** Calls stand in a JSON list: `before` ends with its bracket, `after` begins with the other. */
  readonly list?: true;
  /** Further spellings that are read as calls, for answers in which the model decides. */
  readonly others?: readonly CallSpelling[];
} & (
  | { readonly nameKey: string; readonly argumentsKey: string }
  /** The name stands in front of the separator and the arguments behind it, no JSON around both. */
  | {
      readonly nameKey: null;
      readonly separator: string;
      /** The arguments are no JSON, so no schema can hold them. */
      readonly bareArguments?: true;
    }
);

/** How a call is recognized in an answer, and what it is held to from there on. */
export interface CallSpelling {
  readonly trigger: string;
  /** Only at the beginning of the answer. */
  readonly onlyFirst: boolean;
  /** End of the trigger that belongs to the content. */
  readonly kept?: string;
  /**
   * `call`: a JSON call. `list`: a JSON list of them. `answer`: any JSON, whose calls of tools are right
   * ones.
   * `named`: the name, `separator`, and the arguments.
   */
  readonly content: 'call' | 'list' | 'answer' | 'named';
  readonly separator?: string;
  readonly after: string;
}
