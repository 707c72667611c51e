import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { openPythonEnvironment } from '../e2e/python-environment.ts';

const run = promisify(execFile);
const folder = new URL('./samples/', import.meta.url);

/** Where samples are sent to instead of the provider's address. */
export interface SampleTarget {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
}

/** What a sample printed, and its stack trace if it failed. */
export interface SampleResult {
  readonly output: string;
  readonly error: string | null;
}

/** Names of a guide's samples with this ending. */
export function listSamples(guide: string, ending: string): string[] {
  return readdirSync(new URL(`${guide}/`, folder)).filter((name) => name.endsWith(ending));
}

/** The sample as printed in the guide, with base URL, key and model name changed and nothing else. */
export function readSample(guide: string, name: string, target: SampleTarget): string {
  return readFileSync(new URL(`${guide}/${name}`, folder), 'utf8')
    .replaceAll('https://api.fireworks.ai/inference/v1', `${target.baseUrl}/inference/v1`)
    .replaceAll(/(api_key ?= ?|_API_KEY=)""/g, `$1"${target.apiKey}"`)
    .replaceAll(/"your_api_key"/gi, `"${target.apiKey}"`)
    .replaceAll(/Bearer '(?=\s)/g, `Bearer ${target.apiKey}'`)
    .replaceAll(
      /(["'])(accounts\/fireworks\/models\/[\w-]+|fireworks\/deepseek-r1|nomic-ai\/nomic-embed-text-v1\.5)\1/g,
      `$1${target.model}$1`,
    )
    .replaceAll('model="..."', `model="${target.model}"`);
}

/** A program of the tests' own, from `tests/e2e/programs`. */
export function readProgram(name: string): string {
  return readFileSync(new URL(`../e2e/programs/${name}`, import.meta.url), 'utf8');
}

function environmentFor(target: SampleTarget): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    API_KEY: target.apiKey,
    FIREWORKS_API_KEY: target.apiKey,
    FIREWORKS_API_BASE: `${target.baseUrl}/inference/v1`,
    OPENAI_API_KEY: target.apiKey,
    OPENAI_API_BASE: `${target.baseUrl}/inference/v1`,
  };
}

/** One process for all: importing the clients takes longer than the samples do. */
const driver = `
import contextlib, io, json, sys, traceback
told = {}
for name, code in json.load(sys.stdin).items():
    output = io.StringIO()
    error = None
    try:
        with contextlib.redirect_stdout(output):
            exec(compile(code, name, "exec"), {"__name__": "__main__"})
    except BaseException:
        error = traceback.format_exc()
    told[name] = {"output": output.getvalue(), "error": error}
json.dump(told, sys.stdout)
`;

/**
 * Runs Python programs one after another, each with globals of its own.
 * @param programs code by name.
 */
export async function runPython(
  python: string,
  programs: Readonly<Record<string, string>>,
  target: SampleTarget,
): Promise<Record<string, SampleResult>> {
  const env = environmentFor(target);
  const child = spawn(python, ['-c', driver], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(programs));
  const [told] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return JSON.parse(told) as Record<string, SampleResult>;
}

/**
 * Runs a guide's Python samples, or tells why there is no Python to run them.
 * @param complete adds what a snippet needs that is no program by itself.
 */
export async function runPythonSamples(
  guide: string,
  names: readonly string[],
  target: SampleTarget,
  complete: (code: string, name: string) => string = (code) => code,
  environment: 'current' | 'openai-0' = 'current',
): Promise<Record<string, SampleResult> | string> {
  const python = await openPythonEnvironment(environment).catch((error: Error) => error);
  if (python instanceof Error) return python.message;
  const programs = names.map((name) => [name, complete(readSample(guide, name, target), name)]);
  return await runPython(python, Object.fromEntries(programs), target);
}

/** Runs a sample for a shell; rejects when it fails. */
export async function runShell(guide: string, name: string, target: SampleTarget): Promise<string> {
  const code = readSample(guide, name, target);
  return (await run('sh', ['-c', code], { env: environmentFor(target) })).stdout;
}

/** Runs a sample for Node.js, with the clients of this repository; rejects when it fails. */
export async function runNode(guide: string, name: string, target: SampleTarget): Promise<string> {
  const flags = ['--input-type=module', '--eval', readSample(guide, name, target)];
  return (await run(process.execPath, flags, { env: environmentFor(target) })).stdout;
}
