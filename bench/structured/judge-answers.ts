import type { JudgedFormat } from './formats.ts';

/** What became of a number of answers. */
export interface AnswerCounts {
  readonly answers: number;
  /** Ended by themselves; the others were cut by max_tokens, and say so. */
  readonly ended: number;
  readonly valid: number;
  /** Texts that ended by themselves and are wrong. */
  readonly wrong: readonly { readonly id: string; readonly text: string }[];
}

export interface AskOptions {
  /** Base URL of an engine. */
  readonly address: string;
  readonly formats: readonly JudgedFormat[];
  /** Answers for each format; they share their prompt. */
  readonly answersEach: number;
  readonly maxTokens: number;
  readonly seed: number;
  /** Hears how far it is, now and then. */
  readonly tell?: (text: string) => void;
}

/** Temperature at which a model says nearly anything, so that the grammar has to do the work. */
const TEMPERATURE = 1.5;

/** Asks for answers in each format, and judges those that ended by themselves. */
export async function judgeAnswers(options: AskOptions): Promise<AnswerCounts> {
  let answers = 0;
  let ended = 0;
  const wrong: { id: string; text: string }[] = [];
  for (const [at, format] of options.formats.entries()) {
    if (at % 10 === 9) options.tell?.(`${answers} answers, ${ended} ended, ${wrong.length} of them wrong`);
    for (const { text, finish_reason } of await ask(format, options)) {
      answers += 1;
      if (finish_reason !== 'stop') continue;
      ended += 1;
      if (!format.isValid(text)) wrong.push({ id: format.id, text });
    }
  }
  return { answers, ended, valid: ended - wrong.length, wrong };
}

async function ask(
  { id, responseFormat }: JudgedFormat,
  { address, answersEach, maxTokens, seed }: AskOptions,
): Promise<{ text: string; finish_reason: string }[]> {
  const response = await fetch(`${address}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'test',
      prompt: 'Answer:\n',
      response_format: responseFormat,
      temperature: TEMPERATURE,
      max_tokens: maxTokens,
      n: answersEach,
      seed,
    }),
  });
  const body = (await response.json()) as {
    choices?: { text: string; finish_reason: string }[];
    error?: { message: string };
  };
  if (body.choices === undefined) throw new Error(`${id}: ${body.error?.message}`);
  return body.choices;
}
