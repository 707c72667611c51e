import { type TSchema, Type } from 'typebox';
import { type Message, message, text } from './fields.ts';
import type {
  CreateMethod,
  DeleteMethod,
  GetMethod,
  ListMethod,
  Method,
  MethodAccess,
  UpdateMethod,
  VerbMethod,
} from './method.ts';

type Empty = Message<Record<never, never>>;
/** The empty message: no parameters, no fields, the reply `{}`. */
export const Empty: Empty = message('Empty', {});

interface ListOptions<Q> {
  readonly query?: Q;
  readonly operationId?: string;
  readonly access?: MethodAccess;
}

interface CreateOptions<Q, B> {
  /** The whole body, when it is an object around the resource. */
  readonly wrapped?: B;
  /** Key of the resource in the wrapped body; default: the noun. */
  readonly resourceKey?: string;
  /** Query parameter (bare) or body field (wrapped) with the id; null: the server chooses. */
  readonly idKey: string | null;
  readonly query?: Q;
  readonly access?: MethodAccess;
  /** Last part of the path when it is not the collection (`evaluatorsV2`). */
  readonly path?: string;
  readonly operationId?: string;
}

interface VerbOptions<Q, B, R> {
  readonly httpMethod?: 'GET' | 'POST' | 'PATCH';
  readonly query?: Q;
  readonly body?: B;
  readonly response?: R;
  readonly access?: MethodAccess;
  readonly operationId?: string;
  readonly summary: string;
  /** Name of the multipart field, for verbs that take a file. */
  readonly fileField?: string;
  /** Whole path, when it does not follow from the resource (`/v1/validateModelConfig`). */
  readonly path?: string;
}

/** Makes the methods of one resource. */
export interface MethodBuilder<Parent extends string, P extends string, S extends TSchema> {
  list<Q extends TSchema = Empty>(
    options?: ListOptions<Q> & { readonly orderFields?: readonly string[] },
  ): ListMethod<Parent, S, Q>;
  get(options?: { access?: MethodAccess }): GetMethod<P, S>;
  create<Q extends TSchema = Empty, B extends TSchema = S>(
    options: CreateOptions<Q, B>,
  ): CreateMethod<Parent, S, Q, B>;
  update<Q extends TSchema = Empty>(options?: ListOptions<Q>): UpdateMethod<P, S, Q>;
  delete<Q extends TSchema = Empty>(options?: ListOptions<Q>): DeleteMethod<P, Q>;
  /** A verb of one resource: `…/models/{model}:prepare`. */
  verb<Q extends TSchema = Empty, B extends TSchema = Empty, R extends TSchema = Empty>(
    verb: string,
    options: VerbOptions<Q, B, R>,
  ): VerbMethod<P, Q, B, R>;
  /** A verb of the collection: `…/batchJobs:batchDelete`. */
  collectionVerb<Q extends TSchema = Empty, B extends TSchema = Empty, R extends TSchema = Empty>(
    verb: string,
    options: VerbOptions<Q, B, R>,
  ): VerbMethod<Parent, Q, B, R>;
}

export interface BuilderSubject {
  readonly noun: string;
  readonly collection: string;
  readonly plural: string;
  readonly parent: string;
  readonly pattern: string;
  readonly schema: TSchema;
}

/** Every list has these parameters; lists of deployments and others add their own. */
export const listParameters = message('ListParameters', {
  pageSize: text('Most resources to return. Default 50, at most 200.'),
  pageToken: text('nextPageToken of the page before. All other parameters must be the same.'),
  filter: text('Only resources this matches: https://google.aip.dev/160.'),
  orderBy: text('Fields, each followed by " desc" or not. Default: createTime desc.'),
  readMask: text('Fields to return, a comma list. Empty or *: all.'),
});

export const readParameters = message('ReadParameters', {
  readMask: text('Fields to return, a comma list. Empty or *: all.'),
});

export const updateParameters = message('UpdateParameters', {
  updateMask: text('Fields to set, a comma list. Empty: the fields present in the body.'),
});

/** All query parameters of a method: its own and those every method of its kind has. */
export function queryOf(method: Method): Message {
  const own = method.kind === 'get' ? Empty : method.query;
  const shared = { list: listParametersOf(method), get: readParameters, update: updateParameters };
  const base = method.kind in shared ? shared[method.kind as keyof typeof shared] : Empty;
  return Type.Object({ ...base.properties, ...(own as Message).properties }, { additionalProperties: false });
}

