/**
 * `npm test`: fetches the model that tests want, then runs every test and check of the repository.
 * The last line is `N passed, N failed` with `, N skipped` if any were. Arguments go to vitest, e.g. a path.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { summaryVariable, type TestSummary } from './test/closing-reporter.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const summaryPath = join(root, '.cache', `test-summary-${process.pid}.json`);

/** Resolves with the exit code; the child writes to our own terminal. */
function runNode(programArguments: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, programArguments, {
      cwd: root,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const stop = (signal: NodeJS.Signals) => child.kill(signal);
    process.on('SIGTERM', stop).on('SIGINT', stop);
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function readSummary(): TestSummary | undefined {
  try {
    return JSON.parse(readFileSync(summaryPath, 'utf8')) as TestSummary;
  } catch {
    // vitest died before its end; the caller counts that as a failure.
    return undefined;
  }
}

/** Skipped tests by reason, tests that needed a second try, the slowest files, then the closing line. */
function printSummary(summary: TestSummary, seconds: number): void {
  const reasons = Map.groupBy(summary.skipped, ({ reason }) => reason);
  for (const [reason, tests] of reasons) {
    console.log(`\nSkipped (${reason}):`);
    for (const { name } of tests) console.log(`  ${name}`);
  }
  if (summary.unsteady.length > 0)
    console.log('\nFailed at first, passed when tried again (look into these):');
  for (const { name, error } of summary.unsteady) console.log(`  ${name}\n    ${error.split('\n')[0]}`);
  const slowest = summary.slowest.map(
    ({ file, seconds: taken }) => `  ${taken.toFixed(1).padStart(6)} s  ${file}`,
  );
  console.log(`\nSlowest files:\n${slowest.join('\n')}\nAll tests took ${seconds.toFixed(0)} s.\n`);
  const skipped = summary.skipped.length > 0 ? `, ${summary.skipped.length} skipped` : '';
  console.log(`${summary.passed} passed, ${summary.failed} failed${skipped}`);
}

const begin = performance.now();
mkdirSync(join(root, '.cache'), { recursive: true });
console.log('Fetching the model that tests use …');
// Without it the tests that need it skip themselves, and say so.
await runNode(['tools/fetch-model.ts'], process.env);
const exitCode = await runNode(
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    // Real processes, sockets and clocks on a busy machine: two more tries, and the summary names who needed
    // it.
    '--retry=2',
    '--reporter=default',
    '--reporter=./tools/test/closing-reporter.ts',
    ...process.argv.slice(2),
  ],
  { ...process.env, [summaryVariable]: summaryPath },
);
const summary = readSummary();
rmSync(summaryPath, { force: true });
if (summary === undefined) {
  console.log(`The test runner ended with ${exitCode} before its end.\n0 passed, 1 failed`);
  process.exitCode = 1;
} else {
  printSummary(summary, (performance.now() - begin) / 1000);
  process.exitCode = exitCode === 0 && summary.failed > 0 ? 1 : exitCode;
}
