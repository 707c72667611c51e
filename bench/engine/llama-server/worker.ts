/** The anchor: llama.cpp's own server on the same file, over HTTP on this machine, one thread. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerCommands } from '../../worker.ts';
import { conversationCells, type EngineCommand, promptOf } from '../commands.ts';
import { holdConversations } from '../hold-conversations.ts';
import { startStopwatch } from '../stopwatch.ts';

const [program = '', modelPath = '', threads = '1'] = process.argv.slice(2);
const children: ChildProcess[] = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
process.on('SIGTERM', () => process.exit());

/** Processor time of a process, milliseconds; the kernel counts in tens. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const servers = new Map<string, Promise<Server>>();

interface Server {
  readonly address: string;
  readonly pid: number;
}

/** A server with so many slots and cells, started when first asked for. */
function serverOf(slots: number, cells: number): Promise<Server> {
  const key = `${slots} ${cells}`;
  const known = servers.get(key) ?? start(slots, cells);
  servers.set(key, known);
  return known;
}

async function start(slots: number, cells: number): Promise<Server> {
  const port = await findPort();
  const flags = ['--model', modelPath, '--host', '127.0.0.1', '--port', `${port}`];
  const sizes = [
    '--threads',
    threads,
    '--parallel',
    `${slots}`,
    '--ctx-size',
    `${cells}`,
    '--batch-size',
    '512',
  ];
  const env = { ...process.env, LD_LIBRARY_PATH: dirname(program) };
  const child = spawn(program, [...flags, ...sizes], { stdio: 'ignore', env });
  children.push(child);
  const address = `http://127.0.0.1:${port}`;
  while (!(await isReady(address))) {
    if (child.exitCode !== null) throw new Error(`llama-server ended with ${child.exitCode}`);
    await sleep(100);
  }
  return { address, pid: child.pid! };
}

async function isReady(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/health`)).ok;
  } catch {
    return false;
  }
}

function findPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

async function post<T>(address: string, route: string, body: object): Promise<T> {
  const response = await fetch(`${address}${route}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`llama-server answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

async function complete(address: string, prompt: string | number[], tokens: number, isCached: boolean) {
  const answer = await post<{ tokens: number[]; tokens_predicted: number }>(address, '/completion', {
    prompt,
    n_predict: tokens,
    temperature: 0,
    ignore_eos: true,
    cache_prompt: isCached,
    return_tokens: true,
  });
  if (answer.tokens_predicted !== tokens)
    throw new Error(`llama-server made ${answer.tokens_predicted} tokens`);
  return answer.tokens;
}

answerCommands<EngineCommand>(async (command) => {
  if (command.kind === 'throughput') {
    const { streams, tokens, round } = command;
    // Room for the prompt and its tokens, twice over.
    const { address, pid } = await serverOf(streams, streams * 512);
    const watch = startStopwatch(() => processorMs(pid));
    await Promise.all(
      Array.from({ length: streams }, (_, stream) =>
        complete(address, promptOf(stream, round), tokens, false),
      ),
    );
    return { tokens: streams * tokens, ...watch() };
  }
  if (command.kind !== 'conversations') throw new Error(`llama-server is not asked for ${command.kind}`);
  const { address, pid } = await serverOf(4, conversationCells);
  const watch = startStopwatch(() => processorMs(pid));
  await holdConversations(command, {
    encode: async (content) =>
      (await post<{ tokens: number[] }>(address, '/tokenize', { content, parse_special: true })).tokens,
    answer: (tokens, count) => complete(address, [...tokens], count, command.isCached),
  });
  return { ...watch() };
});
