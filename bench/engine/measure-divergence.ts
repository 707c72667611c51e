import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkModelFile,
  createTokenizer,
  loadLibrary,
  openContext,
  openServedModel,
  quantizeModelFile,
} from '@sparkler/llama';
import { type BenchRow, makeRow } from '../bench-row.ts';
import { edits, unrelatedText } from './edits.ts';

/** The first tokens of a text have little to go by. */
const skippedTokens = 8;
const tokensMax = 256;
const library = loadLibrary({ backend: 'cpu' });

/**
 * How far a file's answers are from what its weights say in 32 bits (mean Kullback-Leibler divergence, nats a
 * token): laid out for the processor, against as it is stored.
 */
export async function measureDivergence(modelPath: string): Promise<BenchRow> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-bench-'));
  try {
    const exact = join(folder, 'exact.gguf');
    const task = { source: modelPath, target: exact, to: 'F32', threads: 1, allowRequantize: true } as const;
    await quantizeModelFile(library, task);
    const expected = await computeLogits(exact, false);
    return makeRow({
      metric: 'divergence from the weights in 32 bits, laid out for the processor',
      unit: 'nats',
      ours: meanDivergence(expected, await computeLogits(modelPath, true)),
      anchor: meanDivergence(expected, await computeLogits(modelPath, false)),
      anchorName: 'the weights as stored',
      goal: '<= 1.1',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Log probabilities after each token of a few texts. */
async function computeLogits(path: string, repack: boolean): Promise<Float32Array[]> {
  const { model } = await openServedModel(library, await checkModelFile(path), { path, repack });
  const capacity = { cellsMax: 1024, sequencesMax: 1, batchTokensMax: 512, threads: 1 };
  const context = await openContext(model, { ...capacity, flashAttention: 'off', cacheType: 'f32' });
  const tokenizer = createTokenizer(model);
  const found: Float32Array[] = [];
  for (const text of [...edits.map(({ before }) => before), unrelatedText]) {
    const tokens = tokenizer.encode(text, { addSpecial: false, parseSpecial: false }).slice(0, tokensMax);
    context.clearSequences();
    for (const [row, token] of tokens.entries()) {
      context.batch.tokens[row] = token;
      context.batch.positions[row] = row;
      context.batch.slots[row] = 0;
      context.batch.outputs[row] = 1;
    }
    if ((await context.decode(tokens.length)) !== 'ok') throw new Error('the texts do not fit the cache');
    for (let row = skippedTokens; row < tokens.length; row += 1) found.push(normalise(context.logits(row)));
  }
  context.close();
  model.close();
  return found;
}

function normalise(logits: Float32Array): Float32Array {
  let max = Number.NEGATIVE_INFINITY;
  for (const logit of logits) max = Math.max(max, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  const total = max + Math.log(sum);
  return logits.map((logit) => logit - total);
}

function meanDivergence(expected: readonly Float32Array[], found: readonly Float32Array[]): number {
  let sum = 0;
  for (const [place, wanted] of expected.entries()) {
    const got = found[place]!;
    for (let token = 0; token < wanted.length; token += 1) {
      sum += Math.exp(wanted[token]!) * (wanted[token]! - got[token]!);
    }
  }
  return sum / expected.length;
}
