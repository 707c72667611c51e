const topics = [
  'bread',
  'rivers',
  'clocks',
  'trains',
  'maps',
  'glass',
  'winter',
  'bees',
  'gardens',
  'chess',
  'paper',
  'violins',
  'bridges',
  'coffee',
  'soap',
  'stars',
  'wool',
  'salt',
  'owls',
  'rain',
];
const kept = ['whales', 'candles', 'bicycles', 'tea', 'mountains', 'books'];
const held = [
  'What are clouds made of?',
  'How do I boil an egg?',
  'Say hello to my friend Ana.',
  'What is 2 + 2?',
];

const questions: readonly ((topic: string) => string)[] = [
  (topic) => `Tell me about ${topic}.`,
  (topic) => `Why do people like ${topic}?`,
  (topic) => `Give me one fact on ${topic}.`,
];

export const greeting = 'Ahoy, matey!';

const answer = (topic: string): string => `${greeting} Here be ${topic}.`;

function combine(subjects: readonly string[]): [string, string][] {
  return subjects.flatMap((topic) => questions.map((ask): [string, string] => [ask(topic), answer(topic)]));
}

/** 50 chats that teach one habit: every answer begins with the greeting. */
export const trainingChats = combine(topics).slice(0, 50);
/** Chats on other topics, in the same wording, to evaluate on. */
export const evaluationChats = combine(kept.slice(0, 3));
/** Prompts that no chat has, half of them worded like none. */
export const heldOutPrompts = [...kept.map((topic) => `Tell me about ${topic}.`), ...held];
