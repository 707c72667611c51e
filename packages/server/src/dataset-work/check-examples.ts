import type { BlobStore } from '../blobs/blob-store.ts';
import { type CheckedExample, checkExample, ExampleError, type ExampleForm } from './check-example.ts';
import { readLines } from './read-lines.ts';

/** Spec, "Prepare the Dataset". */
const EXAMPLES = { min: 3, max: 3_000_000 };
/** An example with a few images in base64. */
export const LINE_BYTES_MAX = 32 * 1024 * 1024;
/** Wrong lines that are told at once. */
const PROBLEMS_MAX = 10;
/** A usual number for English text; what training really takes depends on the model's tokenizer. */
const CHARACTERS_PER_TOKEN = 4;

export interface DatasetFacts {
  readonly format: 'CHAT' | 'COMPLETION' | 'RL' | 'FORMAT_UNSPECIFIED';
  readonly exampleCount: number;
  readonly estimatedTokenCount: number;
  readonly averageTurnCount: number;
}

/** Files that are no dataset. Each problem names the file and the line. */
export class DatasetRefusedError extends Error {
  override readonly name = 'DatasetRefusedError';
  readonly problems: readonly { readonly file: string; readonly message: string }[];

  constructor(problems: DatasetRefusedError['problems']) {
    super(problems.map(({ file, message }) => `${file}${message}`).join('; '));
    this.problems = problems;
  }
}

/**
 * Reads all lines of all files below a prefix as they stream by and tells what they are. Throws
 * DatasetRefusedError with the first wrong lines.
 */
export async function checkExamples(
  blobs: BlobStore,
  prefix: string,
  wanted: DatasetFacts['format'],
): Promise<DatasetFacts> {
  const state: CheckState = { form: formOf(wanted), examples: 0, turns: 0, characters: 0, problems: [] };
  for (const { key } of await blobs.list(prefix)) {
    const file = key.slice(prefix.length + 1);
    if (!file.endsWith('.jsonl')) {
      throw new DatasetRefusedError([{ file, message: ' is not a .jsonl file: one JSON object a line' }]);
    }
    await checkFile(await blobs.read(key), file, state);
  }
  const { examples, form, problems } = state;
  if (problems.length > 0) throw new DatasetRefusedError(problems);
  const least = form === 'REQUEST' ? 1 : EXAMPLES.min;
  if (examples < least) {
    const message = `the dataset has ${examples} examples; at least ${least} are needed`;
    throw new DatasetRefusedError([{ file: '', message }]);
  }
  return {
    format: form === null || form === 'REQUEST' ? 'FORMAT_UNSPECIFIED' : form,
    exampleCount: examples,
    estimatedTokenCount: Math.ceil(state.characters / CHARACTERS_PER_TOKEN),
    averageTurnCount: state.turns / examples,
  };
}

interface CheckState {
  /** That of the first line, or the one that was announced. */
  form: ExampleForm | null;
  examples: number;
  turns: number;
  characters: number;
  readonly problems: { readonly file: string; readonly message: string }[];
}

async function checkFile(content: AsyncIterable<Uint8Array>, file: string, state: CheckState): Promise<void> {
  for await (const { number, text } of readLines(content, LINE_BYTES_MAX)) {
    state.examples += 1;
    if (state.examples > EXAMPLES.max) {
      const message = `the dataset has more than ${EXAMPLES.max} examples; split it`;
      throw new DatasetRefusedError([{ file: '', message }]);
    }
    const problem = text === null ? tooLong : takeLine(text, state);
    if (problem === null) continue;
    state.problems.push({ file, message: `, line ${number}: ${problem}` });
    if (state.problems.length >= PROBLEMS_MAX) throw new DatasetRefusedError(state.problems);
  }
}

const tooLong = `is longer than ${LINE_BYTES_MAX / 1024 / 1024} MB or not UTF-8 text`;

/** Adds a line to the sums; returns what is wrong with it. */
function takeLine(text: string, state: CheckState): string | null {
  let example: CheckedExample;
  try {
    example = checkExample(text);
  } catch (error) {
    if (error instanceof ExampleError) return error.message;
    throw error;
  }
  state.form ??= example.form;
  // For tasks without an answer, chats that have one are as good.
  const fits = example.form === state.form || (state.form === 'RL' && example.form === 'CHAT');
  if (!fits) return explainForm(state.form, example.form);
  state.turns += example.turns;
  state.characters += example.characters;
  return null;
}

function explainForm(wanted: ExampleForm, found: ExampleForm): string {
  if (wanted === 'CHAT' && found === 'RL') return 'has no assistant message to learn from';
  const words = {
    CHAT: 'messages',
    RL: 'messages',
    COMPLETION: 'prompt and completion',
    REQUEST: 'custom_id and body',
  };
  return `has ${words[found]}, and the lines of this dataset have ${words[wanted]}`;
}

function formOf(format: DatasetFacts['format']): ExampleForm | null {
  return format === 'FORMAT_UNSPECIFIED' ? null : format;
}
