import type { Tool } from '@sparkler/api';
import type { CompiledGrammar } from '@sparkler/grammar';
import type { CallSyntax } from '../../text/tool-calls/tool-family.ts';
import { refuseField } from '../check-body.ts';
import { type CompileGrammar, compileOrRefuse, type FormatSource, listUnenforced } from './answer-format.ts';
import { rebaseReferences } from './rebase-references.ts';

/** Grammars for calls of some tools, in the spelling of one family. */
export interface CallGrammars {
  /** The whole call as JSON; null where the name stands outside of the JSON. */
  readonly call: CompiledGrammar | null;
  /** Names alone; null where they are in the JSON. */
  readonly name: CompiledGrammar | null;
  /** Arguments alone; null where they are in the call, or no JSON. */
  readonly callArguments: CompiledGrammar | null;
  /** Keywords of parameters that are not enforced, as `field#/pointer/keyword`. */
  readonly unenforced: readonly string[];
}

/** Schemas are compiled here, before any queue: a bad one is a 400 naming the tool. */
export function compileCallGrammars(
  tools: readonly Tool[],
  syntax: CallSyntax,
  compile: CompileGrammar,
): CallGrammars {
  // Each alone first, so that a complaint can name the tool.
  const unenforced = readParameters(tools).flatMap((parameters) => compileAlone(parameters, syntax, compile));
  if (syntax.nameKey === null) {
    // Their tags are no JSON: names are held to, values are the model's.
    const source = syntax.bareArguments === true ? null : schemaSource(joinSchemas(tools.map(parametersOf)));
    const names = tools.map((tool) => escapePattern(tool.function.name)).join('|');
    return {
      call: null,
      name: compileOrRefuse({ kind: 'regex', pattern: names }, 'tools', compile),
      callArguments: source === null ? null : compileOrRefuse(source, 'tools', compile),
      unenforced,
    };
  }
  const { nameKey, argumentsKey } = syntax;
  const calls = tools.map((tool) => ({
    type: 'object',
    properties: {
      [nameKey]: { const: tool.function.name },
      [argumentsKey]: rebaseReferences(parametersOf(tool), `/properties/${argumentsKey}`),
    },
    required: [nameKey, argumentsKey],
    additionalProperties: false,
  }));
  return {
    call: compileOrRefuse(schemaSource(joinSchemas(calls)), 'tools', compile),
    name: null,
    callArguments: null,
    unenforced,
  };
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
): string[] {
  const grammar = compileOrRefuse(source, field, compile);
  if (syntax.nameKey !== null || syntax.bareArguments !== true) return listUnenforced(grammar, field);
  if (source.kind === 'json-schema' && source.strict) {
    throw refuseField(
      field,
      'this model writes arguments in tags of its own, which no schema can hold; leave strict out',
    );
  }
  return [`${field}#`];
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

function escapePattern(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, (char) => `\\${char}`);
}
