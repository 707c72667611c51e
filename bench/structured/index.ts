import { join } from 'node:path';
import { openFolder, spawnEngine } from '../../packages/engine/src/testing/spawn-engine.ts';
import { writeTinyModel } from '../../packages/llama/src/index.ts';
import { type BenchOptions, type BenchReport, type BenchRow, makeRow } from '../bench-row.ts';
import { takeTurns } from '../take-turns.ts';
import { fetchTestModel } from '../test-model.ts';
import { listFormats } from './formats.ts';
import { judgeAnswers } from './judge-answers.ts';
import { measureRate } from './measure-rate.ts';

export const name = 'structured';

/** 70 formats times these are a thousand answers and a few more. */
const ANSWERS_EACH = 15;
const SEED = 7;

/**
 * Answers in 50 schemas and 20 grammars at temperature 1.5, each that ended by itself judged by ajv or a
 * matcher of its own; and what a schema costs in tokens per second.
 */
export async function run({
  quick = false,
  tell = () => undefined,
}: BenchOptions = {}): Promise<BenchReport> {
  using folder = openFolder();
  const tiny = join(folder.path, 'tiny.gguf');
  await writeTinyModel(tiny);
  const smollm = await fetchTestModel();
  const answersEach = quick ? 1 : ANSWERS_EACH;
  return {
    name,
    rows: [
      ...(await measureSpeed(smollm, quick, tell)),
      ...(await judgeModel('a random model', tiny, { answersEach, maxTokens: 200, tell })),
      ...(await judgeModel('SmolLM2', smollm, { answersEach, maxTokens: 100, tell })),
    ],
  };
}

interface JudgePlan {
  readonly answersEach: number;
  readonly maxTokens: number;
  readonly tell: (text: string) => void;
}

async function judgeModel(
  model: string,
  path: string,
  { answersEach, maxTokens, tell }: JudgePlan,
): Promise<BenchRow[]> {
  const engine = await startEngine(path);
  try {
    const { address } = engine;
    const asked = {
      address,
      formats: listFormats(),
      answersEach,
      maxTokens,
      seed: SEED,
      tell: (text: string) => tell(`${model}: ${text}`),
    };
    const { answers, ended, valid, wrong } = await judgeAnswers(asked);
    for (const { id, text } of wrong) tell(`${model}, ${id}: wrong answer ${JSON.stringify(text)}`);
    tell(`${model}: ${answers} answers, ${ended} ended by themselves, ${valid} of them valid`);
    const goal = 'all that ended';
    return [
      {
        metric: `valid answers of ${model}, temperature 1.5`,
        unit: `of ${answers}`,
        ours: valid,
        anchor: ended,
        anchorName: 'ended by themselves',
        ratio: valid / ended,
        goal,
        holds: valid === ended && ended > 0,
      },
    ];
  } finally {
    await engine.stop();
  }
}

async function measureSpeed(path: string, quick: boolean, tell: (text: string) => void): Promise<BenchRow[]> {
  const engine = await startEngine(path);
  const rows: BenchRow[] = [];
  try {
    for (const streams of [1, 8]) {
      const measure = (constrained: boolean) => () =>
        measureRate({ address: engine.address, streams, tokens: quick ? 16 : 96, constrained });
      const rates = await takeTurns(quick ? 1 : 9, measure(true), measure(false));
      const row = makeRow({
        metric: `tokens per second under a schema, SmolLM2, ${streams === 1 ? 'one stream' : `${streams} streams`}`,
        unit: '1/s',
        ...rates,
        anchorName: 'free text',
        goal: '>= 0.95',
      });
      tell(`${row.metric}: ${row.ratio}`);
      rows.push(row);
    }
    return rows;
  } finally {
    await engine.stop();
  }
}

function startEngine(path: string) {
  return spawnEngine([
    ...['--model', path, '--threads', '1', '--cells', '8192', '--sequences', '16'],
    ...['--backend', 'cpu'],
  ]);
}
