import {
  type Checker,
  checkRequired,
  checkResourceId,
  compileChecker,
  decodeBody,
  decodeQuery,
  formatName,
  invalidField,
  type ListParameters,
  type Method,
  type PlainSchema,
  plain,
  planUpdate,
  type RawQuery,
  readListQuery,
  readReadMask,
  type UploadedFile,
} from '@sparkler/api';
import type { TSchema } from 'typebox';
import { isUpload } from './mount-upload.ts';
import { refuseOddText } from './refuse-odd-text.ts';

/** Where a request points: a resource, or the parent of a collection. */
export interface DecodedTarget {
  readonly name: string;
  readonly ids: Readonly<Record<string, string>>;
}

type Values = Record<string, unknown>;

/** Reads requests of one method. Both functions throw ApiError saying what is wrong. */
export interface Decoder {
  target(parameters: Readonly<Record<string, string>>): DecodedTarget;
  request(target: DecodedTarget, query: RawQuery, body: unknown): Promise<Values>;
}

export function createDecoder(method: Method, querySchema: TSchema): Decoder {
  const pattern = targetPattern(method.path);
  const queryChecker = compileChecker(querySchema);
  const readBody = createBodyReader(method);
  return {
    target(parameters) {
      return { name: formatName(pattern, parameters), ids: { ...parameters } };
    },
    async request(target, rawQuery, rawBody) {
      refuseOddText(rawQuery);
      if (!isUpload(rawBody)) refuseOddText(rawBody);
      const query = decodeQuery(plain(querySchema), queryChecker, rawQuery) as Values;
      const body = await readBody(query, rawBody);
      return { ...target, query, ...readKindOf(method, target, query), ...body };
    },
  };
}

/** What the query means beyond its values. */
function readKindOf(method: Method, target: DecodedTarget, query: Values): Values {
  if (method.kind !== 'list') return {};
  const {
    pageSize: _size,
    pageToken: _token,
    readMask: _mask,
    filter: _filter,
    orderBy: _order,
    ...others
  } = query;
  const scope = JSON.stringify([method.operationId, target.name, others]);
  return { list: readListQuery(plain(method.resource), query as ListParameters, scope, method.orderFields) };
}

/**
 * The mask of fields that a request wants to see; from the query, or the body of verbs that have it there.
 */
export function readMaskOf(request: Values, schema: PlainSchema) {
  const { query, body } = request as { query?: Values; body?: Values };
  const mask = query?.readMask ?? body?.readMask;
  return readReadMask(typeof mask === 'string' ? mask : undefined, schema);
}

type BodyReader = (query: Values, body: unknown) => Promise<Values>;

function createBodyReader(method: Method): BodyReader {
  if (method.kind === 'create') {
    const checker = compileChecker(method.body);
    return async (query, body) => readCreate(method, checker as Checker<Values>, query, body);
  }
  if (method.kind === 'update') {
    const checker = compileChecker(method.resource);
    const schema = plain(method.resource);
    return async (query, body) => {
      decodeBody(schema, checker, body);
      return { updates: planUpdate(schema, (body ?? {}) as Values, query.updateMask as string | undefined) };
    };
  }
  if (method.kind !== 'verb' || method.body === null) {
    return async (_query, body) => {
      refuseBody(body);
      return method.kind === 'verb' ? { body: {}, file: null } : {};
    };
  }
  if (method.fileField !== null)
    return async (_query, body) => ({ body: {}, file: requireFile(body, method.fileField) });
  const checker = compileChecker(method.body);
  const schema = plain(method.body);
  return async (_query, raw) => {
    const body = decodeBody(schema, checker, raw);
    checkRequired(schema, body);
    return { body, file: null };
  };
}

type CreateMethod = Extract<Method, { kind: 'create' }>;

function readCreate(method: CreateMethod, checker: Checker<Values>, query: Values, raw: unknown): Values {
  const schema = plain(method.body);
  const body = decodeBody(schema, checker, raw);
  checkRequired(schema, body);
  const isWrapped = method.form === 'wrapped';
  const resource = isWrapped ? ((body[method.resourceKey] as Values | undefined) ?? {}) : body;
  const id = method.idKey === null ? undefined : (isWrapped ? body : query)[method.idKey];
  const hasId = typeof id === 'string' && id !== '';
  return { body, resource, id: hasId ? checkResourceId(id, method.idKey ?? '') : null };
}

/** Clients send `{}` or nothing with GET and DELETE; anything more would be ignored, so it is refused. */
function refuseBody(body: unknown): void {
  if (body === undefined || body === null) return;
  const [field] = typeof body === 'object' ? Object.keys(body) : [''];
  if (field === undefined) return;
  throw invalidField(field, 'this method takes no body; put parameters into the query');
}

function requireFile(body: unknown, field: string | null): UploadedFile {
  if (isUpload(body)) return body;
  throw invalidField(field ?? '', `send the file as multipart/form-data, in the field '${field}'`);
}

/** The pattern of the name a path is about: the resource itself, or for collections the parent. */
export function targetPattern(path: string): string {
  const name = path.replace(/^\/v1\//, '').replace(/:\w+$/, '');
  return name.endsWith('}') ? name : name.split('/').slice(0, -1).join('/');
}
