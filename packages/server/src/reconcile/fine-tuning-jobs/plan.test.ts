import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JobObservation, type JobState, planJob } from './plan.ts';
import { explainEnd } from './trainer-host.ts';

const job: JobObservation = {
  wanted: 'run',
  isSuspended: false,
  isDeleted: false,
  state: 'JOB_STATE_CREATING',
  dataset: 'ready',
  weights: 'ready',
  trainer: 'none',
  isHostBusy: false,
  restartCount: 0,
};
const plan = (change: Partial<JobObservation>) => planJob({ ...job, ...change });
const ended = (outcome: 'done' | 'early-stopped' | 'cancelled' | 'paused' | 'refused' | 'crashed') => ({
  trainer: { outcome, message: 'because' },
});

describe('a fine-tuning job', () => {
  it('starts its trainer when data and model are there and the host is free', () => {
    expect(plan({})).toMatchObject({ state: 'JOB_STATE_RUNNING', steps: ['start-trainer'] });
    expect(plan({ isHostBusy: true })).toMatchObject({ state: 'JOB_STATE_PENDING', steps: [] });
    expect(plan({ dataset: 'pending' })).toMatchObject({ state: 'JOB_STATE_VALIDATING', steps: [] });
    expect(plan({ weights: 'absent' })).toMatchObject({
      state: 'JOB_STATE_PENDING',
      steps: ['fetch-weights'],
    });
  });

  it('fails with the reason when its data cannot be used', () => {
    expect(plan({ dataset: { problem: 'no such dataset' } })).toMatchObject({
      state: 'JOB_STATE_FAILED',
      code: 'INVALID_ARGUMENT',
      message: 'no such dataset',
    });
    expect(plan(ended('refused'))).toMatchObject({ state: 'JOB_STATE_FAILED', message: 'because' });
  });

  it('does not start again what data, model or memory refuse', () => {
    const last = { type: 'error', message: 'the job needs 4.7 GB' };
    const outcomes = [1, 2, 3, 4].map((code) => explainEnd({ code, logTail: '' }, last).outcome);
    expect(outcomes).toEqual(['crashed', 'refused', 'refused', 'refused']);
  });

  it('registers what it made', () => {
    expect(plan(ended('done'))).toMatchObject({ state: 'JOB_STATE_COMPLETED', steps: ['register-result'] });
    expect(plan(ended('early-stopped')).steps).toEqual(['register-result']);
  });

  it('comes back after a crash, but not for ever', () => {
    expect(plan({ ...ended('crashed'), restartCount: 2 })).toMatchObject({
      steps: ['start-trainer'],
      isRestart: true,
    });
    expect(plan({ ...ended('crashed'), restartCount: 3 })).toMatchObject({
      state: 'JOB_STATE_FAILED',
      steps: [],
    });
  });

  it('is cancelled, paused and gone on with as asked', () => {
    expect(plan({ wanted: 'cancel', trainer: 'running' })).toMatchObject({ steps: ['cancel-trainer'] });
    expect(plan({ wanted: 'cancel' }).state).toBe('JOB_STATE_CANCELLED');
    expect(plan({ wanted: 'cancel', ...ended('crashed') }).state).toBe('JOB_STATE_CANCELLED');
    expect(plan({ wanted: 'pause', ...ended('paused') }).state).toBe('JOB_STATE_PAUSED');
    expect(plan({ wanted: 'run', state: 'JOB_STATE_PAUSED' }).steps).toEqual(['start-trainer']);
  });

  it('pauses while its account is suspended and says so, also when its trainer crashes meanwhile', () => {
    const suspended = { wanted: 'pause', isSuspended: true } as const;
    expect(plan({ ...suspended, trainer: 'running' }).steps).toEqual(['pause-trainer']);
    for (const outcome of ['paused', 'crashed'] as const) {
      expect(plan({ ...suspended, ...ended(outcome) })).toMatchObject({
        state: 'JOB_STATE_PAUSED',
        steps: [],
        message: expect.stringContaining('the account is suspended'),
      });
      expect(plan({ state: 'JOB_STATE_PAUSED', ...ended(outcome) }).steps).toEqual(['start-trainer']);
    }
  });

  it('is removed only after its trainer is gone', () => {
    expect(plan({ isDeleted: true, trainer: 'running' }).steps).toEqual(['cancel-trainer']);
    expect(plan({ isDeleted: true, ...ended('cancelled') }).steps).toEqual(['remove']);
  });

  it('never moves again once it has come to rest, and never starts a second trainer', () => {
    const states: JobState[] = [
      'JOB_STATE_COMPLETED',
      'JOB_STATE_EARLY_STOPPED',
      'JOB_STATE_FAILED',
      'JOB_STATE_CANCELLED',
    ];
    const any = fc.record({
      wanted: fc.constantFrom('run' as const, 'cancel' as const, 'pause' as const),
      isSuspended: fc.boolean(),
      isDeleted: fc.constant(false),
      state: fc.constantFrom<JobState>(
        ...states,
        'JOB_STATE_RUNNING',
        'JOB_STATE_PENDING',
        'JOB_STATE_PAUSED',
      ),
      dataset: fc.constantFrom('ready' as const, 'pending' as const, { problem: 'p' }),
      weights: fc.constantFrom('ready' as const, 'absent' as const, 'fetching' as const, { problem: 'p' }),
      trainer: fc.constantFrom(
        'none' as const,
        'running' as const,
        ended('done').trainer,
        ended('crashed').trainer,
      ),
      isHostBusy: fc.boolean(),
      restartCount: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(any, (observation) => {
        const result = planJob(observation);
        if (states.includes(observation.state))
          expect(result).toMatchObject({ state: observation.state, steps: [] });
        if (observation.trainer === 'running') expect(result.steps).not.toContain('start-trainer');
        expect(result.steps.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
