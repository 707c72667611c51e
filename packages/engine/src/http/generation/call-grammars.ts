import type { Tool } from '@sparkler/api';
import type { CompiledGrammar } from '@sparkler/grammar';
import type { CallSyntax } from '../../text/tool-calls/tool-family.ts';
import { refuseField } from '../check-body.ts';
import { type CompileGrammar, compileOrRefuse, type FormatSource, listUnenforced } from './answer-format.ts';
import { rebaseReferences } from './rebase-references.ts';

/** Grammars for calls of some tools, in the spelling of one family. */
export interface CallGrammars {
  /** A whole call as JSON; null where the name stands outside of the JSON. */
  readonly call: CompiledGrammar | null;
  /** A list of such calls; null where the family has none. */
  readonly list: CompiledGrammar | null;
  /** Any JSON, in which what names a tool is a call of it; null where something announces a call. */
  readonly answer: CompiledGrammar | null;
  readonly tools: readonly ToolGrammar[];
  /** Keywords of parameters that are not enforced, as `field#/pointer/keyword`. */
  readonly unenforced: readonly string[];
}

export interface ToolGrammar {
  readonly name: string;
  /** Arguments alone; null where the family writes no JSON. */
  readonly callArguments: CompiledGrammar | null;
}

/** Schemas are compiled here, before any queue: a bad one is a 400 naming the tool. */
export function compileCallGrammars(
  tools: readonly Tool[],
  { syntax, parallel }: { readonly syntax: CallSyntax; readonly parallel: boolean },
  compile: CompileGrammar,
): CallGrammars {
  // Each alone first, so that a complaint can name the tool.
  const alone = readParameters(tools).map((parameters) => compileAlone(parameters, syntax, compile));
  const unenforced = alone.flatMap((compiled) => compiled.unenforced);
  const named = tools.map((tool, index) => ({
    name: tool.function.name,
    callArguments: alone[index]!.callArguments,
  }));
  if (syntax.nameKey === null) return { call: null, list: null, answer: null, tools: named, unenforced };
  const calls = tools.map((tool) => callSchema(tool, syntax));
  const compileJoined = (schema: unknown) => compileOrRefuse(schemaSource(schema), 'tools', compile);
  return {
    call: compileJoined(joinSchemas(calls)),
    list: syntax.list === true ? compileJoined(listSchema(calls)) : null,
    answer: syntax.trigger === null ? compileJoined(answerSchema(tools, calls, parallel)) : null,
    tools: named,
    unenforced,
  };
}

function callSchema(tool: Tool, { nameKey, argumentsKey }: CallSyntax & { nameKey: string }): object {
  return {
    type: 'object',
    properties: {
      [nameKey]: { const: tool.function.name },
      [argumentsKey]: rebaseReferences(parametersOf(tool), `/properties/${argumentsKey}`),
    },
    required: [nameKey, argumentsKey],
    additionalProperties: false,
  };
}

function listSchema(calls: readonly object[]): object {
  return { type: 'array', minItems: 1, items: rebaseReferences(joinSchemas(calls), '/items') };
}

/** JSON that may be a call, a list of calls or something else, but no call that is wrong. */
function answerSchema(tools: readonly Tool[], calls: readonly object[], parallel: boolean): unknown {
  const notTool = { not: { anyOf: [{ enum: tools.map((tool) => tool.function.name) }, { type: 'object' }] } };
  const other = {
    type: 'object',
    // The keys under which a name is looked for.
    properties: { name: notTool, function: notTool, tool_name: notTool },
    additionalProperties: true,
  };
  const others = [other, { type: ['string', 'number', 'boolean', 'null'] }];
  const listOf = (items: readonly object[], more = {}) => ({
    type: 'array',
    items: rebaseReferences(joinSchemas(items), '/items'),
    ...more,
  });
  // Where one call is all there may be, a list holds it alone.
  const lists = parallel ? [listOf([...calls, ...others])] : [listOf(others), listOf(calls, { maxItems: 1 })];
  return joinSchemas([...calls, ...others, ...lists]);
}

/** The schemas of tools, as they can be checked before a call. */
export function readParameters(tools: readonly Tool[]): FormatSource[] {
  return tools.map((tool, index) => ({
    source: { ...schemaSource(parametersOf(tool)), strict: tool.function.strict === true },
    field: `tools[${index}].function.parameters`,
  }));
}

/** Compiles the parameters of one tool and lists what of them is not enforced. Throws a 400. */
function compileAlone(
  { source, field }: FormatSource,
  syntax: CallSyntax,
  compile: CompileGrammar,
): { readonly callArguments: CompiledGrammar | null; readonly unenforced: readonly string[] } {
  const grammar = compileOrRefuse(source, field, compile);
  if (syntax.nameKey !== null || syntax.bareArguments !== true) {
    return { callArguments: grammar, unenforced: listUnenforced(grammar, field) };
  }
  if (source.kind === 'json-schema' && source.strict) {
    throw refuseField(
      field,
      'this model writes arguments in tags of its own, which no schema can hold; leave strict out',
    );
  }
  return { callArguments: null, unenforced: [`${field}#`] };
}

/** One of the schemas. */
function joinSchemas(schemas: readonly unknown[]): unknown {
  if (schemas.length === 1) return schemas[0];
  return { anyOf: schemas.map((schema, index) => rebaseReferences(schema, `/anyOf/${index}`)) };
}

function schemaSource(schema: unknown) {
  return { kind: 'json-schema', schema } as const;
}

/** A tool without parameters takes none. */
function parametersOf(tool: Tool): Record<string, unknown> {
  return tool.function.parameters ?? { type: 'object', properties: {}, additionalProperties: false };
}
