import { InferenceError } from '@sparkler/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listQueryable, resolveModel } from './resolve.ts';
import type { RoutingSnapshot } from './routing.ts';
import { deployedModel, deployment, model, principal, snapshotOf } from './testbed/testbed.ts';

const llama = 'accounts/fireworks/models/llama';
const serverless = 'accounts/fireworks/deployments/pool';
const tuned = 'accounts/alice/models/tuned';
const own = 'accounts/alice/deployments/own';

const snapshot = snapshotOf({
  models: [model(llama), model(tuned, { kind: 'HF_PEFT_ADDON', public: false })],
  deployments: [
    deployment(serverless, llama),
    deployment(own, llama, { state: 'asleep' }),
    deployment('accounts/bob/deployments/hidden', llama),
  ],
  deployedModels: [
    deployedModel('accounts/fireworks/deployedModels/llama-1', llama, serverless),
    deployedModel('accounts/alice/deployedModels/llama-2', llama, own, { public: false }),
    deployedModel('accounts/alice/deployedModels/tuned-3', tuned, serverless, {
      adapter: 'tuned@1',
      public: false,
    }),
    deployedModel('accounts/alice/deployedModels/tuned-4', tuned, own, {
      adapter: 'tuned@1',
      public: false,
      isDefault: false,
    }),
    deployedModel('accounts/alice/deployedModels/broken-5', 'accounts/alice/models/broken', serverless, {
      adapter: 'broken@1',
      state: 'failed',
      reason: 'rank 512 is above 64',
      public: false,
    }),
    deployedModel('accounts/alice/deployedModels/late-6', 'accounts/alice/models/late', serverless, {
      adapter: 'late@1',
      state: 'deploying',
      public: false,
    }),
    deployedModel('accounts/alice/deployedModels/open-7', 'accounts/alice/models/open', serverless, {
      adapter: 'open@1',
    }),
  ],
});

function resolve(text: string, account: string, from: RoutingSnapshot = snapshot) {
  return resolveModel(text, principal(account), from, 'fireworks');
}

/** What a model string leads to, as one line. */
function outcome(text: string, account: string): string {
  const target = resolve(text, account);
  if (target instanceof InferenceError) return String(target.status);
  return `${target.model} on ${target.deployment.name} with ${target.adapter}`;
}

const base = `${llama} on ${serverless} with null`;
const dedicated = `${llama} on ${own} with null`;
const adapter = `${tuned} on ${serverless} with tuned@1`;

test.each([
  ['accounts/fireworks/models/llama', 'alice', base],
  ['fireworks/llama', 'alice', base],
  ['llama', 'alice', base],
  ['llama', 'bob', base],
  ['accounts/fireworks/models/llama#accounts/alice/deployments/own', 'alice', dedicated],
  ['fireworks/llama#alice/own', 'alice', dedicated],
  ['llama#alice/own', 'alice', dedicated],
  ['accounts/alice/deployments/own', 'alice', dedicated],
  ['accounts/alice/deployedModels/llama-2', 'alice', dedicated],
  ['alice/llama-2', 'alice', dedicated],
  ['accounts/fireworks/deployedModels/llama-1', 'bob', base],
  ['llama-1', 'bob', base],
  ['accounts/alice/models/tuned', 'alice', adapter],
  ['alice/tuned', 'alice', adapter],
  ['alice/tuned#alice/own', 'alice', `${tuned} on ${own} with tuned@1`],
  ['alice/tuned-4', 'alice', `${tuned} on ${own} with tuned@1`],
  ['alice/open', 'bob', `accounts/alice/models/open on ${serverless} with open@1`],
  ['fireworks/llama#bob/hidden', 'bob', `${llama} on accounts/bob/deployments/hidden with null`],
  // Forbidden and unknown look the same.
  ['fireworks/llama#bob/hidden', 'alice', '403'],
  ['fireworks/llama#alice/own', 'bob', '403'],
  ['accounts/alice/deployments/own', 'bob', '403'],
  ['alice/tuned', 'bob', '403'],
  ['alice/tuned-4', 'bob', '403'],
  ['tuned', 'alice', '403'],
  ['nothing', 'alice', '403'],
  ['fireworks/llama#alice/nothing', 'alice', '403'],
  ['alice/tuned#bob/hidden', 'alice', '403'],
  ['', 'alice', '403'],
  ['accounts/fireworks/models/llama/x', 'alice', '403'],
  ['accounts/fireworks/datasets/llama', 'alice', '403'],
  ['llama#', 'alice', '403'],
  ['#alice/own', 'alice', '403'],
  // What is known to the caller is explained.
  ['alice/broken', 'alice', '412'],
  ['alice/broken', 'bob', '403'],
  ['alice/late', 'alice', '503'],
])('%j asked for by %s leads to %s', (text, account, expected) => {
  expect(outcome(text, account)).toBe(expected);
});

