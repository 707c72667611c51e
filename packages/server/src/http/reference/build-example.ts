import { componentOf, type OpenApiDocument, type Operation, type Schema } from './openapi-document.ts';

/** Values that say more than "string" in an example. */
const samples: Readonly<Record<string, unknown>> = {
  model: 'smollm2-135m-instruct',
  messages: [{ role: 'user', content: 'Say this is a test' }],
  prompt: 'Say this is a test',
  input: 'The food was delicious',
  query: 'What is the capital of France?',
  documents: ['Paris is the capital of France.', 'Berlin is in Germany.'],
};

/** A curl line that sends the required fields of an operation. */
export function buildExample(
  document: OpenApiDocument,
  method: string,
  path: string,
  operation: Operation,
): string {
  const filled = path.replaceAll(/\{(\w+?)(?:_id)?\}/g, (_, name: string) => `MY_${name.toUpperCase()}`);
  const lines = [`curl "$SPARKLER_URL${filled}" \\`, '  -H "Authorization: Bearer $FIREWORKS_API_KEY"'];
  if (method !== 'get') lines[0] = `curl -X ${method.toUpperCase()} "$SPARKLER_URL${filled}" \\`;
  const schema = operation.requestBody?.content['application/json']?.schema;
  if (schema !== undefined) {
    const body = JSON.stringify(exampleOf(document, schema, 0), null, 2).replaceAll("'", "'\\''");
    lines[1] += ' \\';
    lines.push('  -H "Content-Type: application/json" \\', `  -d '${body.replaceAll('\n', '\n  ')}'`);
  }
  return lines.join('\n');
}

/** The smallest value that shows the form: required fields only. */
function exampleOf(document: OpenApiDocument, schema: Schema, depth: number): unknown {
  if (schema.$ref !== undefined) {
    return exampleOf(document, document.components.schemas[componentOf(schema.$ref)] ?? {}, depth);
  }
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return exampleOf(document, schema.anyOf[0] ?? {}, depth);
  if (schema.properties !== undefined) return exampleObject(document, schema, depth);
  switch (schema.type) {
    case 'array':
      return depth > 4 ? [] : [exampleOf(document, schema.items ?? {}, depth + 1)];
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'boolean':
      return true;
    case 'object':
      return {};
    default:
      return '...';
  }
}

function exampleObject(document: OpenApiDocument, schema: Schema, depth: number): object {
  const example: Record<string, unknown> = {};
  if (depth > 4) return example;
  for (const name of [...(schema.required ?? []), ...(schema['x-required-on-create'] ?? [])]) {
    const field = schema.properties?.[name];
    example[name] =
      depth === 0 && name in samples ? samples[name] : exampleOf(document, field ?? {}, depth + 1);
  }
  return example;
}
