import type { Method, Resource } from '@sparkler/api';
import { type JsonSchema, TypeWriter } from './schema-to-type.ts';

/** Text of `generated/<noun>.ts`: the types of one resource and a class with its methods. */
export function writeResourceFile(resource: Resource): string {
  const replies = new TypeWriter('resource');
  const methods = Object.entries(resource.methods).map(([name, method]) =>
    writeMethod(resource, name, method, replies),
  );
  replies.write(resource.schema as JsonSchema);
  const body = methods.join('\n');
  const uses = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(body);
  const core = ['Input', 'ListParameters'].filter(uses);
  const http = ['CallOptions', 'Query'].filter(uses);
  return [
    '// Generated from packages/api by `npm run generate`. Do not edit.',
    http.length > 0 ? `import type { ${http.join(', ')} } from '../core/http-client.ts';` : '',
    uses('PagePromise') ? "import type { PagePromise } from '../core/page.ts';" : '',
    `import type { ${[...core, 'ResourceClient'].join(', ')} } from '../core/resource-client.ts';`,
    '',
    ...replies.interfaces.values(),
    `/** ${capitalize(spell(resource.plural))}: \`${resource.pattern}\`. */`,
    `export class ${capitalize(resource.plural)} {`,
    '  readonly #client: ResourceClient;',
    '',
    '  constructor(client: ResourceClient) {',
    '    this.#client = client;',
    '  }',
    '',
    body.trimEnd(),
    '}',
    '',
  ]
    .filter((line, index, lines) => !(line === '' && lines[index - 1] === ''))
    .join('\n');
}

function writeMethod(resource: Resource, name: string, method: Method, types: TypeWriter): string {
  const doc = `  /** ${method.summary}. ${method.httpMethod} ${method.path} */`;
  switch (method.kind) {
    case 'list':
      return [doc, ...writeList(name, method, types)].join('\n');
    case 'create':
      return [doc, ...writeCreate(name, method, types)].join('\n');
    default:
      return [doc, ...writeCall(resource, name, method, types)].join('\n');
  }
}

type MethodOf<Kind extends Method['kind']> = Extract<Method, { kind: Kind }>;

function writeList(name: string, method: MethodOf<'list'>, types: TypeWriter): string[] {
  const { parent, rest } = splitPath(method.path);
  const item = types.write(method.resource as JsonSchema);
  const extra = writeQueryType(method.query as JsonSchema);
  const parameters = `ListParameters${extra === null ? '' : ` & ${extra}`}`;
  return [
    `  ${name}(parameters: ${parameters} = {}, options?: CallOptions): PagePromise<${item}> {`,
    `    const collection = { path: '${rest}', key: '${method.collection}' };`,
    `    return this.#client.list('${parent}', collection, parameters as ListParameters & Query, options);`,
    '  }',
    '',
  ];
}

function writeCreate(name: string, method: MethodOf<'create'>, types: TypeWriter): string[] {
  const { parent, rest } = splitPath(method.path);
  const type = types.write(method.resource as JsonSchema);
  const wrapper = method.form === 'wrapped';
  const body = wrapper ? new TypeWriter('plain') : null;
  const extras = wrapper
    ? Object.keys((method.body as JsonSchema).properties ?? {}).filter((key) => key !== method.resourceKey)
    : Object.keys((method.query as JsonSchema).properties ?? {}).concat(
        method.idKey === null ? [] : [method.idKey],
      );
  const source = (wrapper ? method.body : method.query) as JsonSchema;
  const fields = [...new Set(extras)].map((key) => {
    const schema = source.properties?.[key];
    return `${key}?: ${schema === undefined || body === null ? 'string' : body.write(schema)} | undefined`;
  });
  const parameters = [`${method.resourceKey}: Input<${type}>`, ...fields, 'parent?: string | undefined'].join(
    '; ',
  );
  const names = [...new Set(extras)];
  const picked = names.length === 0 ? '' : `, ${names.join(', ')}`;
  const sent = wrapper
    ? [`      body: { ${[method.resourceKey, ...names].join(', ')} },`]
    : [
        ...(names.length === 0 ? [] : [`      query: { ${names.join(', ')} },`]),
        `      body: ${method.resourceKey},`,
      ];
  return [
    `  ${name}(parameters: { ${parameters} }, options?: CallOptions): Promise<${type}> {`,
    `    const { ${method.resourceKey}${picked}, parent = '' } = parameters;`,
    '    return this.#client.call({',
    "      method: 'POST',",
    `      pattern: '${parent}',`,
    '      name: parent,',
    `      suffix: '${rest}',`,
    ...sent,
    '      options,',
    '    });',
    '  }',
    '',
  ];
}

