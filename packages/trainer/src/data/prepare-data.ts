import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { TrainerError } from '../process/events.ts';
import { type ChatExample, ExampleError, parseChatExample } from './chat-example.ts';
import { createReport, type DatasetReport } from './dataset-report.ts';
import { planCarveOut, shuffle } from './plan-steps.ts';
import { type ChatTemplate, renderExample } from './render-example.ts';
import {
  type TokenizedExample,
  type TrainingTokenizer,
  tokenizeExample,
  truncateExample,
} from './tokenize-example.ts';

/** Token ids and weights of a job, the same for every engine. */
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

/** A line that cannot be used, and why. */
export interface RefusedLine {
  readonly line: number;
  readonly reason: string;
}

/**
 * Reads, checks, renders and tokenizes the files of a job. Throws TrainerError BAD_DATA listing the lines at
 * fault: nothing is skipped silently.
 */
export async function prepareData(options: DataOptions): Promise<PreparedData> {
  const all = await readTrainingFile(options.train, options);
  if (all.rows < rowsMin || all.rows > rowsMax) {
    throw new TrainerError(
      'BAD_DATA',
      `the dataset has ${all.rows} rows: between ${rowsMin} and ${rowsMax} are needed`,
    );
  }
  const separate = options.evaluation === null ? null : await readTrainingFile(options.evaluation, options);
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
  return { train, evaluation, report: createReport(all, train, evaluation) };
}

export interface PreparedFile {
  readonly rows: number;
  readonly examples: TokenizedExample[];
  /** Examples cut to the context length. */
  readonly truncated: number;
  /** Examples that had nothing left to learn after the cut. */
  readonly dropped: number;
  /** The first of the lines that cannot be used. */
  readonly refused: readonly RefusedLine[];
  /** Whether the file went on beyond what was read. */
  readonly isCut: boolean;
}

async function readTrainingFile(path: string, options: DataOptions): Promise<PreparedFile> {
  const file = await prepareFile(path, options, Number.POSITIVE_INFINITY);
  if (file.refused.length > 0) {
    const problems = file.refused.map(({ line, reason }) => `line ${line}: ${reason}`);
    throw new TrainerError('BAD_DATA', problems.join('\n'));
  }
  return file;
}

/** Reads at most `linesMax` lines of a file; stops at the 20th that cannot be used. */
export async function prepareFile(
  path: string,
  options: Pick<DataOptions, 'maxContextTokens' | 'template' | 'tokenizer'>,
  linesMax: number,
): Promise<PreparedFile> {
  const refused: RefusedLine[] = [];
  const examples: TokenizedExample[] = [];
  const counts = { rows: 0, truncated: 0, dropped: 0 };
  let line = 0;
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const text of lines) {
    if (line >= linesMax || refused.length >= problemsMax)
      return { ...counts, examples, refused, isCut: true };
    line++;
    if (text.trim() === '') continue;
    counts.rows++;
    try {
      examples.push(...prepareExample(parseChatExample(text, line), options, counts));
    } catch (error) {
      if (!(error instanceof ExampleError)) throw error;
      refused.push({ line, reason: error.reason });
    }
  }
  return { ...counts, examples, refused, isCut: false };
}

function prepareExample(
  example: ChatExample,
  options: Pick<DataOptions, 'maxContextTokens' | 'template' | 'tokenizer'>,
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
