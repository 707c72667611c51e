import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'tests/**/*.test.ts',
      'tools/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    pool: 'forks',
    maxWorkers: 2,
    // Ends what hangs; a machine that is busy with other work is no reason to fail.
    testTimeout: 180_000,
    hookTimeout: 240_000,
  },
});
