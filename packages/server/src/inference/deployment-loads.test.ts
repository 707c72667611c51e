import { expect, test } from 'vitest';
import { DeploymentLoads } from './deployment-loads.ts';

test('counts what runs now, and what came so far', () => {
  const loads = new DeploymentLoads();
  const endFirst = loads.begin('d');
  const endSecond = loads.begin('d');
  endFirst(30);
  endFirst(30);
  expect(loads.list().get('d')).toEqual({ concurrent: 1, requests: 2, tokens: 30 });
  endSecond(12);
  expect(loads.list().get('d')).toEqual({ concurrent: 0, requests: 2, tokens: 42 });
  expect(loads.list().get('other')).toBeUndefined();
});
