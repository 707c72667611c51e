import { expect, test } from 'vitest';
import { type DeployedModelObservation, planDeployedModel } from './plan.ts';

const base: DeployedModelObservation = {
  deleted: false,
  adapter: null,
  isBaseModel: true,
  state: 'deploying',
  deploymentState: 'ready',
  deploymentReason: null,
  replicas: [],
  adapterProblem: null,
};

test.each([
  ['ready', 'deployed'],
  ['asleep', 'deployed'],
  ['starting', 'deploying'],
  ['failed', 'failed'],
  ['stopping', 'undeploying'],
] as const)('a base model on a deployment that is %s is %s', (deploymentState, state) => {
  expect(planDeployedModel({ ...base, deploymentState }).state).toBe(state);
});

test('one that was deployed stays so while its replica comes back, so that requests wait for it', () => {
  expect(planDeployedModel({ ...base, state: 'deployed', deploymentState: 'starting' }).state).toBe(
    'deployed',
  );
});

test('a failed deployment gives its reason', () => {
  const plan = planDeployedModel({ ...base, deploymentState: 'failed', deploymentReason: 'no disk' });
  expect(plan).toEqual({ state: 'failed', reason: 'no disk', remove: false, load: [], unload: [] });
});

test('a deleted entry goes', () => {
  expect(planDeployedModel({ ...base, deleted: true }).remove).toBe(true);
});

const addon = { ...base, isBaseModel: false, adapter: 'a' };
const replica = (id: string, hasAdapter: boolean) => ({ id, hasAdapter });

test('an addon is loaded where it is missing, and deployed once every ready replica holds it', () => {
  const replicas = [replica('r1', true), replica('r2', false)];
  expect(planDeployedModel({ ...addon, replicas })).toMatchObject({ state: 'deploying', load: ['r2'] });
  expect(planDeployedModel({ ...addon, replicas: [replica('r1', true)] })).toMatchObject({
    state: 'deployed',
    load: [],
  });
});

test('an addon stays deployed while a new replica of its deployment is given it', () => {
  const replicas = [replica('r1', true), replica('r2', false)];
  expect(planDeployedModel({ ...addon, state: 'deployed', replicas })).toMatchObject({
    state: 'deployed',
    load: ['r2'],
  });
});

test('an addon that a replica refused has failed, with the reason', () => {
  const refused = { ...addon, replicas: [replica('r1', false)], adapterProblem: 'Invalid LoRA weight' };
  expect(planDeployedModel(refused)).toMatchObject({
    state: 'failed',
    reason: 'Invalid LoRA weight',
    load: [],
  });
});

test('an addon on a sleeping deployment counts as deployed: the request that wakes it waits', () => {
  expect(planDeployedModel({ ...addon, deploymentState: 'asleep' }).state).toBe('deployed');
});

test('a deleted addon leaves every replica before its row goes', () => {
  const deleted = { ...addon, deleted: true };
  expect(planDeployedModel({ ...deleted, replicas: [replica('r1', true)] })).toMatchObject({
    remove: false,
    unload: ['r1'],
  });
  expect(planDeployedModel({ ...deleted, replicas: [replica('r1', false)] }).remove).toBe(true);
});

test('a model that is neither base nor addon is refused by name', () => {
  expect(planDeployedModel({ ...base, isBaseModel: false }).state).toBe('failed');
});

test('how many replicas hold an addon is told', () => {
  const replicas = [replica('r1', true), replica('r2', false)];
  expect(planDeployedModel({ ...addon, replicas }).reason).toBe(
    'the addon is being loaded: loaded on 1 of 2 replicas',
  );
  expect(planDeployedModel({ ...addon, replicas: [replica('r1', true)] }).reason).toBe(
    'loaded on 1 of 1 replicas',
  );
});
