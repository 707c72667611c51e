import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkHealth } from './check-health.ts';
import type { ObservedReplica, ReplicaExit, ReplicaSpec, ReplicaState } from './launcher.ts';
import { type LifeEvent, readLifeEvents } from './life-events.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { decideTransition, type ReplicaEvent } from './replica-states.ts';

export interface ReplicaTimeouts {
  readonly startMs: number;
  readonly healthMs: number;
  readonly drainMs: number;
}

export interface ReplicaCommand {
  /** Program and arguments. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly socketPath: string;
  readonly logPath: string;
  /** Where the engine notes what is in flight; empty after a clean end, kept after a crash. */
  readonly journalPath: string;
}

export interface ReplicaListeners {
  /** Its state changed. */
  readonly onChange: () => void;
  /** It reads its model; 0 to 1. */
  readonly onLoading: (fraction: number) => void;
}

/** How often a ready replica is asked for its health: several times within the silence that ends it. */
const healthPollsPerTimeout = 5;
/**
 * From the word that a replica drains to its SIGTERM: gateways hear by a notice of the database that they
 * must not send to it any more, and one that hears late still finds it serving.
 */
const noticeMs = 1_000;
/** From SIGTERM to SIGKILL when a replica is to end now. */
const terminateGraceMs = 3_000;

/**
 * One engine process from launch to exit. A single loop owns its state: everything that happens is put into a
 * mailbox, and only the loop takes things out and acts, so no two things are ever decided at once.
 */
export class ReplicaProcess {
  readonly spec: ReplicaSpec;
  #command: ReplicaCommand;
  #timeouts: ReplicaTimeouts;
  #listeners: ReplicaListeners;
  #log: LogFile;
  #child: ChildProcess;
  #state: ReplicaState = 'starting';
  #launchTimeMs = Date.now();
  #readyTimeMs: number | null = null;
  #exit: ReplicaExit | null = null;
  #endWanted = false;
  /** Why we killed it, when we did. */
  #killReason: string | null = null;
  #mailbox: ReplicaEvent[] = [];
  #wakeLoop: (() => void) | null = null;
  /** Resolves when the process is gone and its socket removed. */
  readonly gone: Promise<void>;

  constructor(
    spec: ReplicaSpec,
    command: ReplicaCommand,
    timeouts: ReplicaTimeouts,
    listeners: ReplicaListeners,
  ) {
    this.spec = spec;
    this.#command = command;
    this.#timeouts = timeouts;
    this.#listeners = listeners;
    this.#log = openLogFile(command.logPath);
    rmSync(command.socketPath, { force: true });
    this.#child = this.#spawn();
    this.gone = this.#run();
    this.#expire('starting', timeouts.startMs, `it was not ready within ${timeouts.startMs / 1000} s`);
  }

