/** node-llama-cpp's public API as a judge: greedy tokens of each prompt, in a process of its own. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { answerCommands } from '../../bench/worker.ts';

/** Token ids in, and how many to generate. */
export interface GreedyCommand {
  readonly prompts: readonly (readonly number[])[];
  readonly count: number;
}

interface Anchor {
  getLlama(options: object): Promise<{ loadModel(options: object): Promise<AnchorModel> }>;
}
interface AnchorModel {
  createContext(options: object): Promise<{ getSequence(): AnchorSequence }>;
}
interface AnchorSequence {
  clearHistory(): Promise<void>;
  evaluate(tokens: readonly number[], options: object): AsyncGenerator<number>;
}

const anchors = new URL('../../bench/anchors/package.json', import.meta.url);
const path = createRequire(anchors).resolve('node-llama-cpp');
const { getLlama } = (await import(pathToFileURL(path).href)) as Anchor;
const llama = await getLlama({ build: 'never', gpu: false, maxThreads: 1, logLevel: 'error' });
const model = await llama.loadModel({ modelPath: process.argv[2] });
// Flash attention as our engine has it by default.
const context = await model.createContext({
  sequences: 1,
  contextSize: 512,
  batchSize: 512,
  threads: 1,
  flashAttention: true,
});
const sequence = context.getSequence();

answerCommands<GreedyCommand>(async ({ prompts, count }) => {
  const texts: number[][] = [];
  for (const prompt of prompts) {
    await sequence.clearHistory();
    const text: number[] = [];
    // It ends by itself at an end token.
    for await (const token of sequence.evaluate(prompt, { temperature: 0 })) {
      text.push(token);
      if (text.length === count) break;
    }
    texts.push(text);
  }
  return texts;
});
