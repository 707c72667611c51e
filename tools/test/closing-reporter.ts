import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** What `npm test` says at its end. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
  /** Tests that failed at first and passed when tried again: to be looked into. */
  readonly unsteady: readonly { readonly name: string; readonly error: string }[];
  readonly slowest: readonly { readonly file: string; readonly seconds: number }[];
}

export interface SkippedTest {
  readonly name: string;
  readonly reason: string;
}

/** Where the reporter leaves its summary; the run that started vitest sets it. */
export const summaryVariable = 'TEST_SUMMARY_PATH';

/** A vitest reporter that counts. Files that can't be loaded and errors outside tests count as failures. */
export default class ClosingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const path = process.env[summaryVariable];
    if (path === undefined) return;
    writeFileSync(path, JSON.stringify(summarize(modules, unhandledErrors.length)));
  }
}

function summarize(modules: readonly TestModule[], unhandledErrors: number): TestSummary {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const failedTests = tests.filter((test) => test.result().state === 'failed');
  const failedModules = modules.filter(
    (module) => module.state() === 'failed' && !failedTests.some((test) => test.module === module),
  );
  const skipped = tests.flatMap((test) => {
    const result = test.result();
    if (result.state !== 'skipped') return [];
    return [
      {
        name: nameOf(test),
        reason: result.note ?? reasonInName(test.name),
      },
    ];
  });
  const unsteady = tests.flatMap((test) => {
    if (test.diagnostic()?.flaky !== true) return [];
    return [{ name: nameOf(test), error: test.result().errors?.[0]?.message ?? 'no message' }];
  });
  const slowest = modules
    .map((module) => ({ file: module.relativeModuleId, seconds: module.diagnostic().duration / 1000 }))
    .sort((left, right) => right.seconds - left.seconds)
    .slice(0, 8);
  return {
    passed: tests.filter((test) => test.result().state === 'passed').length,
    failed: failedTests.length + failedModules.length + unhandledErrors,
    skipped,
    unsteady,
    slowest,
  };
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

/** `test.skipIf` takes no reason, so it stands at the end of the name: `… (skipped: no compiler)`. */
function reasonInName(name: string): string {
  return /\(skipped: (.+)\)$/.exec(name)?.[1] ?? 'no reason given';
}