  observe(): ObservedReplica {
    const { id, deployment, generation, specKey } = this.spec;
    return {
      id,
      deployment,
      generation,
      specKey,
      address: { socketPath: this.#command.socketPath },
      pid: this.#child.pid ?? null,
      state: this.#state,
      launchTimeMs: this.#launchTimeMs,
      readyTimeMs: this.#readyTimeMs,
      exit: this.#exit,
    };
  }

  /** Tells the loop; it decides. */
  tell(event: ReplicaEvent): void {
    this.#mailbox.push(event);
    this.#wakeLoop?.();
  }

  #spawn(): ChildProcess {
    const [program, ...words] = this.#command.words;
    const child = spawn(program!, words, {
      env: this.#command.env,
      // IPC: the engine sees us go by the channel closing, even where there is no death signal.
      stdio: ['ignore', 'pipe', this.#log.descriptor, 'ipc'],
      // Its own process group: Ctrl-C in the terminal is ours to handle, in our order.
      detached: true,
    });
    child.once('error', (error) => {
      this.#killReason = `it could not be run: ${error.message}`;
      if (child.pid === undefined) this.tell({ kind: 'exit', code: null, signal: null });
    });
    // Not 'exit': by 'close' its last words on standard output have been read.
    child.once('close', (code, signal) => this.tell({ kind: 'exit', code, signal }));
    readLifeEvents(child.stdout!, (event) => this.#hear(event));
    return child;
  }

  #hear(event: LifeEvent): void {
    if (event.event === 'ready') this.tell({ kind: 'ready' });
    else if (event.event === 'fatal') this.#killReason = event.message;
    else this.#listeners.onLoading(event.fraction);
  }

  async #run(): Promise<void> {
    while (this.#state !== 'exited') {
      const event = this.#mailbox.shift();
      if (event) this.#handle(event);
      else {
        await new Promise<void>((resolve) => {
          this.#wakeLoop = resolve;
        });
        this.#wakeLoop = null;
      }
    }
    rmSync(this.#command.socketPath, { force: true });
    removeIfEmpty(this.#command.journalPath);
    this.#log.close();
    this.#listeners.onChange();
  }

  #handle(event: ReplicaEvent): void {
    const before = this.#state;
    const { state, action } = decideTransition(before, event);
    this.#state = state;
    if (event.kind === 'drain' || event.kind === 'stop') this.#endWanted = true;
    if (event.kind === 'timeout') this.#killReason = event.reason;
    if (event.kind === 'exit') this.#exit = this.#describeExit(event);
    if (action !== 'none') this.#child.kill(action === 'kill' ? 'SIGKILL' : 'SIGTERM');
    if (before === state) return;
    if (state === 'ready') {
      this.#readyTimeMs = Date.now();
      void this.#watchHealth();
    }
    if (state === 'stopping') this.#expire(state, terminateGraceMs, 'it did not end when told');
    if (state === 'draining') {
      setTimeout(() => this.tell({ kind: 'noticed' }), noticeMs).unref();
      this.#expire(state, this.#timeouts.drainMs, 'it had requests longer than the time to drain');
    }
    if (state !== 'exited') this.#listeners.onChange();
  }

  #describeExit({ code, signal }: { code: number | null; signal: NodeJS.Signals | null }): ReplicaExit {
    const how = signal ? `ended by ${signal}` : `ended with code ${code}`;
    const why = this.#killReason ? `${hidePaths(this.#killReason)} (${how})` : how;
    // Callers read this: the log itself, which names files of this machine, is for its operator.
    const reason = this.#endWanted ? why : `${why}; the log of replica ${this.spec.id} has more`;
    return { timeMs: Date.now(), wanted: this.#endWanted, reason };
  }

  /** A timeout unless it left the state by then. */
  #expire(state: ReplicaState, afterMs: number, reason: string): void {
    const timer = setTimeout(() => {
      if (this.#state === state) this.tell({ kind: 'timeout', reason });
    }, afterMs).unref();
    void this.gone.finally(() => clearTimeout(timer));
  }

  /**
   * Asks a ready replica for its health; silence for too long is a timeout. Covers hangs and stopped
   * processes.
   */
  async #watchHealth(): Promise<void> {
    let lastAnswerMs = Date.now();
    while (this.#state === 'ready') {
      this.#log.bound();
      if (await checkHealth(this.#command.socketPath, this.#timeouts.healthMs)) lastAnswerMs = Date.now();
      else if (Date.now() - lastAnswerMs >= this.#timeouts.healthMs) {
        this.tell({
          kind: 'timeout',
          reason: `it gave no sign of life for ${this.#timeouts.healthMs / 1000} s`,
        });
        return;
      }
      await sleep(this.#timeouts.healthMs / healthPollsPerTimeout, undefined, { ref: false });
    }
  }
}

/** Leaves of each absolute path only the file's name. */
export function hidePaths(text: string): string {
  return text.replaceAll(/(?<![\w:/.])\/(?:[^\s/'":;,()]+\/)+([^\s/'":;,()]*)/g, '$1');
}

function removeIfEmpty(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size === 0) rmSync(path, { force: true });
}
