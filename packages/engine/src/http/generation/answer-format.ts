import { InferenceError, type ResponseFormat } from '@sparkler/api';
import { type CompiledGrammar, GrammarError, type GrammarSource } from '@sparkler/grammar';
import { refuseField } from '../check-body.ts';

/** Compiles a grammar for the model that is served; throws GrammarError. */
export type CompileGrammar = (source: GrammarSource) => CompiledGrammar;

/** What `response_format` asks for, compiled. */
export interface AnswerFormat {
  readonly grammar: CompiledGrammar;
  /** What constrains the answer, as text, for raw_output. */
  readonly text: string;
  /** JSON may have blanks in front of it that are not the grammar's business. */
  readonly leadingBlanks: boolean;
  /** Keywords that are not enforced, as `field#/pointer/keyword`. */
  readonly unenforced: readonly string[];
}

/** Where a request's schema or grammar is, and what to compile. */
export interface FormatSource {
  readonly source: GrammarSource;
  readonly field: string;
}

/** Null for plain text. Throws a 400 that names the place inside the schema or grammar. */
export function compileAnswerFormat(
  format: ResponseFormat | null | undefined,
  compile: CompileGrammar,
): AnswerFormat | null {
  const found = readFormat(format);
  if (found === null) return null;
  const { source, field } = found;
  const grammar = compileOrRefuse(source, field, compile);
  const unenforced = listUnenforced(grammar, field);
  if (source.kind === 'gbnf') return { grammar, text: source.text, leadingBlanks: false, unenforced };
  const text = JSON.stringify(source.kind === 'json-schema' ? source.schema : { type: 'object' });
  return { grammar, text, leadingBlanks: true, unenforced };
}

/** What `response_format` asks for, not compiled yet; null for plain text. Throws a 400. */
export function readFormat(format: ResponseFormat | null | undefined): FormatSource | null {
  if (format === null || format === undefined || format.type === 'text') return null;
  if (format.type === 'grammar') {
    return { source: { kind: 'gbnf', text: format.grammar }, field: 'response_format.grammar' };
  }
  const { schema, field, strict } = readSchema(format);
  if (schema === null) {
    if (format.type === 'json_schema') {
      throw refuseField(
        'response_format',
        "response_format of type 'json_schema' needs json_schema or schema",
      );
    }
    return { source: { kind: 'json-object' }, field: 'response_format' };
  }
  return { source: { kind: 'json-schema', schema, strict }, field };
}

/** Keywords that a grammar does not enforce, each as a URI fragment behind the field it is in. */
export function listUnenforced({ unenforced }: CompiledGrammar, field: string): string[] {
  return unenforced.map(({ path, keyword }) => {
    const steps = [...path.toWellFormed().split('/'), keyword];
    return `${field}#${steps.map(encodeURIComponent).join('/')}`;
  });
}

/** Compiles; a GrammarError becomes a 400 about the field. */
export function compileOrRefuse<T>(
  source: GrammarSource,
  field: string,
  compile: (source: GrammarSource) => T,
): T {
  try {
    return compile(source);
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    const { path, line, column, message } = error.problem;
    const place =
      path !== undefined && path !== ''
        ? ` at ${path}`
        : line === undefined
          ? ''
          : ` at line ${line}, column ${column ?? 1}`;
    throw new InferenceError(400, `${field} cannot be compiled${place}: ${message}`, {
      param: field,
      cause: error,
    });
  }
}

interface SchemaInput {
  readonly schema: unknown;
  readonly field: string;
  readonly strict: boolean;
}

/**
 * The schema wherever it is: `schema`, `json_schema`, or OpenAI's wrapper {name, strict, schema}; objects or
 * text.
 */
function readSchema(format: ResponseFormat & { type: 'json_object' | 'json_schema' }): SchemaInput {
  const strict = format.strict === true;
  const bare = format.schema ?? null;
  const wrapped = format.json_schema ?? null;
  if (bare !== null && wrapped !== null) {
    throw refuseField(
      'response_format',
      'send response_format.schema or response_format.json_schema, not both',
    );
  }
  if (bare !== null) {
    return {
      schema: parseSchema(bare, 'response_format.schema'),
      field: 'response_format.schema',
      strict,
    };
  }
  if (wrapped === null) return { schema: null, field: 'response_format', strict };
  const field = 'response_format.json_schema';
  const value = parseSchema(wrapped, field);
  if (!isWrapper(value)) return { schema: value, field, strict };
  const schema =
    typeof value.schema === 'string' ? parseSchema(value.schema, `${field}.schema`) : value.schema;
  return {
    schema,
    field: `${field}.schema`,
    strict: strict || value.strict === true,
  };
}

/** OpenAI's wrapper has a name; a JSON Schema has no keyword `schema`. */
function isWrapper(value: unknown): value is { readonly schema: unknown; readonly strict?: unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.hasOwn(value, 'schema') &&
    !Object.hasOwn(value, 'type')
  );
}

function parseSchema(schema: unknown, field: string): unknown {
  if (typeof schema !== 'string') return schema;
  try {
    return JSON.parse(schema);
  } catch {
    throw refuseField(field, `${field} is text that is not JSON`);
  }
}
