import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runFirectl } from '../main.ts';
import { drawCurve, readCurves } from '../output/draw-curve.ts';
import { firectl } from '../testing.ts';

const name = 'accounts/acme/supervisedFineTuningJobs/j';
const metrics = [
  { step: 1, trainLoss: 4 },
  { step: 2, trainLoss: 3 },
  { step: 2, evalLoss: 3.5, best: true },
  { step: 3, trainLoss: 2 },
]
  .map((row) => JSON.stringify(row))
  .join('\n');

/** Answers by path: text as it is, anything else as JSON. A job has its states one after the other. */
let answers: Record<string, unknown>;
let states: string[];
let server: Server;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  states = ['JOB_STATE_RUNNING', 'JOB_STATE_COMPLETED'];
  server = createServer(({ url = '' }, response) => {
    response.setHeader('x-fireworks-account-id', 'acme');
    const path = url.split('?')[0]!;
    const answer = path === `/v1/${name}` ? readJob() : answers[path];
    if (answer === undefined) response.writeHead(404).end('{"code":5,"message":"not found","details":[]}');
    else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  environment = { FIREWORKS_API_KEY: 'k', FIREWORKS_API_BASE: url, FIREWORKS_CONFIG_DIR: '/nowhere' };
  answers = { '/verifyApiKey': {}, '/metrics': metrics, metricsFileSignedUrl: `${url}/metrics` };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function readJob() {
  const { metricsFileSignedUrl } = answers;
  const state = states.length > 1 ? states.shift() : states[0];
  return { name, state, metricsFileSignedUrl, jobProgress: { percent: 50 } };
}

describe('a job that is watched', () => {
  it('is told line by line where there is no terminal, and ends as the job does', async () => {
    const { code, out, note } = await firectl(['get', 'sftj', 'j', '--watch'], environment);
    expect(code).toBe(0);
    expect(out).toContain('State: JOB_STATE_COMPLETED');
    expect(note).toBe(
      ['RUNNING', 'COMPLETED']
        .map((state) => `j JOB_STATE_${state}  50 %  step 3, loss 2.000  evaluation 3.500\n`)
        .join(''),
    );
    states = ['JOB_STATE_RUNNING', 'JOB_STATE_FAILED'];
    expect((await firectl(['get', 'fine-tuning-job', 'j', '--watch'], environment)).code).toBe(5);
  });

  it('is drawn as a curve over itself on a terminal', async () => {
    let shown = '';
    const note = (text: string): void => {
      shown += text;
    };
    const nothing = (): void => undefined;
    const streams = {
      out: nothing,
      write: nothing,
      note,
      isTerminal: true,
      columns: 60,
      ask: async () => null,
    };
    const { signal } = new AbortController();
    expect(await runFirectl(['get', 'sftj', 'j', '--watch'], streams, environment, signal)).toBe(0);
    const curve = drawCurve(readCurves(metrics), 48, 10).join('\n');
    expect(shown.split(curve)).toHaveLength(3);
    expect(shown).toContain('\x1b[12A\x1b[J');
  });

  it('without metrics is told so', async () => {
    answers.metricsFileSignedUrl = '';
    const { code, note } = await firectl(['get', 'sftj', 'j', '--watch'], environment);
    expect({ code, note }).toEqual({ code: 0, note: expect.stringContaining('gave no metrics') });
  });
});

describe('a curve', () => {
  it('falls from left above to right below, evaluations apart', () => {
    const train = [4, 3, 2].map((loss, step) => ({ step, loss }));
    expect(drawCurve({ train, evaluation: [{ step: 1, loss: 4 }] }, 5, 3)).toEqual([
      '   4.00 |* o',
      '        |  *',
      '   2.00 |    *',
      '         step 2',
    ]);
  });

  it('of nothing, or of one value, is drawn too', () => {
    expect(drawCurve({ train: [], evaluation: [] }, 5, 3)).toEqual([]);
    expect(drawCurve({ train: [{ step: 0, loss: 1 }], evaluation: [] }, 5, 3)[0]).toBe('   1.00 |*');
    expect(readCurves('{"step":1,"trainLoss":2}\n{"step":2,"tra')).toEqual({
      train: [{ step: 1, loss: 2 }],
      evaluation: [],
    });
  });
});

describe('a job that is only looked at', () => {
  it('is sent as it would be made, and what comes back is shown', async () => {
    const path = '/v1/accounts/acme/supervisedFineTuningJobs:preview';
    answers[path] = { steps: 12, trainedTokens: '3456', estimatedDuration: '78s' };
    const words = ['preview', 'sftj', '--base-model', 'b', '--dataset', 'd', '--epochs', '2'];
    const shown = await firectl([...words, '-o', 'json'], environment);
    expect(shown.code).toBe(0);
    expect(JSON.parse(shown.out)).toEqual(answers[path]);
    const dry = await firectl([...words, '--dry-run', '-o', 'json'], environment);
    expect(JSON.parse(dry.out)).toMatchObject({ path, body: { baseModel: 'b', dataset: 'd', epochs: 2 } });
  });
});

describe('logs and usage', () => {
  it('prints logs from where the job says, or says that there are none', async () => {
    expect(await firectl(['logs', 'sftj', 'j'], environment)).toMatchObject({ code: 0, out: metrics });
    answers.metricsFileSignedUrl = '';
    const none = await firectl(['logs', 'sftj', 'j'], environment);
    expect(none).toMatchObject({ code: 1, note: expect.stringContaining('gives no logs of') });
    answers['/v1/accounts/acme/batchJobs/b:getLogs'] = {
      entries: [{ logTime: '2026-01-01T00:00:00Z', message: 'hello' }],
    };
    const batch = await firectl(['logs', 'batch-job', 'b'], environment);
    expect(batch).toMatchObject({ code: 0, out: '2026-01-01T00:00:00Z hello\n' });
  });

  it('shows what was used of each quota', async () => {
    answers['/v1/accounts/acme/quotas'] = {
      quotas: [
        { name: 'accounts/acme/quotas/monthly-spend-usd', value: '50', usage: 12.5 },
        { name: 'accounts/acme/quotas/deployed-loras', value: '0', usage: 0 },
      ],
    };
    expect((await firectl(['usage'], environment)).out).toBe(
      'QUOTA              USED  LIMIT  SHARE\nmonthly-spend-usd  12.5  50     25.0 %\ndeployed-loras     none  none\n',
    );
    const json = JSON.parse((await firectl(['usage', '-o', 'json'], environment)).out);
    expect(json[0]).toEqual({ quota: 'monthly-spend-usd', used: 12.5, limit: 50, share: 0.25 });
  });
});
