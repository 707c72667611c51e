import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { TrainerError } from '../process/events.ts';
import { type ChatExample, ExampleError, parseChatExample } from './chat-example.ts';
import { planCarveOut, shuffle } from './plan-steps.ts';
import { type ChatTemplate, renderExample } from './render-example.ts';
import {
  type TokenizedExample,
  type TrainingTokenizer,
  tokenizeExample,
  truncateExample,
} from './tokenize-example.ts';

/** What a dataset turned into: shown to the user before anything is trained. */
export interface DatasetReport {
  readonly rows: number;
  readonly examples: number;
  readonly tokens: number;
  /** Tokens whose prediction is learned, as a share of all. */
  readonly supervisedShare: number;
  readonly tokensMedian: number;
  readonly tokens95th: number;
  readonly tokensMax: number;
  /** Examples cut to the context length. */
  readonly truncated: number;
  /** Examples that had nothing left to learn after the cut. */
  readonly dropped: number;
  readonly evaluationExamples: number;
}

export interface PreparedData {
  readonly train: readonly TokenizedExample[];
  readonly evaluation: readonly TokenizedExample[];
  readonly report: DatasetReport;
}

export interface DataOptions {
  readonly train: string;
  readonly evaluation: string | null;
  readonly carveOut: boolean;
  readonly seed: number;
  readonly maxContextTokens: number;
  readonly template: ChatTemplate;
  readonly tokenizer: TrainingTokenizer;
}

/** The platform's limits of a training file. */
const rowsMin = 3;
const rowsMax = 3_000_000;
/** Problems named one by one; a file with more is wrong as a whole. */
const problemsMax = 20;

/**
 * Reads, checks, renders and tokenizes the files of a job. Throws TrainerError BAD_DATA listing the lines at
 * fault: nothing is skipped silently.
 */
export async function prepareData(options: DataOptions): Promise<PreparedData> {
  const all = await prepareFile(options.train, options);
  if (all.rows < rowsMin || all.rows > rowsMax) {
    throw new TrainerError(
      'BAD_DATA',
      `the dataset has ${all.rows} rows: between ${rowsMin} and ${rowsMax} are needed`,
    );
  }
  const separate = options.evaluation === null ? null : await prepareFile(options.evaluation, options);
  const { train, evaluation } =
    separate === null
      ? carveOut(all.examples, options)
      : { train: all.examples, evaluation: separate.examples };
  if (train.length === 0) {
    throw new TrainerError(
      'BAD_DATA',
      'no example has anything to learn within the context length: raise it',
    );
  }
  return { train, evaluation, report: createReport(all, train, evaluation.length) };
}

interface PreparedFile {
  readonly rows: number;
  readonly examples: TokenizedExample[];
  truncated: number;
  dropped: number;
}

async function prepareFile(path: string, options: DataOptions): Promise<PreparedFile> {
  const problems: string[] = [];
  const examples: TokenizedExample[] = [];
  let rows = 0;
  let line = 0;
  const counts = { truncated: 0, dropped: 0 };
  for await (const text of createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line++;
    if (text.trim() === '') continue;
    rows++;
    try {
      examples.push(...prepareExample(parseChatExample(text, line), options, counts));
    } catch (error) {
      if (!(error instanceof ExampleError)) throw error;
      problems.push(error.message);
      if (problems.length >= problemsMax) break;
    }
  }
  if (problems.length > 0) throw new TrainerError('BAD_DATA', problems.join('\n'));
  return { rows, examples, ...counts };
}

function prepareExample(
  example: ChatExample,
  options: DataOptions,
  counts: { truncated: number; dropped: number },
): TokenizedExample[] {
  return renderExample(options.template, example).flatMap((rendered) => {
    const whole = tokenizeExample(options.tokenizer, rendered);
    if (whole.tokens.length > options.maxContextTokens) counts.truncated++;
    const cut = truncateExample(whole, options.maxContextTokens);
    if (cut === null) counts.dropped++;
    return cut ?? [];
  });
}

function carveOut(examples: readonly TokenizedExample[], options: DataOptions) {
  const count = options.carveOut ? planCarveOut(examples.length) : 0;
  const order = shuffle(examples.length, options.seed ^ 0x5eed);
  const chosen = new Set(order.slice(0, count));
  return {
    train: examples.filter((_, index) => !chosen.has(index)),
    evaluation: examples.filter((_, index) => chosen.has(index)),
  };
}

function createReport(
  file: PreparedFile,
  train: readonly TokenizedExample[],
  evaluationExamples: number,
): DatasetReport {
  const lengths = train.map((example) => example.tokens.length).sort((a, b) => a - b);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const supervised = train.reduce(
    (sum, example) => sum + example.weights.filter((weight) => weight > 0).length,
    0,
  );
  const quantile = (share: number): number =>
    lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))]!;
  return {
    rows: file.rows,
    examples: train.length,
    tokens,
    supervisedShare: supervised / tokens,
    tokensMedian: quantile(0.5),
    tokens95th: quantile(0.95),
    tokensMax: lengths.at(-1)!,
    truncated: file.truncated,
    dropped: file.dropped,
    evaluationExamples,
  };
}