/** Says which fields a list can be ordered by, where these are not all. */
function listParametersOf(method: Method): Message {
  if (method.kind !== 'list' || method.orderFields === null) return listParameters;
  const names = method.orderFields.join(', ');
  const orderBy = text(`Fields, each followed by " desc" or not: ${names}. Default: createTime desc.`);
  return message('ListParameters', { ...listParameters.properties, orderBy });
}

export function startBuilder(subject: BuilderSubject): MethodBuilder<string, string, TSchema> {
  const { noun, collection, plural, parent, pattern, schema } = subject;
  const collectionPath = `/v1/${parent === '' ? '' : `${parent}/`}${collection}`;
  const path = `/v1/${pattern}`;
  const [one, article] = [capitalize(noun), withArticle(noun)];
  const describe = (method: string, access: MethodAccess) => ({ permission: `${plural}.${method}`, access });
  // `as never`: the interface above carries the types; what follows only carries values.
  return {
    list: ({
      query = Empty,
      access = 'read',
      operationId = `list${capitalize(plural)}`,
      orderFields = null,
    }: AnyOptions & { readonly orderFields?: readonly string[] | null } = {}) => ({
      kind: 'list',
      httpMethod: 'GET',
      path: collectionPath,
      operationId,
      ...describe('list', access),
      summary: `List ${spell(plural)}`,
      resource: schema,
      query: query as never,
      collection: plural,
      orderFields,
    }),
    get: ({ access = 'read' } = {}) => ({
      kind: 'get',
      httpMethod: 'GET',
      path,
      operationId: `get${one}`,
      ...describe('get', access),
      summary: `Get ${article}`,
      resource: schema,
    }),
    create: (options) =>
      makeCreate(subject, collectionPath, options as CreateOptions<TSchema, TSchema>) as never,
    update: ({ query = Empty, access = 'write', operationId = `update${one}` }: AnyOptions = {}) => ({
      kind: 'update',
      httpMethod: 'PATCH',
      path,
      operationId,
      ...describe('update', access),
      summary: `Update ${article}`,
      resource: schema,
      query: query as never,
    }),
    delete: ({ query = Empty, access = 'write', operationId = `delete${one}` }: AnyOptions = {}) => ({
      kind: 'delete',
      httpMethod: 'DELETE',
      path,
      operationId,
      ...describe('delete', access),
      summary: `Delete ${article}`,
      query: query as never,
    }),
    verb: (verb, options) => makeVerb(subject, path, verb, options as AnyVerbOptions) as never,
    collectionVerb: (verb, options) =>
      makeVerb(subject, collectionPath, verb, options as AnyVerbOptions) as never,
  };
}

type AnyOptions = ListOptions<TSchema>;
type AnyVerbOptions = VerbOptions<TSchema, TSchema, TSchema>;

function makeCreate(
  subject: BuilderSubject,
  collectionPath: string,
  options: CreateOptions<TSchema, TSchema>,
): CreateMethod {
  const { noun, plural, parent, schema } = subject;
  return {
    kind: 'create',
    httpMethod: 'POST',
    path: options.path === undefined ? collectionPath : `/v1/${parent}/${options.path}`,
    operationId: options.operationId ?? `create${capitalize(noun)}`,
    permission: `${plural}.create`,
    access: options.access ?? 'write',
    summary: `Create ${withArticle(noun)}`,
    resource: schema,
    query: options.query ?? Empty,
    body: options.wrapped ?? schema,
    form: options.wrapped ? 'wrapped' : 'bare',
    resourceKey: options.resourceKey ?? noun,
    idKey: options.idKey,
  };
}

function makeVerb(subject: BuilderSubject, path: string, verb: string, options: AnyVerbOptions): VerbMethod {
  const httpMethod = options.httpMethod ?? 'POST';
  const isRead = httpMethod === 'GET';
  return {
    kind: 'verb',
    verb,
    httpMethod,
    path: options.path ?? `${path}:${verb}`,
    operationId: options.operationId ?? `${verb}${capitalize(subject.noun)}`,
    permission: `${subject.plural}.${verb}`,
    access: options.access ?? (isRead ? 'read' : 'write'),
    summary: options.summary,
    query: options.query ?? Empty,
    body: isRead ? null : (options.body ?? Empty),
    response: options.response ?? Empty,
    fileField: options.fileField ?? null,
  };
}

/** `deployed models` of `deployedModels`. */
function spell(name: string): string {
  return name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`).trim();
}

function withArticle(noun: string): string {
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${spell(noun)}`;
}

function capitalize(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}
