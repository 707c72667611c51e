import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Candidates, weighAll } from './candidates.ts';
import { createNoiseKey } from './noise.ts';
import { drawByRace } from './race.ts';
import { raceLogits } from './race-logits.ts';

const logit = fc.oneof(
  { weight: 20, arbitrary: fc.double({ min: -30, max: 30, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NEGATIVE_INFINITY, 0, 12) },
);

test('draws what a race of weighed candidates draws', () => {
  fc.assert(
    fc.property(
      fc.array(logit, { minLength: 1, maxLength: 300 }),
      fc.oneof(fc.double({ min: 0.01, max: 2, noNaN: true }), fc.constantFrom(1e-300, 1e-6, 1, 100)),
      fc.maxSafeNat(),
      (values, temperature, seed) => {
        const logits = Float32Array.from(values);
        const candidates = new Candidates(logits.length);
        const possible = weighAll(candidates, logits, temperature, null);
        for (let position = 0; position < 8; position++) {
          const key = createNoiseKey(seed, 0, position);
          expect(raceLogits(logits, temperature, key)).toBe(possible ? drawByRace(candidates, key) : -1);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('over a vocabulary as large as real ones too', () => {
  const logits = Float32Array.from({ length: 50_000 }, (_, token) => 8 * Math.sin(token * 12.9898) ** 5);
  const candidates = new Candidates(logits.length);
  weighAll(candidates, logits, 0.9, null);
  const drawn = new Set<number>();
  for (let position = 0; position < 200; position++) {
    const key = createNoiseKey(7, 0, position);
    const token = raceLogits(logits, 0.9, key);
    expect(token).toBe(drawByRace(candidates, key));
    drawn.add(token);
  }
  expect(drawn.size).toBeGreaterThan(50);
});
