import fc from 'fast-check';
import { expect, it } from 'vitest';
import { estimateTrainingSpeed } from './estimate-training-speed.ts';

it('is in proportion to what the processor was measured to compute', () => {
  const host = fc.record({
    flopsPerThread: fc.double({ min: 1e8, max: 1e13, noNaN: true }),
    threads: fc.integer({ min: 1, max: 256 }),
    parameters: fc.integer({ min: 0, max: 1e11 }),
  });
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 100 }), (asked, factor) => {
      const speed = estimateTrainingSpeed(asked);
      const faster = { ...asked, flopsPerThread: asked.flopsPerThread * factor };
      expect(speed).toBeGreaterThan(0);
      expect(estimateTrainingSpeed(faster) / speed / factor).toBeCloseTo(1, 9);
      const wider = { ...asked, threads: asked.threads * factor };
      expect(estimateTrainingSpeed(wider) / speed / factor).toBeCloseTo(1, 9);
    }),
  );
});

it('is near what was measured of SmolLM2-135M: 142 tokens a second', () => {
  const smollm = { flopsPerThread: 130e9, threads: 1, parameters: 134_515_008 };
  expect(estimateTrainingSpeed(smollm) / 142).toBeGreaterThan(0.5);
  expect(estimateTrainingSpeed(smollm) / 142).toBeLessThan(2);
});
