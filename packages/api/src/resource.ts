import type { TSchema } from 'typebox';
import { ApiError } from './api-error.ts';
import { checkRequired } from './decode.ts';
import type { Message } from './fields.ts';
import type { Method } from './method.ts';
import { type MethodBuilder, startBuilder } from './method-builder.ts';
import { plain } from './problem.ts';
import { applyUpdates, type FieldUpdate, findFixedChange } from './update-mask.ts';

/** The pattern of a name below a parent. */
export type PatternOf<Parent extends string, C extends string, N extends string> = Parent extends ''
  ? `${C}/{${N}}`
  : `${Parent}/${C}/{${N}}`;

/** A resource of the control plane: its form, its methods and when they are legal. */
export interface Resource<
  P extends string = string,
  S extends TSchema = TSchema,
  M extends Methods = Methods,
> {
  /** Singular, camelCase: `deployedModel`. */
  readonly noun: string;
  /** Plural, camelCase: key of lists. */
  readonly plural: string;
  /** Pattern of full names: `accounts/{account}/deployedModels/{deployedModel}`. */
  readonly pattern: P;
  readonly schema: S;
  readonly methods: M;
  /** Methods that are legal in some states only; others are legal in all. */
  readonly legalStates: LegalStates;
}

export type Methods = Readonly<Record<string, Method>>;
export type LegalStates = Readonly<Record<string, readonly string[]>>;

export interface ResourceDefinition<
  Parent extends string,
  C extends string,
  N extends string,
  S extends Message,
  M extends Methods,
> {
  readonly noun: N;
  /** Plural as it stands in paths. */
  readonly collection: C;
  /** Plural in lists, when it differs from the one in paths. */
  readonly plural?: string;
  /** Pattern of the parent's name; '' at the top. */
  readonly parent: Parent;
  readonly schema: S;
  readonly methods: (on: MethodBuilder<Parent, PatternOf<Parent, C, N>, S>) => M;
  readonly legalStates?: Partial<Record<keyof M & string, readonly string[]>>;
}

/** Declares a resource. Pure data: paths, operation ids and permissions follow from the noun. */
export function defineResource<
  const Parent extends string,
  const C extends string,
  const N extends string,
  S extends Message,
  M extends Methods,
>(definition: ResourceDefinition<Parent, C, N, S, M>): Resource<PatternOf<Parent, C, N>, S, M> {
  const { noun, collection, plural = collection, parent, schema } = definition;
  const pattern = `${parent === '' ? '' : `${parent}/`}${collection}/{${noun}}`;
  const builder = startBuilder({ noun, collection, plural, parent, pattern, schema });
  return {
    noun,
    plural,
    pattern: pattern as PatternOf<Parent, C, N>,
    schema,
    methods: definition.methods(builder as unknown as MethodBuilder<Parent, PatternOf<Parent, C, N>, S>),
    legalStates: (definition.legalStates ?? {}) as LegalStates,
  };
}

/** Throws ApiError (FAILED_PRECONDITION) when a method is not legal in the state a resource is in. */
export function checkLegal(resource: Resource, method: string, name: string, state: string): void {
  const states = resource.legalStates[method];
  if (states === undefined || states.includes(state)) return;
  const message = `${name} is ${state}; ${method} is possible when it is ${states.join(' or ')}`;
  throw new ApiError('FAILED_PRECONDITION', message);
}

/** A resource after an update. Throws ApiError (400) when a fixed field would change or a required one go. */
export function changeResource<T extends object>(
  resource: { readonly schema: TSchema },
  current: T,
  updates: readonly FieldUpdate[],
): T {
  const schema = plain(resource.schema);
  const refused = findFixedChange(schema, current, updates);
  if (refused) {
    const field = refused.field.path.join('.');
    const message = `${field} can not be changed after creation`;
    throw new ApiError('INVALID_ARGUMENT', message, [{ field, description: message }]);
  }
  const next = applyUpdates(current, updates);
  checkRequired(schema, next);
  return next;
}
