import { ApiError } from '@sparkler/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isSigned, type SignedAccess, signQuery } from '../../blobs/signed-urls.ts';
import type { Database } from '../../store/database.ts';
import { readJobEvents, readJobMetrics, type StoredJobEvent } from '../../store/fine-tuning-events.ts';
import { readJob } from '../../store/fine-tuning-jobs.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';

type Parts = Pick<ControlPlaneContext, 'db' | 'blobSecret' | 'now'>;

const path = '/fine-tuning-metrics/';
/** Long enough to watch a job over a working day. */
const lifeMs = 12 * 3600 * 1000;

/**
 * URLs that need no key: of a job's metrics (with .csv in place of .jsonl the same as CSV), and of its log.
 */
export function signJobUrls({ blobSecret, now }: Parts, baseUrl: string, job: string) {
  const [, account = '', , id = ''] = job.split('/');
  const query = signQuery(blobSecret, describeAccess(account, id, now() + lifeMs));
  const urlOf = (file: keyof typeof files) => `${baseUrl}${path}${account}/${id}/${file}?${query}`;
  return { metricsFileSignedUrl: urlOf('metrics.jsonl'), trainerLogsSignedUrl: urlOf('trainer.log') };
}

/** All forms are one access. No blob can have such a key, so a URL of the one never opens the other. */
function describeAccess(account: string, id: string, expireTimeMs: number): SignedAccess {
  return { method: 'GET', key: `${path}${account}/${id}`, expireTimeMs, sizeBytes: null };
}

/** The route that signed metrics URLs lead to: what is known so far, step by step. */
export function mountMetricsFiles(app: FastifyInstance, parts: Parts): void {
  app.get(`${path}:account/:job/:file`, async (request: FastifyRequest, reply: FastifyReply) => {
    const { account = '', job = '', file = '' } = request.params as Record<string, string>;
    const write = Object.hasOwn(files, file) ? files[file as keyof typeof files] : undefined;
    const { expires, signature } = request.query as Readonly<Record<string, unknown>>;
    const access = describeAccess(account, job, Number(expires) * 1000);
    if (typeof signature !== 'string' || !isSigned(parts.blobSecret, access, signature)) {
      throw new ApiError('PERMISSION_DENIED', 'the signature of this URL is wrong; use the URL unchanged');
    }
    if (parts.now() >= access.expireTimeMs) {
      throw new ApiError('PERMISSION_DENIED', 'this URL has expired; get the job again for a new one');
    }
    const name = `accounts/${account}/supervisedFineTuningJobs/${job}`;
    if (write === undefined || (await readJob(parts.db, name)) === null) {
      throw new ApiError(
        'NOT_FOUND',
        `there is no ${file} of ${name}; use metrics.jsonl, metrics.csv or trainer.log`,
      );
    }
    return reply.type(write.type).send(write.text(await write.read(parts.db, name)));
  });
}

interface JobFile {
  readonly type: string;
  read(db: Database, job: string): Promise<StoredJobEvent[]>;
  text(rows: readonly StoredJobEvent[]): string;
}

/** Steps of the longest jobs, and then some. */
const logLinesMax = 1_000_000;

const files = {
  'metrics.jsonl': { type: 'application/jsonl; charset=utf-8', read: readJobMetrics, text: writeJsonLines },
  'metrics.csv': { type: 'text/csv; charset=utf-8', read: readJobMetrics, text: writeCsv },
  'trainer.log': {
    type: 'text/plain; charset=utf-8',
    read: (db, job) => readJobEvents(db, job, '0', logLinesMax),
    text: writeLog,
  },
} satisfies Readonly<Record<string, JobFile>>;

/** For people: what was said and measured, in order. It is kept in the database, so any server has it. */
function writeLog(rows: readonly StoredJobEvent[]): string {
  return rows
    .map(({ time, level, type, message, metrics }) => {
      const numbers = Object.entries(metrics ?? {}).map(([name, value]) => `${name}=${value}`);
      return `${[time.toISOString(), level, type, message, ...numbers].filter(Boolean).join(' ')}\n`;
    })
    .join('');
}

/** One object a line, as the trainer said them: `{"type":"metric","time",…,"step","trainLoss",…}`. */
function writeJsonLines(rows: readonly StoredJobEvent[]): string {
  return rows
    .map(({ type, time, metrics }) => `${JSON.stringify({ type, time: time.toISOString(), ...metrics })}\n`)
    .join('');
}

/** Columns as OpenAI's result files have them, and two more: column -> our name. */
const columns = {
  step: 'step',
  train_loss: 'trainLoss',
  train_mean_token_accuracy: 'trainMeanTokenAccuracy',
  valid_loss: 'evalLoss',
  valid_mean_token_accuracy: 'evalMeanTokenAccuracy',
  learning_rate: 'learningRate',
  gradient_norm: 'gradientNorm',
} as const;

/** One row a step, with the evaluation after it where there was one. Numbers only, so nothing is quoted. */
function writeCsv(rows: readonly StoredJobEvent[]): string {
  const steps = new Map<number, Record<string, unknown>>();
  for (const { metrics } of rows) {
    if (metrics !== null) steps.set(metrics.step, { ...steps.get(metrics.step), ...metrics });
  }
  const lines = [...steps.values()].map((step) =>
    Object.values(columns)
      .map((name) => step[name] ?? '')
      .join(','),
  );
  return `${[Object.keys(columns).join(','), ...lines].join('\n')}\n`;
}