test('an adapter that failed to load is a 412 that says why', () => {
  const error = resolve('alice/broken', 'alice');
  expect(error).toBeInstanceOf(InferenceError);
  expect((error as InferenceError).message).toContain('rank 512 is above 64');
});

test('models of others look exactly like models that do not exist', () => {
  const words = (text: string) => (resolve(text, 'bob') as InferenceError).message.replaceAll(text, 'X');
  expect(words('alice/tuned')).toBe(words('alice/nonsense'));
});

test('the list holds what the caller may query, each once', () => {
  const names = (account: string) =>
    listQueryable(principal(account), snapshot).map((target) => target.model);
  expect(names('bob').sort()).toEqual(['accounts/alice/models/open', llama]);
  expect(names('alice').sort()).toEqual(['accounts/alice/models/open', tuned, llama]);
});

const accounts = fc.constantFrom('alice', 'bob', 'fireworks');
const arbitrarySnapshot = fc
  .array(
    fc.record({
      owner: accounts,
      account: accounts,
      deployment: fc.constantFrom('d1', 'd2'),
      model: fc.constantFrom('m1', 'm2'),
      modelOwner: accounts,
      isDefault: fc.boolean(),
      open: fc.boolean(),
      state: fc.constantFrom('deployed', 'deploying', 'failed', 'undeploying'),
    }),
    { maxLength: 12 },
  )
  .map((rows) => {
    const deployments = ['alice', 'bob', 'fireworks'].flatMap((account) =>
      ['d1', 'd2'].map((id) =>
        deployment(`accounts/${account}/deployments/${id}`, 'accounts/fireworks/models/m1'),
      ),
    );
    const deployedModels = rows.map((row, index) =>
      deployedModel(
        `accounts/${row.owner}/deployedModels/x${index}`,
        `accounts/${row.modelOwner}/models/${row.model}`,
        `accounts/${row.account}/deployments/${row.deployment}`,
        { isDefault: row.isDefault, public: row.open, state: row.state },
      ),
    );
    return snapshotOf({ deployments, deployedModels });
  });

test('nobody reaches what is neither public nor theirs, by any name', () => {
  fc.assert(
    fc.property(arbitrarySnapshot, accounts, (from, account) => {
      for (const entry of from.deployedModels.values()) {
        const [, modelAccount, , id] = entry.model.split('/');
        for (const text of [entry.name, `${entry.model}#${entry.deployment}`, `${modelAccount}/${id}`]) {
          const target = resolve(text, account, from);
          if (target instanceof InferenceError) continue;
          const grants = [...from.deployedModels.values()].filter(
            (other) =>
              other.model === target.model &&
              other.deployment === target.deployment.name &&
              (other.public || other.name.startsWith(`accounts/${account}/`)),
          );
          expect(grants.length > 0 || target.deployment.account === account).toBe(true);
        }
      }
    }),
  );
});

test('the order of rows in the snapshot never changes the answer', () => {
  fc.assert(
    fc.property(arbitrarySnapshot, accounts, accounts, (from, account, owner) => {
      const reversed = { ...from, deployedModels: new Map([...from.deployedModels].reverse()) };
      const text = `${owner}/m1`;
      expect(resolve(text, account, reversed)).toEqual(resolve(text, account, from));
    }),
  );
});

test('any text is answered, never thrown at', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(resolve(text, 'alice')).toBeDefined();
    }),
  );
});
