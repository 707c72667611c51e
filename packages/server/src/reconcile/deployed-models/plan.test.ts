import { expect, test } from 'vitest';
import { type DeployedModelObservation, planDeployedModel } from './plan.ts';

const base: DeployedModelObservation = {
  deleted: false,
  adapter: null,
  isBaseModel: true,
  state: 'deploying',
  deploymentState: 'ready',
  deploymentReason: null,
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
  expect(plan).toEqual({ state: 'failed', reason: 'no disk', remove: false });
});

test('a deleted entry goes', () => {
  expect(planDeployedModel({ ...base, deleted: true }).remove).toBe(true);
});

test('an adapter is refused by name rather than answered by the base model', () => {
  expect(planDeployedModel({ ...base, isBaseModel: false, adapter: 'a' })).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('do not load adapters'),
  });
});
