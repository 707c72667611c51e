import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObservedReplica, ReplicaState } from '../../launch/launcher.ts';
import type { DeploymentObservation, DesiredDeployment } from './observation.ts';
import { countMissing, deriveReplicaCount, planDeployment } from './plan.ts';

const nowMs = 1_000_000;

function deployment(change: Partial<DesiredDeployment> = {}): DesiredDeployment {
  return {
    name: 'accounts/a/deployments/d',
    generation: 1,
    deleted: false,
    state: 'starting',
    baseModel: 'accounts/a/models/m',
    draftModel: null,
    revocableReplicaCount: 0,
    need: null,
    minReplicaCount: 1,
    maxReplicaCount: 1,
    requestedReplicaCount: null,
    engine: { runner: 'scripted', threads: 1, cells: 1024, sequences: 2, batchTokens: 64 },
    specKey: 'v1',
    ...change,
  };
}

function replica(id: string, state: ReplicaState, change: Partial<ObservedReplica> = {}): ObservedReplica {
  return {
    id,
    deployment: 'accounts/a/deployments/d',
    generation: 1,
    specKey: 'v1',
    address: { socketPath: `/run/${id}.sock` },
    pid: 1,
    state,
    launchTimeMs: nowMs - 1_000,
    readyTimeMs: state === 'ready' ? nowMs - 500 : null,
    exit: state === 'exited' ? { timeMs: nowMs - 100, wanted: false, reason: 'ended by SIGKILL' } : null,
    ...change,
  };
}

function observe(change: Partial<DeploymentObservation> = {}): DeploymentObservation {
  return {
    nowMs,
    deployment: deployment(),
    weights: { state: 'ready', path: '/m.gguf' },
    weightsOf: 'accounts/a/models/m',
    draftPath: null,
    revocable: new Set(),
    room: null,
    replicas: [],
    ...change,
  };
}

describe('how many replicas there should be', () => {
  test.each([
    [{ minReplicaCount: 0, maxReplicaCount: 1 }, 1],
    [{ minReplicaCount: 2, maxReplicaCount: 4 }, 2],
    [{ minReplicaCount: 0, maxReplicaCount: 4, requestedReplicaCount: 0 }, 0],
    [{ minReplicaCount: 1, maxReplicaCount: 4, requestedReplicaCount: 9 }, 4],
    [{ minReplicaCount: 1, maxReplicaCount: 4, requestedReplicaCount: 0 }, 1],
    [{ minReplicaCount: 0, maxReplicaCount: 0 }, 0],
    [{ minReplicaCount: 2, maxReplicaCount: 4, deleted: true }, 0],
    [{ minReplicaCount: 2, maxReplicaCount: 4, isSuspended: true }, 0],
  ])('%j: %i', (change, count) => {
    expect(deriveReplicaCount(deployment(change))).toBe(count);
  });
});

test('of a suspended account nothing runs, and the deployment says why', () => {
  const suspended = deployment({ isSuspended: true, state: 'ready' });
  const plan = planDeployment(observe({ deployment: suspended, replicas: [replica('r1', 'ready')] }));
  expect(plan.steps).toEqual([{ kind: 'drain', replica: 'r1' }]);
  expect(plan).toMatchObject({ state: 'asleep', reason: 'the account is suspended' });
});

test('replicas that no accelerator hours are left for end, whichever they are, and the others stay', () => {
  const replicas = [replica('r1', 'ready'), replica('r2', 'ready', { launchTimeMs: nowMs - 9_000 })];
  const two = deployment({ minReplicaCount: 2, maxReplicaCount: 2, state: 'ready' });
  const plan = planDeployment(observe({ deployment: two, replicas, overHours: new Set(['r2']) }));
  expect(plan.steps).toEqual([{ kind: 'drain', replica: 'r2' }]);
  expect(plan.state).toBe('ready');
});

