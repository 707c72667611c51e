import { SCRIPTED_TOKENS } from '../../packages/engine/src/runners/scripted/scripted-vocabulary.ts';
import type { ScriptedHistory } from '../../packages/engine/src/runners/scripted/scripts.ts';

/**
 * What a model of the size the guides name would say to their prompts, word for word, so that the samples'
 * own code has something to work on. The first entry whose words the prompt has decides.
 */
const answers: readonly (readonly [asked: string, said: string])[] = [
  ['"population": 883305', 'The population of San Francisco is 883305.'],
  ['"net_income": 6046000000', "Nike's net income for the year 2022 was $6,046,000,000."],
  [
    'What is the population of San Francisco?',
    '<tool_call>\n{"name": "get_city_population", "arguments": {"city_name": "San Francisco"}}\n</tool_call>',
  ],
  [
    "What are Nike's net income in 2022?",
    '<tool_call>\n{"name": "get_financial_data", "arguments": ' +
      '{"metric": "net_income", "financial_year": 2022, "company": "Nike"}}\n</tool_call>',
  ],
  [
    "Who wrote 'Pride and Prejudice'?",
    '<think>\nThat is by Jane Austen.\n</think>\n\n' +
      '{"question": "Who wrote \'Pride and Prejudice\'?", "answer": "Jane Austen"}',
  ],
  ['Jane? As JSON', '{"question":"Which Jane?","answer":"Jane Austen"}'],
  ['What is 2 + 2?', `<think>\n${'Two and two. '.repeat(400)}</think>\n\n4`],
  ['good places for me to visit in Kyoto', 'こんにちは、京都では清水寺をおすすめします。'],
  ['a program that prints hello world', 'char\nc(int a){return 2*a;}'],
  ['Say this is a test', 'This is a test.'],
  ['The quick brown fox', ' jumps over the lazy dog.'],
  ['def say_hello_world():', "\n    print('Hello, World!')\n"],
];

const encoder = new TextEncoder();
const said = answers.map(([asked, words]) => [encoder.encode(asked), encoder.encode(words)] as const);
const assistant = encoder.encode('assistant\n');

/** Answers as the list above says; ends at once when nothing fits. */
export function script(history: ScriptedHistory, logits: Float32Array): void {
  logits.fill(-30);
  logits[sayNext(history)] = 0;
}

function sayNext(history: ScriptedHistory): number {
  for (const [asked, words] of said) {
    const at = findLast(history, asked, history.length);
    if (at === null) continue;
    const turn = findLast(history, assistant, history.length);
    const inTurn = turn !== null && history.tokenAt(turn - 1) === SCRIPTED_TOKENS.imStart;
    const start = inTurn ? turn + assistant.length : at + asked.length;
    return words[history.length - start] ?? SCRIPTED_TOKENS.eos;
  }
  return SCRIPTED_TOKENS.eos;
}

function findLast(history: ScriptedHistory, bytes: Uint8Array, before: number): number | null {
  for (let place = before - bytes.length; place > 0; place--) {
    if (bytes.every((byte, offset) => history.tokenAt(place + offset) === byte)) return place;
  }
  return null;
}
