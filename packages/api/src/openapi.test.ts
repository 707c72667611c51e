import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { encodeMessage } from './encode.ts';
import { inferenceCheckers } from './inference/index.ts';
import { buildOpenApi } from './openapi.ts';
import { plain } from './problem.ts';
import type { Resource } from './resource.ts';
import { resources } from './resources/index.ts';

const document = buildOpenApi();
type Operation = { operationId: string; parameters?: { name: string; in: string }[] };
const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
  ([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Every value of a key, anywhere. */
function findAll(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === key ? [inner] : []),
    ...findAll(inner, key),
  ]);
}

describe('openapi.json', () => {
  test('is what the contract says (after a change: npm run generate)', () => {
    const golden = readFileSync(new URL('../openapi.json', import.meta.url), 'utf8');
    expect(JSON.parse(golden)).toEqual(JSON.parse(JSON.stringify(document)));
  });

  test('has no reference to nothing', () => {
    const names = findAll(document, '$ref').map(String);
    expect(names.length).toBeGreaterThan(200);
    for (const reference of new Set(names)) {
      const target = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(target, reference).toBeDefined();
    }
  });

  test('names each operation once and describes every variable of its path', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids).toEqual([...new Set(ids)]);
    for (const { path, operation } of operations) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const given = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(given.map((parameter) => parameter.name)).toEqual(wanted);
    }
  });

  test('keeps our own annotations to itself', () => {
    for (const key of ['x-rule', 'x-required', '~refine', '~kind'])
      expect(findAll(document, key)).toEqual([]);
  });
});

describe('another validator reads the schemas as ours does', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'doc', components: document.components });
  const validate = (name: string, value: unknown) => {
    const check = ajv.getSchema(`doc#/components/schemas/${name}`);
    if (!check) throw new Error(`no component ${name}`);
    return check(value);
  };
  const chat = (fields: object) => ({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...fields });

  test.each([
    [chat({}), true],
    [chat({ temperature: 3 }), false],
    [chat({ unknown: 1 }), false],
    [chat({ messages: [{ role: 'robot', content: '' }] }), false],
    [chat({ logit_bias: { 1: 1 } }), true],
    [chat({ logit_bias: { a: 1 } }), false],
    [chat({ response_format: { type: 'json_object', schema: { type: 'object' } } }), true],
  ])('%j -> %s', (body, expected) => {
    expect(validate('ChatCompletionRequest', body)).toBe(expected);
    expect(inferenceCheckers.chatCompletion.check(body).ok).toBe(expected);
  });

  test.each(Object.entries(resources) as [string, Resource][])('an empty %s, as replied', (_, resource) => {
    const schema = plain(resource.schema);
    const written = encodeMessage(schema, {});
    const present = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== null));
    delete present.reservedCount;
    expect(validate(schema.title!, present)).toBe(true);
  });
});
