import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where it is, or why there is none. */
export type LlamaServer = { readonly path: string } | { readonly reason: string };

/** By path: the packages export no package.json. */
const packages = fileURLToPath(new URL('../../anchors/node_modules', import.meta.url));
const tools = ['git', 'cmake', 'c++'] as const;

/**
 * llama.cpp's own server, compiled once into the model cache: no package ships it, but the sources lie in
 * node-llama-cpp's and the libraries are prebuilt. Ten minutes on two cores. `SPARKLER_LLAMA_SERVER` names
 * another one. Never throws: without it a benchmark says so and measures the rest.
 */
export function buildLlamaServer(tell: (text: string) => void): LlamaServer {
  const given = process.env.SPARKLER_LLAMA_SERVER;
  if (given) return existsSync(given) ? { path: given } : { reason: `SPARKLER_LLAMA_SERVER: no ${given}` };
  const cache = process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
  const folder = join(cache, 'anchors', `llama-server-${anchorVersion()}`);
  const path = join(folder, 'llama-server');
  if (existsSync(path)) return { path };
  const missing = tools.filter((tool) => spawnSync(tool, ['--version']).status !== 0);
  if (missing.length > 0)
    return { reason: `llama-server is compiled here with ${missing.join(', ')}: missing` };
  tell('compiling llama-server, about ten minutes, once');
  const work = `${folder}.partial`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  try {
    compile(work);
  } catch (error) {
    return { reason: (error as Error).message };
  }
  rmSync(join(work, 'sources'), { recursive: true });
  rmSync(join(work, 'build'), { recursive: true });
  renameSync(work, folder);
  return { path };
}

function compile(work: string): void {
  const [sources, build] = [join(work, 'sources'), join(work, 'build')];
  const libraries = findLibraries();
  const bundle = join(packages, 'node-llama-cpp/llama/gitRelease.bundle');
  run('git', ['clone', '--quiet', bundle, sources]);
  copyFileSync(fileURLToPath(new URL('./CMakeLists.txt', import.meta.url)), join(sources, 'CMakeLists.txt'));
  run('cmake', ['-S', sources, '-B', build, `-DLIBS=${libraries}`]);
  run('cmake', ['--build', build, '--target', 'llama-server', '--parallel', '2']);
  renameSync(join(build, 'bin/llama-server'), join(work, 'llama-server'));
  // It looks for the kernels of each processor beside itself, and the anchors may be removed.
  for (const name of readdirSync(libraries)) {
    if (name.endsWith('.so')) copyFileSync(join(libraries, name), join(work, name));
  }
}

function anchorVersion(): string {
  const text = readFileSync(join(packages, 'node-llama-cpp/package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function findLibraries(): string {
  const platform = `linux-${process.arch}`;
  return join(packages, '@node-llama-cpp', platform, 'bins', platform);
}

function run(command: string, given: readonly string[]): void {
  const { status, stderr } = spawnSync(command, given, { encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 });
  if (status !== 0)
    throw new Error(`${command} ${given[0]}: ${stderr.trim().split('\n').slice(-3).join(' ')}`);
}
