/** What is true of a job now. */
export interface JobObservation {
  readonly wanted: 'run' | 'cancel' | 'pause';
  /** It is to pause because its account is suspended, and goes on by itself when it no longer is. */
  readonly isSuspended: boolean;
  readonly isDeleted: boolean;
  readonly state: JobState;
  /** Why the dataset cannot be used; null when it can; 'pending' while it is not ready. */
  readonly dataset: 'ready' | 'pending' | { readonly problem: string };
  readonly weights: 'ready' | 'absent' | 'fetching' | { readonly problem: string };
  /** The trainer of this job on this host. */
  readonly trainer: 'none' | 'running' | TrainerEnd;
  /** Whether another job trains on this host. */
  readonly isHostBusy: boolean;
  readonly restartCount: number;
}

export interface TrainerEnd {
  readonly outcome: 'done' | 'early-stopped' | 'cancelled' | 'paused' | 'refused' | 'crashed';
  readonly message: string;
}

export type JobState =
  | 'JOB_STATE_CREATING'
  | 'JOB_STATE_VALIDATING'
  | 'JOB_STATE_PENDING'
  | 'JOB_STATE_RUNNING'
  | 'JOB_STATE_WRITING_RESULTS'
  | 'JOB_STATE_COMPLETED'
  | 'JOB_STATE_EARLY_STOPPED'
  | 'JOB_STATE_FAILED'
  | 'JOB_STATE_CANCELLING'
  | 'JOB_STATE_CANCELLED'
  | 'JOB_STATE_PAUSED'
  | 'JOB_STATE_RE_QUEUEING';

export type JobStep =
  | 'fetch-weights'
  | 'start-trainer'
  | 'cancel-trainer'
  | 'pause-trainer'
  | 'register-result'
  | 'remove';

export interface JobPlan {
  readonly steps: readonly JobStep[];
  readonly state: JobState;
  /** Empty unless there is something to tell. */
  readonly message: string;
  readonly code: 'OK' | 'INVALID_ARGUMENT' | 'INTERNAL' | 'UNAVAILABLE';
  readonly isRestart: boolean;
}

/** A trainer that crashes this often in a row crashes because of its job. */
const restartsMax = 3;

const restingStates = new Set<JobState>([
  'JOB_STATE_COMPLETED',
  'JOB_STATE_EARLY_STOPPED',
  'JOB_STATE_FAILED',
  'JOB_STATE_CANCELLED',
]);

/** What to do for a job, from what is true of it. Pure. */
export function planJob(job: JobObservation): JobPlan {
  if (job.isDeleted) return planRemoval(job);
  if (restingStates.has(job.state)) return stay(job.state);
  if (typeof job.trainer === 'object') return planAfterEnd(job, job.trainer);
  if (job.trainer === 'running') return planRunning(job);
  if (job.wanted === 'cancel') return stay('JOB_STATE_CANCELLED');
  if (job.wanted === 'pause') return planPaused(job);
  return planStart(job);
}

/** What was trained cannot be made a model. Pure. */
export function planRefusedResult(problem: string): JobPlan {
  return stay('JOB_STATE_FAILED', { code: 'INVALID_ARGUMENT', message: problem });
}

function planRemoval({ trainer, state }: JobObservation): JobPlan {
  if (trainer === 'running') return stay(state, { steps: ['cancel-trainer'] });
  return stay(state, { steps: ['remove'] });
}

function planRunning({ wanted }: JobObservation): JobPlan {
  if (wanted === 'cancel') return stay('JOB_STATE_CANCELLING', { steps: ['cancel-trainer'] });
  if (wanted === 'pause') return stay('JOB_STATE_RUNNING', { steps: ['pause-trainer'] });
  return stay('JOB_STATE_RUNNING');
}

function planPaused({ isSuspended }: JobObservation): JobPlan {
  const message = 'the account is suspended; the job goes on when that is over';
  return stay('JOB_STATE_PAUSED', isSuspended ? { message } : {});
}

function planAfterEnd(job: JobObservation, end: TrainerEnd): JobPlan {
  switch (end.outcome) {
    case 'done':
      return stay('JOB_STATE_COMPLETED', { steps: ['register-result'] });
    case 'early-stopped':
      return stay('JOB_STATE_EARLY_STOPPED', { steps: ['register-result'] });
    case 'cancelled':
      return stay('JOB_STATE_CANCELLED');
    case 'paused':
      return job.wanted === 'run' ? planStart(job) : planPaused(job);
    case 'refused':
      return stay('JOB_STATE_FAILED', { code: 'INVALID_ARGUMENT', message: end.message });
    case 'crashed':
      if (job.wanted === 'cancel') return stay('JOB_STATE_CANCELLED');
      if (job.wanted === 'pause') return planPaused(job);
      if (job.restartCount >= restartsMax) {
        const message = `the trainer ended ${restartsMax + 1} times: ${end.message}`;
        return stay('JOB_STATE_FAILED', { code: 'INTERNAL', message });
      }
      return { ...planStart(job), isRestart: true };
  }
}

function planStart(job: JobObservation): JobPlan {
  const { dataset, weights, isHostBusy } = job;
  if (typeof dataset === 'object') {
    return stay('JOB_STATE_FAILED', { code: 'INVALID_ARGUMENT', message: dataset.problem });
  }
  if (typeof weights === 'object') {
    return stay('JOB_STATE_PENDING', { code: 'UNAVAILABLE', message: weights.problem });
  }
  if (dataset === 'pending')
    return stay('JOB_STATE_VALIDATING', { message: 'waiting for the dataset to be READY' });
  if (weights === 'absent')
    return stay('JOB_STATE_PENDING', { steps: ['fetch-weights'], message: 'fetching the base model' });
  if (weights === 'fetching') return stay('JOB_STATE_PENDING', { message: 'fetching the base model' });
  if (isHostBusy)
    return stay('JOB_STATE_PENDING', { message: 'waiting for another job to end on this host' });
  return stay('JOB_STATE_RUNNING', { steps: ['start-trainer'] });
}

function stay(state: JobState, rest: Partial<Omit<JobPlan, 'state'>> = {}): JobPlan {
  return { steps: [], message: '', code: 'OK', isRestart: false, ...rest, state };
}
