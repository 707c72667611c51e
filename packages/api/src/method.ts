import type { Static, TSchema } from 'typebox';
import type { ListQuery } from './list-query.ts';
import type { NameIds } from './names.ts';
import type { PageCursor } from './pages.ts';
import type { FieldUpdate } from './update-mask.ts';

/**
 * What every method of a resource has. Paths are written with `{variables}` and an optional `:verb` at the
 * end.
 */
interface MethodBase {
  /** Unique over the API, such as `prepareModel`. */
  readonly operationId: string;
  readonly httpMethod: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** What the caller must be allowed to do, such as `models.prepare`. */
  readonly permission: string;
  /**
   * Read: users of the account. Write: users who may change things. Admin: administrators. Public: everybody
   * with a key, other accounts seeing what is public only. Operator: administrators of the server's own
   * account, on every account.
   */
  readonly access: MethodAccess;
  readonly summary: string;
}

export type MethodAccess = 'public' | 'read' | 'write' | 'admin' | 'operator';

/** GET of a collection. `query` holds parameters besides those of every list. */
export interface ListMethod<
  P extends string = string,
  S extends TSchema = TSchema,
  Q extends TSchema = TSchema,
> extends MethodBase {
  readonly kind: 'list';
  readonly resource: S;
  readonly query: Q;
  /** Key of the array in the reply, such as `models`. */
  readonly collection: string;
  /** Fields that it can be ordered by; null: every field that has an order. */
  readonly orderFields: readonly string[] | null;
  /** Phantom: the pattern of the parent's name. */
  readonly pattern?: P;
}

export interface GetMethod<P extends string = string, S extends TSchema = TSchema> extends MethodBase {
  readonly kind: 'get';
  readonly resource: S;
  readonly pattern?: P;
}

/**
 * POST to a collection. The body is the resource itself (id in the query) or an object around it (`wrapped`,
 * with the resource under `resourceKey` and, if callers choose ids, the id under `idKey`).
 */
export interface CreateMethod<
  P extends string = string,
  S extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
> extends MethodBase {
  readonly kind: 'create';
  readonly resource: S;
  readonly query: Q;
  readonly body: B;
  readonly form: 'bare' | 'wrapped';
  readonly resourceKey: string;
  /** Where the id is: a query parameter (bare) or a body field (wrapped); null when the server chooses. */
  readonly idKey: string | null;
  readonly pattern?: P;
}

export interface UpdateMethod<
  P extends string = string,
  S extends TSchema = TSchema,
  Q extends TSchema = TSchema,
> extends MethodBase {
  readonly kind: 'update';
  readonly resource: S;
  readonly query: Q;
  readonly pattern?: P;
}

export interface DeleteMethod<P extends string = string, Q extends TSchema = TSchema> extends MethodBase {
  readonly kind: 'delete';
  readonly query: Q;
  readonly pattern?: P;
}

/** A verb of a resource or of a collection. GET verbs have no body. */
export interface VerbMethod<
  P extends string = string,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
  R extends TSchema = TSchema,
> extends MethodBase {
  readonly kind: 'verb';
  readonly verb: string;
  readonly query: Q;
  readonly body: B | null;
  readonly response: R;
  /** The body is one file in a multipart form, in this field. */
  readonly fileField: string | null;
  readonly pattern?: P;
}

export type Method = ListMethod | GetMethod | CreateMethod | UpdateMethod | DeleteMethod | VerbMethod;

/** Where a request points. For collections `name` is the parent's name and `ids` the parent's. */
interface Target<P extends string> {
  readonly name: string;
  readonly ids: NameIds<P>;
}

/** A request as a handler gets it: names parsed, everything checked. */
export type RequestOf<M extends Method> =
  M extends ListMethod<infer P, TSchema, infer Q>
    ? Target<P> & { readonly list: ListQuery; readonly query: Static<Q> }
    : M extends GetMethod<infer P>
      ? Target<P>
      : M extends CreateMethod<infer P, infer S, infer Q, infer B>
        ? Target<P> & {
            /** The id the caller chose, valid; null when they left it to the server. */
            readonly id: string | null;
            readonly resource: Static<S>;
            readonly query: Static<Q>;
            readonly body: Static<B>;
          }
        : M extends UpdateMethod<infer P, TSchema, infer Q>
          ? Target<P> & { readonly updates: readonly FieldUpdate[]; readonly query: Static<Q> }
          : M extends DeleteMethod<infer P, infer Q>
            ? Target<P> & { readonly query: Static<Q> }
            : M extends VerbMethod<infer P, infer Q, infer B>
              ? Target<P> & {
                  readonly query: Static<Q>;
                  readonly body: Static<B>;
                  /** The file of verbs that take one (`fileField`), to be read before the reply. */
                  readonly file: UploadedFile | null;
                }
              : never;

/** A file as it arrives. */
export interface UploadedFile {
  readonly filename: string;
  readonly contentType: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** One page of a list, as a handler returns it. */
export interface ListPage<T> {
  readonly items: readonly T[];
  /** Where the next page begins; null on the last one. */
  readonly nextCursor: PageCursor | null;
  readonly totalSize: number;
}

/** What a handler returns; unset fields are filled in on the way out. */
export type ReplyOf<M extends Method> =
  M extends ListMethod<string, infer S>
    ? Promise<ListPage<Static<S>>>
    : M extends GetMethod<string, infer S> | CreateMethod<string, infer S> | UpdateMethod<string, infer S>
      ? Promise<Static<S>>
      : M extends DeleteMethod
        ? Promise<void>
        : M extends VerbMethod<string, TSchema, TSchema, infer R>
          ? Promise<Static<R>>
          : never;
