import type { FirstAnswer } from './first-answer.ts';
import { formatDuration } from './format-amounts.ts';

export interface WelcomeFacts {
  readonly baseUrl: string;
  /** The first key, when this start made it; shown once. */
  readonly newApiKey: string | null;
  readonly apiKeyFile: string;
  /** Signs a person in, once; null when nobody can sign in here. */
  readonly signInLink: string | null;
  /** Null when the server runs without a model. */
  readonly model: string | null;
}

/** What a person needs to go on: address, key, and the first call in three languages. */
export function describeAccess(facts: WelcomeFacts): string {
  const { baseUrl, newApiKey, apiKeyFile, signInLink, model } = facts;
  const key =
    newApiKey === null
      ? `API key    kept in ${apiKeyFile}`
      : `API key    ${newApiKey}\n           (shown once; kept in ${apiKeyFile})`;
  const signIn =
    signInLink === null ? '' : `Sign in    ${signInLink}\n           (once, within 10 minutes)\n`;
  const access = `Base URL   ${baseUrl}/inference/v1\n${key}\n${signIn}`;
  return model === null
    ? access
    : `${access}Model      ${model}\n\n${describeCalls(baseUrl, apiKeyFile, model)}`;
}

function describeCalls(baseUrl: string, apiKeyFile: string, model: string): string {
  return `Ask it something:

  export FIREWORKS_API_KEY=$(cat ${quoteForShell(apiKeyFile)})
  curl ${baseUrl}/inference/v1/chat/completions -H "Authorization: Bearer $FIREWORKS_API_KEY" \\
    -H 'Content-Type: application/json' \\
    -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]}'

Python (pip install openai):

  import os
  from openai import OpenAI
  client = OpenAI(base_url="${baseUrl}/inference/v1", api_key=os.environ["FIREWORKS_API_KEY"])
  answer = client.chat.completions.create(model="${model}",
      messages=[{"role": "user", "content": "Hello!"}])
  print(answer.choices[0].message.content)

TypeScript (npm install openai):

  import OpenAI from 'openai';
  const client = new OpenAI({ baseURL: '${baseUrl}/inference/v1', apiKey: process.env.FIREWORKS_API_KEY });
  const answer = await client.chat.completions.create({ model: '${model}',
    messages: [{ role: 'user', content: 'Hello!' }] });
  console.log(answer.choices[0]?.message.content);
`;
}

function quoteForShell(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** `sinceStartMs`: from the start of the process. */
export function describeAnswer(answer: FirstAnswer, sinceStartMs: number): string {
  return `A first answer, just now through this API: ${formatDuration(answer.totalMs)}, first word after ${formatDuration(
    answer.firstTokenMs,
  )}, ${formatDuration(sinceStartMs)} after the start.

  > ${answer.question}
${answer.text.replace(/^/gm, '  ')}
`;
}
