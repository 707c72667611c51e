import { afterAll, beforeAll, expect, test } from 'vitest';
import { reviewGpuHours } from '../../packages/server/src/billing/review-gpu-hours.ts';
import { addCharges } from '../../packages/server/src/store/charges.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

let plane: ControlPlane;
let operator: string;
beforeAll(async () => {
  plane = await startControlPlane();
  operator = await plane.makeUser('local', 'root', 'admin');
});
afterAll(() => plane.close());

const quotas = '/v1/accounts/acme/quotas';
const spend = `${quotas}/monthly-spend-usd`;

test('an account sees its limits, what it used of them, and which wait for an API', async () => {
  const { body } = await plane.call('GET', quotas);
  const rows = body.quotas.map(({ name, value }: { name: string; value: string }) => [
    name.split('/').at(-1),
    value,
  ]);
  expect(Object.fromEntries(rows)).toEqual({
    'monthly-spend-usd': '50',
    'deployed-loras': '100',
    'gpu-hours-per-month': '2000',
    'requests-per-minute': '6000',
    'tokens-per-day-under-40b': '2500000000',
    'tokens-per-day-40b-to-100b': '1250000000',
    'tokens-per-day-over-100b': '600000000',
    'audio-minutes-per-minute-whisper-v3-large': '200',
    'audio-minutes-per-minute-whisper-v3-turbo': '400',
    'streaming-transcription-connections': '10',
  });
  const audio = await plane.call('GET', `${quotas}/audio-minutes-per-minute-whisper-v3-large`);
  expect(audio.body.explanation).toContain('enforced when this server has that API');
});

test('an administrator lowers the monthly limit, and raises it no higher than the tier', async () => {
  expect((await plane.call('PATCH', spend, { value: '20' })).body).toMatchObject({
    value: '20',
    maxValue: '50',
  });
  const { rows } = await plane.database.pool.query(
    `select own_limit_nanos as own from accounts where id = 'acme'`,
  );
  expect(rows[0].own).toBe(20_000_000_000);
  expect((await plane.call('PATCH', spend, { value: '51' })).body).toMatchObject({ code: 3 });
  expect((await plane.call('PATCH', spend, { maxValue: '500' })).body).toMatchObject({ code: 3 });
  expect((await plane.call('PATCH', spend, { value: '50' })).body).toMatchObject({ value: '50' });
  const key = await plane.makeUser('acme', 'plain', 'user');
  expect((await plane.call('PATCH', spend, { value: '1' }, { key })).status).toBe(403);
  expect((await plane.call('PATCH', `${quotas}/other`, { value: '5' })).status).toBe(404);
});

test('other limits are lowered alike; only an operator raises what they may be', async () => {
  const rate = `${quotas}/requests-per-minute`;
  expect((await plane.call('PATCH', rate, { value: '10' })).body).toMatchObject({
    value: '10',
    maxValue: '6000',
  });
  expect((await plane.call('PATCH', rate, { value: '6001' })).body).toMatchObject({ code: 3 });
  const refused = await plane.call('PATCH', rate, { maxValue: '9000' });
  expect(refused.body).toMatchObject({ code: 3, message: expect.stringContaining('maxValue') });
  const asOperator = { key: operator };
  const raised = await plane.call('PATCH', rate, { maxValue: '9000' }, asOperator);
  expect(raised.body).toMatchObject({ value: '10', maxValue: '9000' });
  expect((await plane.call('PATCH', rate, { value: '9000' })).body).toMatchObject({ value: '9000' });
  // What was as high as it could be stays so.
  const back = await plane.call('PATCH', rate, { maxValue: '6000' }, asOperator);
  expect(back.body).toMatchObject({ value: '6000', maxValue: '6000' });
});

test('accelerator hours that are used up are marked until the quota or the month is another', async () => {
  const { context } = plane;
  const day = new Date(context.now()).toISOString().slice(0, 10);
  const gpuSeconds = 2_000 * 3_600;
  const charge = {
    account: 'acme',
    period: day.slice(0, 7),
    day,
    kind: 'gpu' as const,
    model: 'm',
    costNanos: 0,
  };
  await addCharges(context.db, [{ ...charge, gpuSeconds: gpuSeconds - 1 }]);
  expect(await reviewGpuHours(context)).toEqual([]);
  await addCharges(context.db, [{ ...charge, gpuSeconds: 1 }]);
  expect(await reviewGpuHours(context)).toEqual(['acme']);
  expect(await reviewGpuHours(context)).toEqual([]);
  const hours = `${quotas}/gpu-hours-per-month`;
  expect((await plane.call('GET', hours)).body).toMatchObject({ usage: 2000 });
  await plane.call('PATCH', hours, { maxValue: '3000' }, { key: operator });
  expect(await reviewGpuHours(context)).toEqual(['acme']);
  const next = { ...context, now: () => context.now() + 32 * 86_400_000 };
  await plane.call('PATCH', hours, { value: '10' });
  expect(await reviewGpuHours(context)).toEqual(['acme']);
  expect(await reviewGpuHours(next)).toEqual(['acme']);
});
