import { expect, test } from 'vitest';
import type { GenerationEvent } from '../generation.ts';
import { GenerationJob } from '../generation-job.ts';
import { makeRequest } from '../testing/requests.ts';
import { FairQueue } from './fair-queue.ts';

let arrivals = 0;

function makeJob(
  id: string,
  tenant: string,
  overrides: Parameters<typeof makeRequest>[0] = {},
  listener: (event: GenerationEvent) => void = () => undefined,
): GenerationJob {
  return new GenerationJob(makeRequest({ id, tenant, ...overrides }), listener, arrivals++, {});
}

function orderOf(queue: FairQueue): string[] {
  return queue.order().map(({ request }) => request.id);
}

test('a tenant with many requests delays that of another by one', () => {
  const queue = new FairQueue();
  for (const id of ['a1', 'a2', 'a3', 'a4']) queue.push(makeJob(id, 'a'));
  queue.push(makeJob('b1', 'b'));
  expect(orderOf(queue)).toEqual(['a1', 'b1', 'a2', 'a3', 'a4']);
});

test('who was served less goes first', () => {
  const queue = new FairQueue();
  const jobs = [makeJob('a1', 'a'), makeJob('b1', 'b'), makeJob('c1', 'c')];
  for (const job of jobs) queue.push(job);
  queue.charge(jobs[0]!, 500);
  queue.charge(jobs[1]!, 100);
  expect(orderOf(queue)).toEqual(['c1', 'b1', 'a1']);
});

test('a larger priority goes first whatever was served', () => {
  const queue = new FairQueue();
  const urgent = makeJob('urgent', 'a', { priority: 1 });
  for (const job of [makeJob('late', 'b', { priority: -1 }), makeJob('plain', 'b'), urgent]) queue.push(job);
  queue.charge(urgent, 10_000);
  expect(orderOf(queue)).toEqual(['urgent', 'plain', 'late']);
});

test('coming late or coming back earns no credit', () => {
  const queue = new FairQueue();
  const [first, second] = [makeJob('a1', 'a'), makeJob('b1', 'b')];
  queue.push(first);
  queue.push(second);
  queue.charge(first, 1000);
  queue.charge(second, 900);
  queue.remove(first);
  queue.remove(second);
  queue.push(makeJob('c1', 'c'));
  queue.push(makeJob('c2', 'c'));
  queue.push(makeJob('b2', 'b'));
  // c starts at b's 900, not at 0: its second request comes after b's.
  expect(orderOf(queue)).toEqual(['c1', 'b2', 'c2']);
});

test('a tenant that leaves keeps what it was served, so that asking one at a time gains nothing', () => {
  const queue = new FairQueue();
  const greedy = makeJob('a1', 'a');
  queue.push(greedy);
  queue.push(makeJob('b1', 'b'));
  queue.charge(greedy, 1000);
  queue.leave(greedy);
  queue.push(makeJob('a2', 'a'));
  queue.push(makeJob('b2', 'b'));
  expect(orderOf(queue)).toEqual(['b1', 'b2', 'a2']);
});

test('positions are told once, and again when they change', () => {
  const queue = new FairQueue();
  const told: string[] = [];
  const listen = (id: string) => (event: GenerationEvent) => {
    if (event.type === 'queue') told.push(`${id}:${event.position}`);
  };
  const jobs = ['a1', 'a2', 'a3'].map((id) => makeJob(id, 'a', {}, listen(id)));
  for (const job of jobs) queue.push(job);
  queue.sendPositions();
  queue.sendPositions();
  queue.remove(jobs[0]!);
  queue.sendPositions();
  expect(told).toEqual(['a1:0', 'a2:1', 'a3:2', 'a2:0', 'a3:1']);
});

test('places that change by what others are served are told too', () => {
  const queue = new FairQueue();
  const told: string[] = [];
  const listen = (id: string) => (event: GenerationEvent) => {
    if (event.type === 'queue') told.push(`${id}:${event.position}`);
  };
  const running = makeJob('a1', 'a');
  queue.push(running);
  queue.remove(running);
  queue.push(makeJob('a2', 'a', {}, listen('a2')));
  queue.push(makeJob('b1', 'b', {}, listen('b1')));
  queue.sendPositions();
  queue.charge(running, 1000);
  for (let step = 0; step < 40; step++) queue.sendPositions();
  expect(told).toEqual(['a2:0', 'b1:1', 'b1:0', 'a2:1']);
});
