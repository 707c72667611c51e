import { readFile } from 'node:fs/promises';
import packageFile from '../package.json' with { type: 'json' };
import { type RunningServer, runUntilSignal, type StartEvent, startServer } from './main.ts';
import { loadSettings, SettingsError } from './settings-load.ts';
import { describeFetch, drawBar } from './start/describe-fetch.ts';
import { askFirstQuestion } from './start/first-answer.ts';
import { readStartArguments, startHelp } from './start/read-arguments.ts';
import { openServerLog } from './start/server-log.ts';
import { createStepLines, type StepLines } from './start/step-lines.ts';
import { describeAccess, describeAnswer } from './start/welcome.ts';

/** `npm start`: starts everything, shows how far it is, gets a first answer, and stays until Ctrl-C. */
async function main(flags: readonly string[]): Promise<number> {
  const request = readStartArguments(flags);
  if (request.kind === 'help') {
    process.stdout.write(startHelp);
    return 0;
  }
  const { settings, warnings } = loadSettings(process.env, request.overrides);
  const { log, path: logPath } = openServerLog(settings);
  const lines = createStepLines({
    isTTY: process.stdout.isTTY === true,
    columns: process.stdout.columns ?? 80,
    write: (text) => process.stdout.write(text),
  });
  process.stdout.write(`sparkler ${packageFile.version}\n`);
  for (const warning of warnings) lines.note(warning);
  stopWithParent();
  // `npm start | head` closes the pipe early; the server goes on, it only has nobody to tell any more.
  process.stdout.on('error', (error) => log.info({ err: error }, 'the screen is gone'));
  try {
    const code = await runUntilSignal(
      (signal) => startServer(settings, { log, signal, onProgress: (event) => showEvent(lines, event) }),
      {
        onRunning: (server, stopping) => welcome(server, lines, stopping),
        onStopping: () => lines.begin('Stopping'),
      },
    );
    lines.end();
    return code;
  } catch (error) {
    lines.fail();
    // Errors of settings, ports, folders and disks tell all there is to know; their stack is in nobody's way.
    log.error({ err: error }, 'the start failed');
    const hint = error instanceof SettingsError ? '' : `\nThe log is ${logPath}.`;
    process.stderr.write(`\n${(error as Error).message}${hint}\n`);
    return 1;
  }
}

/** The process that started us (an older Node) may be killed; its end of the channel then closes. */
function stopWithParent(): void {
  if (process.channel === undefined) return;
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
}

function showEvent(lines: StepLines, event: StartEvent): void {
  switch (event.kind) {
    case 'step':
      lines.begin(event.text);
      break;
    case 'model-fetch':
      lines.update(describeFetch(event.progress));
      break;
    case 'model-load':
      lines.update(`loading ${drawBar(event.fraction)} ${Math.round(event.fraction * 100)} %`);
      break;
    case 'notice':
      lines.note(event.text);
      break;
  }
}

/**
 * Waits for the model, asks it something, prints how to go on. Without a model the server runs all the same.
 */
async function welcome(server: RunningServer, lines: StepLines, stopping: AbortSignal): Promise<void> {
  const { baseUrl, defaultModel } = server;
  if (baseUrl === null) {
    lines.note('Running without an API: no role of this process listens.');
    lines.end();
    return;
  }
  const model = defaultModel === null ? null : await waitForModel(server, defaultModel, lines, stopping);
  const apiKey = server.newApiKey ?? (await readKeptKey(server.apiKeyFile));
  const answer =
    model === null || apiKey === null ? null : await askAndTell(baseUrl, apiKey, model, lines, stopping);
  lines.end();
  const signInLink = await server.makeSignInLink();
  process.stdout.write(`\n${describeAccess({ ...server, baseUrl, model, signInLink })}\n`);
  if (answer !== null) process.stdout.write(`${answer}\n`);
  process.stdout.write('Ctrl-C stops everything.\n');
}

async function waitForModel(
  server: RunningServer,
  model: string,
  lines: StepLines,
  stopping: AbortSignal,
): Promise<string | null> {
  lines.begin(`Model ${model.slice(model.lastIndexOf('/') + 1)}`);
  try {
    await server.whenServing(model, stopping);
    return model;
  } catch (error) {
    stopping.throwIfAborted();
    lines.fail();
    lines.note(
      `${(error as Error).message}\n\n  The server runs without a model; it is tried again every minute.`,
    );
    return null;
  }
}

/** The first key may have been deleted by now; then there is nothing to ask with, which is no fault. */
async function readKeptKey(path: string): Promise<string | null> {
  const kept = await readFile(path, 'utf8').catch(() => '');
  return kept.trim() === '' ? null : kept.trim();
}

async function askAndTell(
  baseUrl: string,
  apiKey: string,
  model: string,
  lines: StepLines,
  stopping: AbortSignal,
): Promise<string | null> {
  lines.begin('First answer');
  try {
    const answer = await askFirstQuestion(baseUrl, apiKey, model, stopping);
    return describeAnswer(answer, performance.now());
  } catch (error) {
    stopping.throwIfAborted();
    lines.fail();
    lines.note(`The first question was not answered: ${(error as Error).message}`);
    return null;
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