describe('weights come first', () => {
  test('absent weights are fetched, and nothing is launched', () => {
    const plan = planDeployment(observe({ weights: { state: 'absent' } }));
    expect(plan.steps).toEqual([{ kind: 'fetch-weights', model: 'accounts/a/models/m' }]);
    expect(plan.state).toBe('starting');
  });

  test('while they are fetched there is nothing to do', () => {
    const plan = planDeployment(observe({ weights: { state: 'fetching', progress: null } }));
    expect(plan.steps).toEqual([]);
    expect(plan.reason).toMatch(/being fetched/);
  });

  test('when they cannot be had the deployment fails with the reason and looks again later', () => {
    const weights = { state: 'failed', reason: 'no source had it', retryTimeMs: nowMs + 5_000 } as const;
    expect(planDeployment(observe({ weights }))).toMatchObject({
      steps: [],
      state: 'failed',
      reason: 'no source had it',
      lookAgainMs: 5_000,
    });
    const later = planDeployment(observe({ weights, nowMs: nowMs + 5_000 }));
    expect(later.steps).toEqual([{ kind: 'fetch-weights', model: 'accounts/a/models/m' }]);
  });

  test('a runner without weights is launched at once', () => {
    const plan = planDeployment(observe({ weights: { state: 'not-needed' } }));
    expect(plan.steps).toEqual([
      { kind: 'launch', count: 1, modelPath: null, draftPath: null, revocable: 0 },
    ]);
  });
});

describe('replicas that died', () => {
  const crashes = (count: number, lastMs = nowMs) =>
    Array.from({ length: count }, (_, index) =>
      replica(`dead${index}`, 'exited', {
        exit: { timeMs: lastMs - index * 1_000, wanted: false, reason: 'ended by SIGSEGV' },
      }),
    );

  test('the first is replaced at once', () => {
    const plan = planDeployment(observe({ replicas: crashes(1) }));
    expect(plan.steps).toEqual([
      { kind: 'launch', count: 1, modelPath: '/m.gguf', draftPath: null, revocable: 0 },
    ]);
    expect(plan.state).toBe('starting');
  });

  test('the next are replaced with growing delays, and the deployment counts as failed with the reason', () => {
    const delays = [2, 3, 4, 8].map(
      (count) => planDeployment(observe({ replicas: crashes(count) })).lookAgainMs,
    );
    expect(delays).toEqual([1_000, 2_000, 4_000, 60_000]);
    const plan = planDeployment(observe({ replicas: crashes(3) }));
    expect(plan).toMatchObject({ steps: [], state: 'failed' });
    expect(plan.reason).toMatch(/3 times in a row, the last time: ended by SIGSEGV/);
  });

  test('when the delay is over it is tried again', () => {
    const plan = planDeployment(observe({ replicas: crashes(3, nowMs - 2_000) }));
    expect(plan.steps).toEqual([
      { kind: 'launch', count: 1, modelPath: '/m.gguf', draftPath: null, revocable: 0 },
    ]);
  });

  test('one that served for long does not count towards a crash loop', () => {
    const old = replica('old', 'exited', {
      readyTimeMs: nowMs - 100_000,
      exit: { timeMs: nowMs - 1, wanted: false, reason: 'ended by SIGKILL' },
    });
    const plan = planDeployment(observe({ replicas: [old, ...crashes(4, nowMs - 200_000)] }));
    expect(plan.steps).toContainEqual({
      kind: 'launch',
      count: 1,
      modelPath: '/m.gguf',
      draftPath: null,
      revocable: 0,
    });
    expect(plan.state).toBe('starting');
  });

  test('those that ended because we said so are forgotten', () => {
    const stopped = replica('s', 'exited', {
      exit: { timeMs: nowMs, wanted: true, reason: 'ended with code 0' },
    });
    expect(planDeployment(observe({ replicas: [stopped, replica('r', 'ready')] })).steps).toEqual([
      { kind: 'forget', replica: 's' },
    ]);
  });
});

describe('scaling', () => {
  test('down drains the youngest of those that serve, after stopping those that only start', () => {
    const replicas = [
      replica('old', 'ready', { launchTimeMs: 1 }),
      replica('young', 'ready', { launchTimeMs: 2 }),
      replica('starting', 'starting', { launchTimeMs: 3 }),
    ];
    expect(planDeployment(observe({ replicas })).steps).toEqual([
      { kind: 'stop', replica: 'starting' },
      { kind: 'drain', replica: 'young' },
    ]);
  });

  test('to zero ends asleep, with no fault to report', () => {
    const asleep = deployment({ minReplicaCount: 0, requestedReplicaCount: 0 });
    expect(planDeployment(observe({ deployment: asleep }))).toMatchObject({
      steps: [],
      state: 'asleep',
      reason: null,
    });
  });
});

