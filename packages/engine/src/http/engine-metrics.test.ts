import { expect, test } from 'vitest';
import { completion, openHttp } from '../testing/open-http.ts';

test('metrics tell of each phase of a step, of the cache under pressure and of requests', async () => {
  const limits = { cellsMax: 150, sequencesMax: 4 };
  await using http = openHttp({ model: { limits }, policy: { hostBytesMax: 100_000 } });
  const text = 'abcdefghijklmnopqrstuvwxyzabcdefghijklmn';
  const ask = (more: object) => http.post('/v1/completions', completion(text, more));
  await Promise.all(['a', 'b', 'c', 'd'].map((key) => ask({ prompt_cache_isolation_key: key })));
  await ask({ prompt_cache_isolation_key: 'a' });
  await ask({ response_format: { type: 'json_object' } });
  const lines = (await http.server.inject({ url: '/metrics' })).payload.split('\n');
  const read = (name: string) => {
    const line = lines.find((known) => known.startsWith(`sparkler_engine_${name} `));
    return Number(line?.split(' ').at(-1));
  };
  for (const phase of ['schedule', 'forward', 'sample', 'mask', 'total'])
    expect(read(`step_seconds_count{phase="${phase}"}`), phase).toBeGreaterThan(0);
  expect(read('step_seconds_sum{phase="mask"}')).toBeGreaterThan(0);
  for (const kind of ['prefill', 'decode'])
    expect(read(`rows_total{kind="${kind}"}`), kind).toBeGreaterThan(0);
  expect(read('batch_fill_ratio_count')).toBe(read('step_seconds_count{phase="total"}'));
  for (const kind of ['preempted', 'evicted', 'restored'])
    expect(read(`cache_moves_total{kind="${kind}"}`), kind).toBeGreaterThan(0);
  expect(read('cache_repairs_total')).toBe(0);
  expect(read('host_cache_bytes')).toBeGreaterThan(0);
  expect(read('cells')).toBe(150);
  expect(read('cells_used')).toBe(http.engine.status().cellsUsed);
  for (const name of ['requests_running', 'requests_waiting', 'adapters']) expect(read(name), name).toBe(0);
  expect(read('requests_total{end="finish"}')).toBe(6);
  for (const kind of ['prompt', 'generated'])
    expect(read(`tokens_total{kind="${kind}"}`), kind).toBeGreaterThan(50);
  for (const phase of ['queue', 'prefill', 'decode', 'first_token'])
    expect(read(`request_seconds_count{phase="${phase}"}`), phase).toBe(6);
});
