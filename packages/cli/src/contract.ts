import contract from './generated/contract.json' with { type: 'json' };

/** A field as the contract describes it; `generated/contract.json` holds what firectl needs of it. */
export interface FieldSchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly patternProperties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly format?: string;
  readonly 'x-access'?: 'output' | 'create' | 'secret';
  readonly 'x-required'?: boolean;
}

/** A call of the contract. */
export interface Method {
  readonly kind: 'list' | 'get' | 'create' | 'update' | 'delete' | 'verb';
  readonly httpMethod: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Creates: whether the resource is the body, or a field of it. */
  readonly form?: 'bare' | 'wrapped';
  readonly resourceKey?: string;
  /** Creates: where the id goes; null when the server chooses it. */
  readonly idKey?: string | null;
  /** Lists: key of the array in the reply. */
  readonly collection?: string;
}

/** A resource of the control plane. */
export interface Resource {
  readonly noun: string;
  readonly pattern: string;
  readonly schema: FieldSchema;
  readonly methods: Readonly<Record<string, Method>>;
}

export type ResourceKey = keyof typeof contract;

/** Every resource, in the order of the contract. */
export const resources = contract as unknown as Readonly<Record<ResourceKey, Resource>>;
