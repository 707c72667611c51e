import { describe, expect, expectTypeOf, test } from 'vitest';
import { findMissing } from './decode.ts';
import { encodeMessage } from './encode.ts';
import type { Method, ReplyOf, RequestOf } from './method.ts';

import { plain } from './problem.ts';
import { changeResource, checkLegal, type Resource } from './resource.ts';
import { deployments, models, resources } from './resources/index.ts';
import { planUpdate } from './update-mask.ts';
import { compileChecker } from './validate.ts';

const all: [string, Resource][] = Object.entries(resources);
const methods = all.flatMap(([key, resource]) => {
  return Object.entries(resource.methods).map(([name, method]) => ({ key, resource, name, method }));
});

describe('every resource', () => {
  test.each(all)('%s names only states and methods that exist', (_, resource) => {
    const state = plain(resource.schema).properties?.state;
    for (const [method, states] of Object.entries(resource.legalStates)) {
      expect(Object.keys(resource.methods)).toContain(method);
      for (const word of states) expect(state?.enum).toContain(word);
    }
  });

  test.each(all)('%s written with nothing set is a valid resource', (_, resource) => {
    const checker = compileChecker(resource.schema);
    const encoded = encodeMessage(plain(resource.schema), {});
    expect(Object.keys(encoded).length).toBeGreaterThan(0);
    const withoutNulls = Object.fromEntries(Object.entries(encoded).filter(([, value]) => value !== null));
    // Zero values of numbers with a minimum above zero are the one thing that can not be sent back.
    const result = checker.check(withoutNulls);
    if (!result.ok) expect(result.problem.message).toMatch(/must be at least|must be the 12 digits/);
  });
});

describe('every method', () => {
  test('has an operation id, a permission and a path of its own', () => {
    const ids = methods.map(({ method }) => method.operationId);
    expect(ids).toEqual([...new Set(ids)]);
    const routes = methods.map(({ method }) => `${method.httpMethod} ${method.path}`);
    expect(routes).toEqual([...new Set(routes)]);
    for (const { method } of methods) expect(method.permission).toMatch(/^[a-z]\w+\.[a-z]\w+$/i);
  });

  test('follows the public API in the places where it is irregular', () => {
    const routes = methods.map(({ method }) => `${method.httpMethod} ${method.path}`);
    for (const route of [
      'PATCH /v1/accounts/{account}/deployments/{deployment}:scale',
      'GET /v1/accounts/{account}/models/{model}:validateUpload',
      'POST /v1/accounts/{account}/datasets/{dataset}:validateUpload',
      'POST /v1/accounts/{account}/apiKeys:delete',
      'POST /v1/accounts/{account}/users/{user}/apiKeys:delete',
      'POST /v1/accounts/{account}/PeftMergeJobs',
      'POST /v1/accounts/{account}/evaluatorsV2',
      'POST /v1/accounts/{account}:testeval',
      'POST /v1/validateModelConfig',
    ]) {
      expect(routes).toContain(route);
    }
  });

  test('that creates has the resource and its id where it says', () => {
    for (const { method, resource } of methods) {
      if (method.kind !== 'create') continue;
      const place = plain(method.form === 'wrapped' ? method.body : method.query);
      if (method.idKey !== null) expect(place.properties).toHaveProperty(method.idKey);
      if (method.form === 'wrapped') {
        expect(plain(method.body).properties?.[method.resourceKey]?.title).toBe(plain(resource.schema).title);
      }
    }
  });
});

describe('a request is typed from its method', () => {
  test('names, bodies and replies', () => {
    type Prepare = RequestOf<typeof models.methods.prepare>;
    expectTypeOf<Prepare['ids']>().toEqualTypeOf<Readonly<Record<'account' | 'model', string>>>();
    expectTypeOf<Prepare['body']['precision']>().toExtend<string | undefined>();
    type Create = RequestOf<typeof models.methods.create>;
    expectTypeOf<Create['ids']>().toEqualTypeOf<Readonly<Record<'account', string>>>();
    expectTypeOf<Create['resource']['contextLength']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Create['id']>().toEqualTypeOf<string | null>();
    type List = RequestOf<typeof deployments.methods.list>;
    expectTypeOf<List['query']['showDeleted']>().toEqualTypeOf<boolean | undefined>();
    expectTypeOf<Awaited<ReplyOf<typeof deployments.methods.delete>>>().toEqualTypeOf<void>();
    expectTypeOf<typeof models.methods.prepare>().toExtend<Method>();
  });
});

describe('the life of a resource', () => {
  test('verbs are refused in the wrong state, with the right ones named', () => {
    expect(() => checkLegal(deployments, 'undelete', 'accounts/a/deployments/d', 'READY')).toThrow(
      'accounts/a/deployments/d is READY; undelete is possible when it is DELETED or FAILED',
    );
    expect(() => checkLegal(deployments, 'undelete', 'd', 'FAILED')).not.toThrow();
    expect(() => checkLegal(deployments, 'get', 'd', 'ANY')).not.toThrow();
  });

  test('updates change what may change', () => {
    const current = { baseModel: 'accounts/a/models/m', minReplicaCount: 0 };
    const change = (body: Record<string, unknown>) =>
      changeResource(deployments, current, planUpdate(plain(deployments.schema), body));
    expect(change({ minReplicaCount: 1 })).toEqual({ baseModel: 'accounts/a/models/m', minReplicaCount: 1 });
    expect(() => change({ baseModel: 'accounts/a/models/x' })).toThrow(
      'baseModel can not be changed after creation',
    );
  });

  test('required fields are asked for, also inside messages', () => {
    const missing = findMissing(plain(models.schema), { peftDetails: { r: 8 } });
    expect(missing.map((problem) => problem.field)).toEqual([
      'peftDetails.baseModel',
      'peftDetails.targetModules',
    ]);
  });
});
