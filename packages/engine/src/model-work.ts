import { text } from 'node:stream/consumers';
import type { ModelTask } from './model-work/protocol.ts';
import { runTask } from './model-work/run-task.ts';

/**
 * Entry of the model-work process: reads one task (model-work/protocol.ts) from standard input, writes one
 * line with the reply. Ends with 0 when it replied, also with a refusal; anything else is a failure, told on
 * standard error.
 */
try {
  const task = JSON.parse(await text(process.stdin)) as ModelTask;
  const reply = await runTask(task);
  process.stdout.write(`${JSON.stringify(reply)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
