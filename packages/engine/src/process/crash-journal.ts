import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { GenerationEngine, GenerationEvent, GenerationRequest } from '../core/generation.ts';

/**
 * What a request looked like, without a word of its text: enough to find which kind of request kills an
 * engine.
 */
export interface RequestShape {
  readonly promptTokens: number;
  readonly maxTokens: number;
  readonly choices: number;
  /** Names of the options that were not at their defaults. */
  readonly options: readonly string[];
}

/**
 * Keeps a list of what is in the engine. On disk too if given a path, since a native abort leaves no time to
 * write.
 */
export class CrashJournal {
  readonly #inFlight = new Map<string, RequestShape>();
  readonly #file: number | null;
  #lines = 0;

  /** Empties the file; read it with `readCrashReport` first. */
  constructor(path: string | null) {
    this.#file = path === null ? null : openSync(path, 'w');
  }

  get inFlight(): readonly RequestShape[] {
    return [...this.#inFlight.values()];
  }

  /** Nothing was in flight at the end: the file says so. */
  close(): void {
    if (this.#file === null) return;
    ftruncateSync(this.#file);
    closeSync(this.#file);
  }

  begin(request: GenerationRequest): void {
    this.#inFlight.set(request.id, describeShape(request));
    this.#write({ begin: this.#number(request.id), shape: this.#inFlight.get(request.id) });
  }

  end(id: string): void {
    if (!this.#inFlight.has(id)) return;
    this.#write({ end: this.#number(id) });
    this.#inFlight.delete(id);
    this.#numbers.delete(id);
    // The file never grows past what one busy period needs.
    if (this.#inFlight.size === 0 && this.#lines > 1000 && this.#file !== null) {
      ftruncateSync(this.#file);
      this.#lines = 0;
    }
  }

  /** Ids may be the caller's text, so the file has numbers. */
  readonly #numbers = new Map<string, number>();
  #next = 0;

  #number(id: string): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    this.#numbers.set(id, this.#next);
    return this.#next++;
  }

  #write(line: object): void {
    if (this.#file === null) return;
    writeSync(this.#file, `${JSON.stringify(line)}\n`, null);
    this.#lines++;
  }
}

/** What an earlier process left in flight; empty when it ended well or there is no file. */
export function readCrashReport(path: string): RequestShape[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const inFlight = new Map<number, RequestShape>();
  for (const line of text.split('\n')) {
    const entry = parseLine(line);
    if (entry === null) continue;
    if (entry.begin !== undefined && entry.shape !== undefined) inFlight.set(entry.begin, entry.shape);
    if (entry.end !== undefined) inFlight.delete(entry.end);
  }
  return [...inFlight.values()];
}

interface JournalLine {
  readonly begin?: number;
  readonly shape?: RequestShape;
  readonly end?: number;
}

/** Null for the empty last line, and for a line that the crash cut short. */
function parseLine(line: string): JournalLine | null {
  try {
    return JSON.parse(line) as JournalLine;
  } catch {
    return null;
  }
}

/** The same engine, with a note of each request while it is inside. */
export function journalEngine(engine: GenerationEngine, journal: CrashJournal): GenerationEngine {
  const ends = new Set<GenerationEvent['type']>(['finish', 'error', 'aborted']);
  return {
    submit(request, listener) {
      journal.begin(request);
      engine.submit(request, (event) => {
        const failed = event.type === 'error' && event.code === 'internal';
        // A runner that fails ends all its requests first and the process after: they are what was in flight.
        if (failed) setImmediate(() => journal.end(request.id));
        else if (ends.has(event.type)) journal.end(request.id);
        listener(event);
      });
    },
    abort: (id) => engine.abort(id),
    status: () => engine.status(),
    close: (graceMs) => engine.close(graceMs),
  };
}

function describeShape(request: GenerationRequest): RequestShape {
  const { sampling } = request;
  const options: Record<string, boolean> = {
    temperature: sampling.temperature !== 1,
    top_k: sampling.topK !== 0,
    top_p: sampling.topP !== 1,
    min_p: sampling.minP !== 0,
    typical_p: sampling.typicalP !== 1,
    repetition_penalty: sampling.repetitionPenalty !== 1,
    frequency_penalty: sampling.frequencyPenalty !== 0,
    presence_penalty: sampling.presencePenalty !== 0,
    mirostat_target: sampling.mirostatTarget !== null,
    logit_bias: sampling.logitBias.size > 0,
    ignore_eos: request.ignoreEnd,
    adapter: request.adapter !== null,
    prompt_cache_max_len: request.cacheTokensMax !== null,
    logprobs: request.logprobs !== null,
    echo_logprobs: request.promptLogprobs !== null,
    prediction: request.prediction !== null,
    disable_speculation: !request.speculate,
    constraint: request.constraint !== null,
    stop: request.onToken !== undefined,
  };
  return {
    promptTokens: request.promptTokens.length,
    maxTokens: request.maxTokens,
    choices: request.choices,
    options: Object.keys(options).filter((name) => options[name] === true),
  };
}
