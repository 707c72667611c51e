import { setTimeout as sleep } from 'node:timers/promises';

/** An answer that came through the public API, and how long it took. */
export interface FirstAnswer {
  readonly question: string;
  readonly text: string;
  /** From the request to its first piece of text. */
  readonly firstTokenMs: number;
  readonly totalMs: number;
}

const question = 'What is a spark, in one short sentence?';

interface ChatChunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
  readonly error?: { readonly message: string };
}

/** A replica that is loading answers 503 for so long at most. */
const loadingMs = 120_000;
const retryMs = 100;

/**
 * Asks the model over HTTP, as any client would, and reads the stream; asks again while its replica is
 * loading. Throws with the API's own message when it is refused, and with the abort reason.
 */
export async function askFirstQuestion(
  baseUrl: string,
  apiKey: string,
  model: string,
  signal: AbortSignal,
): Promise<FirstAnswer> {
  const giveUpMs = performance.now() + loadingMs;
  while (true) {
    const begin = performance.now();
    const response = await postQuestion(baseUrl, apiKey, model, signal);
    if (response.ok && response.body !== null) return readAnswer(response.body, begin);
    const reason = await response.text();
    if (response.status !== 503 || begin > giveUpMs) {
      throw new Error(`the API answered ${response.status}: ${reason}`);
    }
    await sleep(retryMs, undefined, { signal });
  }
}

function postQuestion(
  baseUrl: string,
  apiKey: string,
  model: string,
  signal: AbortSignal,
): Promise<Response> {
  return fetch(`${baseUrl}/inference/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: question }],
      max_tokens: 48,
      temperature: 0,
      stream: true,
    }),
    signal,
  });
}

async function readAnswer(body: ReadableStream<Uint8Array>, begin: number): Promise<FirstAnswer> {
  let text = '';
  let firstTokenMs: number | null = null;
  for await (const chunk of readEvents(body)) {
    if (chunk.error) throw new Error(chunk.error.message);
    text += chunk.choices?.[0]?.delta?.content ?? '';
    if (text !== '') firstTokenMs ??= performance.now() - begin;
  }
  const totalMs = performance.now() - begin;
  return { question, text: text.trim(), firstTokenMs: firstTokenMs ?? totalMs, totalMs };
}

/** The JSON of each `data:` line, up to `[DONE]`. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ChatChunk> {
  let rest = '';
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: ') || line.startsWith('data: [DONE]')) continue;
      yield JSON.parse(line.slice(6)) as ChatChunk;
    }
  }
}
