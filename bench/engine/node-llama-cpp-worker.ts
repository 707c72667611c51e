/** The anchor: node-llama-cpp's public API on the same file, in a process of its own. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { answerCommands } from '../worker.ts';
import { type EngineCommand, promptOf } from './commands.ts';
import { startStopwatch } from './stopwatch.ts';

/** The little of node-llama-cpp that is used; its package is an anchor, not a dependency. */
interface NodeLlamaCpp {
  getLlama(options: object): Promise<{ loadModel(options: object): Promise<AnchorModel> }>;
}
interface AnchorModel {
  tokenize(text: string, special: boolean): number[];
  createContext(options: object): Promise<{ getSequence(): AnchorSequence }>;
}
interface AnchorSequence {
  clearHistory(): Promise<void>;
  evaluate(tokens: number[], options: object): AsyncGenerator<number>;
}

const [modelPath = '', threads = '1'] = process.argv.slice(2);
const resolveAnchor = createRequire(new URL('../anchors/package.json', import.meta.url)).resolve;
const anchor = (await import(pathToFileURL(resolveAnchor('node-llama-cpp')).href)) as NodeLlamaCpp;
const llama = await anchor.getLlama({
  build: 'never',
  gpu: false,
  maxThreads: Number(threads),
  logLevel: 'error',
});
const model = await llama.loadModel({ modelPath });
const contexts = new Map<number, Promise<AnchorSequence[]>>();

/** A context with as many sequences as streams, each with room for the prompt and its tokens. */
function sequencesOf(streams: number): Promise<AnchorSequence[]> {
  const known = contexts.get(streams);
  if (known) return known;
  const made = model
    .createContext({ sequences: streams, contextSize: 512, batchSize: 512, threads: Number(threads) })
    .then((context) => Array.from({ length: streams }, () => context.getSequence()));
  contexts.set(streams, made);
  return made;
}

async function generate(sequence: AnchorSequence, prompt: string, tokens: number): Promise<number> {
  let made = 0;
  // The end token is not refused: its API has no switch for that, so a stream that ends early simply counts
  // less.
  for await (const _token of sequence.evaluate(model.tokenize(prompt, true), { temperature: 0 })) {
    made += 1;
    if (made === tokens) break;
  }
  return made;
}

answerCommands<EngineCommand>(async (command) => {
  if (command.kind !== 'throughput') throw new Error(`node-llama-cpp is not asked for ${command.kind}`);
  const sequences = await sequencesOf(command.streams);
  for (const sequence of sequences) await sequence.clearHistory();
  const watch = startStopwatch();
  const made = await Promise.all(
    sequences.map((sequence, stream) => generate(sequence, promptOf(stream, command.round), command.tokens)),
  );
  const total = made.reduce((sum, count) => sum + count, 0);
  return { tokens: total, ...watch() };
});
