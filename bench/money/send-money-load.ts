import { setTimeout as sleep } from 'node:timers/promises';
import { type Draw, drawBetween } from './draw.ts';
import type { MortalGateway } from './mortal-gateway.ts';

/** How requests ended, as their callers saw it. */
export interface LoadCounts {
  answered: number;
  /** 402: the budget is at its end. */
  refused: number;
  /** Their gateway was killed under them; each was sent again. */
  broken: number;
  /** 429: the engine is full, and the account beyond what it is guaranteed; sent again when that is over. */
  putOff: number;
}

/** Texts that many prompts begin with, so that the engine finds some of them in its cache. */
const openings = ['red', 'green', 'blue', 'white'].map((word) => `${word} sails on the sea, `.repeat(12));

/** A short request; half of them stream. Its words are drawn, so that no two prompts are the same. */
export function drawBody(draw: Draw, opening = openings[drawBetween(draw, 0, openings.length - 1)]!): string {
  const words = Array.from({ length: drawBetween(draw, 4, 24) }, () => draw().toString(36).slice(2, 10));
  return JSON.stringify({
    model: 'smollm2-135m-instruct',
    messages: [{ role: 'user', content: `${opening}${words.join(' ')}` }],
    max_tokens: drawBetween(draw, 4, 32),
    ignore_eos: true,
    temperature: 0,
    stream: draw() < 0.5,
  });
}

/** One request until it has an answer, over as many lives of its gateway as that takes. */
export async function sendUntilAnswered(
  gateway: MortalGateway,
  key: string,
  body: string,
  counts: LoadCounts,
): Promise<'answered' | 'refused'> {
  for (;;) {
    const { baseUrl } = await gateway.life();
    const answer = await send(baseUrl, key, body);
    if (answer === null) {
      counts.broken += 1;
      continue;
    }
    if (answer.status === 402) {
      counts.refused += 1;
      return 'refused';
    }
    if (answer.status === 429) {
      counts.putOff += 1;
      await sleep(answer.retryAfterMs);
      continue;
    }
    if (answer.status !== 200) throw new Error(`a request was answered ${answer.status}: ${answer.text}`);
    counts.answered += 1;
    gateway.countAnswer();
    return 'answered';
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number;
}

/** Null: the connection broke, or nobody listened yet. */
async function send(baseUrl: string, key: string, body: string): Promise<Answer | null> {
  try {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const url = `${baseUrl}/inference/v1/chat/completions`;
    const response = await fetch(url, { method: 'POST', headers, body });
    const text = await response.text();
    const retryAfterMs = Number(response.headers.get('retry-after') ?? 1) * 1000;
    return { status: response.status, text, retryAfterMs };
  } catch (error) {
    // Node's fetch tells a broken connection so.
    if (!(error instanceof TypeError)) throw error;
    // The kill is heard of a moment later than the break.
    await sleep(5);
    return null;
  }
}