function writeCall(
  resource: Resource,
  name: string,
  method: MethodOf<'get' | 'update' | 'delete' | 'verb'>,
  types: TypeWriter,
): string[] {
  const isCollection = method.kind === 'verb' && !method.path.startsWith(`/v1/${resource.pattern}`);
  const bare = method.path.replace(/:\w+$/, '');
  const { parent, rest } = isCollection ? splitPath(bare) : { parent: bare.replace('/v1/', ''), rest: '' };
  const verb = method.kind === 'verb' ? `:${method.verb}` : '';
  const reply = writeReplyType(method, types);
  const body = writeBodyType(method, types);
  const query = writeCallQuery(method);
  const first = isCollection ? "parent = ''" : 'name: string';
  const parameters = [
    isCollection && body !== null ? `body: ${body}` : null,
    first,
    !isCollection && body !== null ? `${body.startsWith('Input<') ? 'changes' : 'body'}: ${body}` : null,
    query === null ? null : `query: ${query} = {}`,
    'options?: CallOptions',
  ].filter((part) => part !== null);
  const sent = body === null ? '' : ` body${body.startsWith('Input<') && !isCollection ? ': changes' : ''},`;
  return [
    `  ${name}(${parameters.join(', ')}): Promise<${reply}> {`,
    '    return this.#client.call({',
    `      method: '${method.httpMethod}',`,
    `      pattern: '${parent}',`,
    `      name${isCollection ? ': parent' : ''},`,
    ...(rest + verb === '' ? [] : [`      suffix: '${rest}${verb}',`]),
    ...(query === null ? [] : ['      query: query as Query,']),
    ...(sent === '' ? [] : [`     ${sent}`]),
    '      options,',
    '    });',
    '  }',
    '',
  ];
}

function writeReplyType(method: Method, types: TypeWriter): string {
  if (method.kind === 'delete') return 'Record<string, never>';
  if (method.kind === 'verb') return types.write(method.response as JsonSchema);
  return types.write((method as MethodOf<'get'>).resource as JsonSchema);
}

function writeBodyType(method: Method, types: TypeWriter): string | null {
  if (method.kind === 'update') return `Input<${types.write(method.resource as JsonSchema)}>`;
  if (method.kind !== 'verb' || method.body === null) return null;
  const hasFields = Object.keys((method.body as JsonSchema).properties ?? {}).length > 0;
  return hasFields ? `Input<${types.write(method.body as JsonSchema)}>` : null;
}

function writeCallQuery(method: Method): string | null {
  if (method.kind === 'get') return '{ readMask?: string | undefined }';
  if (method.kind === 'update') return '{ updateMask?: string | undefined }';
  return 'query' in method ? writeQueryType(method.query as JsonSchema) : null;
}

function writeQueryType(schema: JsonSchema): string | null {
  const types = new TypeWriter('plain');
  const fields = Object.entries(schema.properties ?? {}).map(
    ([key, field]) => `${key}?: ${types.write(field)} | undefined`,
  );
  return fields.length === 0 ? null : `{ ${fields.join('; ')} }`;
}

/** `/v1/accounts/{account}/models` -> the parent's pattern and the collection. */
function splitPath(path: string): { parent: string; rest: string } {
  const segments = path.split('/').slice(2);
  return { parent: segments.slice(0, -1).join('/'), rest: segments.at(-1) ?? '' };
}

function spell(name: string): string {
  return name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function capitalize(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}