describe('a changed deployment', () => {
  const changed = deployment({ specKey: 'v2', state: 'ready' });

  test('keeps its outdated replica serving until the new one does', () => {
    const outdated = replica('old', 'ready');
    const first = planDeployment(observe({ deployment: changed, replicas: [outdated] }));
    expect(first.steps).toEqual([
      { kind: 'launch', count: 1, modelPath: '/m.gguf', draftPath: null, revocable: 0 },
    ]);
    expect(first.state).toBe('ready');
    const starting = replica('new', 'starting', { specKey: 'v2' });
    expect(planDeployment(observe({ deployment: changed, replicas: [outdated, starting] })).steps).toEqual(
      [],
    );
    const ready = replica('new', 'ready', { specKey: 'v2' });
    expect(planDeployment(observe({ deployment: changed, replicas: [outdated, ready] })).steps).toEqual([
      { kind: 'drain', replica: 'old' },
    ]);
  });
});

describe('a deleted deployment', () => {
  const deleted = deployment({ deleted: true, state: 'ready' });

  test('drains what serves, stops what starts, and is deleted once all are gone', () => {
    const replicas = [replica('r', 'ready'), replica('s', 'starting')];
    const plan = planDeployment(observe({ deployment: deleted, replicas }));
    expect(plan.steps).toEqual([
      { kind: 'stop', replica: 's' },
      { kind: 'drain', replica: 'r' },
    ]);
    expect(plan.state).toBe('stopping');
    expect(planDeployment(observe({ deployment: deleted, replicas: [replica('r', 'draining')] })).state).toBe(
      'stopping',
    );
    expect(planDeployment(observe({ deployment: deleted, replicas: [] })).state).toBe('deleted');
  });
});

/** A world in which every step is carried out at once and every start succeeds. */
function carryOut(observation: DeploymentObservation): DeploymentObservation {
  const plan = planDeployment(observation);
  let { replicas, weights } = observation;
  for (const step of plan.steps) {
    switch (step.kind) {
      case 'fetch-weights':
        weights = { state: 'ready', path: '/m.gguf' };
        break;
      case 'launch': {
        const fresh = Array.from({ length: step.count }, (_, index) =>
          replica(`n${replicas.length + index}-${observation.nowMs}`, 'ready', {
            specKey: observation.deployment.specKey,
            launchTimeMs: observation.nowMs,
          }),
        );
        replicas = [...replicas, ...fresh];
        break;
      }
      default:
        replicas = replicas.filter((entry) => entry.id !== step.replica);
    }
  }
  // Time passes; what was on its way arrives.
  replicas = replicas
    .filter((entry) => entry.state !== 'draining' && entry.state !== 'stopping')
    .map((entry) => (entry.state === 'starting' ? { ...entry, state: 'ready' as const } : entry));
  const deploymentNow = { ...observation.deployment, state: plan.state };
  return { ...observation, nowMs: observation.nowMs + 60_000, deployment: deploymentNow, weights, replicas };
}

const anyReplica = fc
  .record({
    state: fc.constantFrom<ReplicaState>('starting', 'ready', 'draining', 'stopping', 'exited'),
    specKey: fc.constantFrom('v1', 'v2'),
    wanted: fc.boolean(),
    ageMs: fc.nat(100_000),
  })
  .map(({ state, specKey, wanted, ageMs }) => {
    const exit = state === 'exited' ? { timeMs: nowMs - (ageMs >> 1), wanted, reason: 'x' } : null;
    return (id: string) => replica(id, state, { specKey, launchTimeMs: nowMs - ageMs, exit });
  });

