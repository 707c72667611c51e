import { waitForResource } from '../await-resource.ts';
import { resources } from '../contract.ts';
import { type Curves, drawCurve, readCurves } from '../output/draw-curve.ts';
import type { Session } from '../session.ts';

interface Job {
  readonly name: string;
  readonly state?: string;
  readonly status?: { readonly message?: string } | null;
  readonly metricsFileSignedUrl?: string;
  readonly jobProgress?: { readonly percent?: number; readonly epoch?: number } | null;
}

const heightLines = 10;

/**
 * Follows a fine-tuning job to its end: on a terminal its progress and losses as a curve, drawn over itself;
 * elsewhere a line for each change. Throws ResourceFailedError when the job ends badly.
 */
export async function watchJob(session: Session, name: string): Promise<Job> {
  const { streams, flags } = session;
  let drawn = 0;
  let said = '';
  let metricsUrl = '';
  const show = async (job: Job): Promise<void> => {
    metricsUrl = job.metricsFileSignedUrl ?? '';
    const curves = await fetchCurves(session, metricsUrl);
    const summary = describe(job, curves);
    if (flags.quiet || summary === said) return;
    said = summary;
    if (!streams.isTerminal) {
      streams.note(`${summary}\n`);
      return;
    }
    const lines = [summary, ...drawCurve(curves, Math.max(20, streams.columns - 12), heightLines)];
    streams.note(`${drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ''}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const done = await waitForResource<Job>(session, resources.supervisedFineTuningJobs, name, show);
  if (metricsUrl === '' && !flags.quiet)
    streams.note('The server gave no metrics of this job (metricsFileSignedUrl): there is no curve.\n');
  return done;
}

/** Losses so far; none while the job has no metrics. */
async function fetchCurves(session: Session, url: string): Promise<Curves> {
  if (url === '') return readCurves('');
  const response = await fetch(url, { signal: session.signal });
  return readCurves(response.ok ? await response.text() : '');
}

function describe({ name, state = '', status, jobProgress }: Job, { train, evaluation }: Curves): string {
  const [last, checked] = [train.at(-1), evaluation.at(-1)];
  return [
    [`${name.split('/').at(-1)} ${state}`, status?.message].filter(Boolean).join(': '),
    jobProgress?.percent ? `${jobProgress.percent} %` : '',
    last === undefined ? '' : `step ${last.step}, loss ${last.loss.toPrecision(4)}`,
    checked === undefined ? '' : `evaluation ${checked.loss.toPrecision(4)}`,
  ]
    .filter(Boolean)
    .join('  ');
}
