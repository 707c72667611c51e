import {
  bool,
  displayName,
  duration,
  fixed,
  list,
  message,
  out,
  required,
  text,
  timestamp,
} from '../fields.ts';
import type { MethodBuilder } from '../method-builder.ts';
import { defineResource } from '../resource.ts';

export const ApiKey = message('ApiKey', {
  keyId: out(text('What :delete takes.')),
  displayName: fixed(displayName()),
  key: out(text('The key itself; in the reply to create only.')),
  prefix: out(text('First characters of the key.')),
  createTime: out(timestamp()),
  expireTime: fixed(timestamp('Absent: never.')),
  secure: out(bool('Whether only a hash of the key is stored.')),
  email: out(text('E-mail of the user the key belongs to.')),
  lastUseTime: out(timestamp('To the minute. Absent: never used.')),
  models: fixed(list(text(), 'Only these models can be queried with the key. Empty: all.')),
  deployments: fixed(list(text(), 'Only these deployments can be queried with the key. Empty: all.')),
  readOnly: fixed(bool('The key changes nothing, and can not run inference.')),
});

const CreateApiKeyRequest = message('CreateApiKeyRequest', { apiKey: required(ApiKey) });
const DeleteApiKeyRequest = message('DeleteApiKeyRequest', { keyId: required(text()) });

const RotateApiKeyRequest = message('RotateApiKeyRequest', {
  keyId: required(text()),
  overlap: duration('How long the old key still works. Default: 86400s.'),
});

const makeMethods =
  <Owner extends string>(owner: Owner) =>
  <Parent extends string, P extends string>(on: MethodBuilder<Parent, P, typeof ApiKey>) => ({
    list: on.list({ operationId: `list${owner}ApiKeys` }),
    create: on.create({ idKey: null, wrapped: CreateApiKeyRequest, operationId: `create${owner}ApiKey` }),
    delete: on.collectionVerb('delete', {
      operationId: `delete${owner}ApiKey`,
      summary: 'Delete an API key',
      body: DeleteApiKeyRequest,
    }),
    rotate: on.collectionVerb('rotate', {
      operationId: `rotate${owner}ApiKey`,
      summary: 'Make a key like another, which expires after a while',
      body: RotateApiKeyRequest,
      response: ApiKey,
    }),
  });

/** Keys of the caller; administrators see and delete those of everybody. */
export const apiKeys = defineResource({
  noun: 'apiKey',
  collection: 'apiKeys',
  parent: 'accounts/{account}',
  schema: ApiKey,
  methods: makeMethods(''),
});

/** Keys of one user, such as a service account. */
export const userApiKeys = defineResource({
  noun: 'apiKey',
  collection: 'apiKeys',
  parent: 'accounts/{account}/users/{user}',
  schema: ApiKey,
  methods: makeMethods('User'),
});