const anyObservation = fc
  .record({
    min: fc.nat(3),
    extra: fc.nat(3),
    requested: fc.option(fc.nat(7)),
    deleted: fc.boolean(),
    weights: fc.constantFrom<DeploymentObservation['weights']>(
      { state: 'absent' },
      { state: 'not-needed' },
      { state: 'ready', path: '/m.gguf' },
      { state: 'failed', reason: 'x', retryTimeMs: nowMs + 1 },
    ),
    replicas: fc.array(anyReplica, { maxLength: 8 }),
  })
  .map(({ min, extra, requested, deleted, weights, replicas }) =>
    observe({
      deployment: deployment({
        minReplicaCount: min,
        maxReplicaCount: min + extra,
        requestedReplicaCount: requested,
        deleted,
      }),
      weights,
      replicas: replicas.map((make, index) => make(`r${index}`)),
    }),
  );

describe('from any situation', () => {
  test('carrying out plans ends with exactly the wanted replicas, all current, and then with nothing to do', () => {
    fc.assert(
      fc.property(anyObservation, (start) => {
        let observation = start;
        for (let round = 0; round < 8; round += 1) observation = carryOut(observation);
        const wanted = deriveReplicaCount(observation.deployment);
        const alive = observation.replicas.filter((entry) => entry.state !== 'exited');
        expect(alive).toHaveLength(wanted);
        expect(alive.every((entry) => entry.specKey === 'v1' && entry.state === 'ready')).toBe(true);
        if (observation.deployment.deleted) expect(observation.replicas).toEqual([]);
        const last = planDeployment(observation);
        expect(last.steps).toEqual([]);
        expect(last.state).toBe(
          observation.deployment.deleted ? 'deleted' : wanted === 0 ? 'asleep' : 'ready',
        );
      }),
    );
  });

  test('a plan names each replica at most once, and never launches beyond what is wanted', () => {
    fc.assert(
      fc.property(anyObservation, (observation) => {
        const { steps } = planDeployment(observation);
        const named = steps.flatMap((step) => ('replica' in step ? [step.replica] : []));
        expect(new Set(named).size).toBe(named.length);
        const launched = steps.reduce((sum, step) => sum + (step.kind === 'launch' ? step.count : 0), 0);
        const current = observation.replicas.filter(
          (entry) => entry.specKey === 'v1' && (entry.state === 'starting' || entry.state === 'ready'),
        );
        const wanted = deriveReplicaCount(observation.deployment);
        expect(launched).toBeLessThanOrEqual(Math.max(wanted - current.length, 0));
      }),
    );
  });

  test('where there is room for few it launches no more, says why, and goes on serving', () => {
    const room = fc.record({ firm: fc.nat(4), revocable: fc.nat(4), extra: fc.nat(3) });
    fc.assert(
      fc.property(anyObservation, room, (seen, { firm, revocable, extra }) => {
        const fits = (count: number) => ({ fits: count, reason: 'no more' });
        const observation: DeploymentObservation = {
          ...seen,
          deployment: { ...seen.deployment, revocableReplicaCount: extra },
          room: { firm: fits(firm), revocable: fits(revocable) },
        };
        const missing = countMissing(observation.deployment, observation.replicas, new Set());
        const plan = planDeployment(observation);
        const launch = plan.steps.find((step) => step.kind === 'launch');
        const launched = launch?.count ?? 0;
        expect(launched).toBeLessThanOrEqual(firm + revocable);
        expect(launched - (launch?.revocable ?? 0)).toBeLessThanOrEqual(firm);
        if (launched > 0 && launched < missing.firm + missing.revocable) {
          expect(plan.reason).toBe('waiting for capacity: no more');
        }
        const ready = observation.replicas.filter((entry) => entry.state === 'ready').length;
        const drained = plan.steps.filter((step) => step.kind === 'drain').length;
        if (deriveReplicaCount(observation.deployment) > 0 && ready > 0)
          expect(ready).toBeGreaterThan(drained);
        // A plan is data: what is printed is what is done.
        expect(JSON.parse(JSON.stringify(plan.steps))).toEqual(plan.steps);
      }),
    );
  });

  test('a deployment that serves never drains its last replica before another serves', () => {
    fc.assert(
      fc.property(anyObservation, (observation) => {
        const wanted = deriveReplicaCount(observation.deployment);
        const ready = observation.replicas.filter((entry) => entry.state === 'ready').length;
        const plan = planDeployment(observation);
        const drained = plan.steps.filter((step) => step.kind === 'drain').length;
        if (wanted > 0 && ready > 0) expect(ready - drained).toBeGreaterThan(0);
      }),
    );
  });
});
