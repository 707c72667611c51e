import {
  type CompiledGrammar,
  compileGrammar,
  GrammarError,
  prepareVocabulary,
  type Vocabulary,
} from '../../packages/grammar/src/index.ts';
import { createTokenizer, loadLibrary, openLlamaModelFile } from '../../packages/llama/src/index.ts';
import type { BenchOptions, BenchReport, BenchRow } from '../bench-row.ts';
import { quantile } from '../gateway/load.ts';
import { fetchTestModel } from '../test-model.ts';
import { type BenchCase, readCases } from './cases.ts';

export const name = 'grammar';

/** Schemas of a quick run. */
const QUICK = 60;
const WARM_UP = 30;

interface Tokens {
  readonly vocabulary: Vocabulary;
  readonly encode: (text: string) => readonly number[];
  readonly close: () => void;
}

interface Seen {
  /** Milliseconds of compiling and the first mask, of each schema. */
  readonly firstMs: number[];
  /** Microseconds of each later mask on the way through a valid text. */
  readonly maskUs: number[];
  refused: number;
}

/** Masks of SmolLM2's vocabulary along texts that satisfy their schemas, one thread. */
export async function run({
  quick = false,
  tell = () => undefined,
}: BenchOptions = {}): Promise<BenchReport> {
  const { source, cases } = readCases();
  const tokens = await readTokens();
  prepareVocabulary(tokens.vocabulary);
  const seen: Seen = { firstMs: [], maskUs: [], refused: 0 };
  const wanted = quick ? cases.slice(0, QUICK) : cases;
  // Not counted: the first schemas pay for the compiler's own warming up.
  for (const one of wanted.slice(0, WARM_UP))
    measureCase(tokens, one, { firstMs: [], maskUs: [], refused: 0 });
  for (const one of wanted) measureCase(tokens, one, seen);
  tokens.close();
  tell(`${source}: ${wanted.length} schemas, ${seen.refused} refused, ${seen.maskUs.length} masks`);
  return {
    name,
    rows: [
      costRow(`mask of a token, median, ${source}`, 'us', quantile(seen.maskUs, 0.5), 50),
      costRow(`mask of a token, p99, ${source}`, 'us', quantile(seen.maskUs, 0.99), 1000),
      costRow(`compiling and the first mask, median, ${source}`, 'ms', quantile(seen.firstMs, 0.5), 30),
      costRow(`compiling and the first mask, p99, ${source}`, 'ms', quantile(seen.firstMs, 0.99), 1000),
    ],
  };
}

async function readTokens(): Promise<Tokens> {
  const model = await openLlamaModelFile(loadLibrary(), { path: await fetchTestModel() });
  const tokenizer = createTokenizer(model);
  const bytes = Array.from({ length: tokenizer.vocabularySize }, (_, token) => tokenizer.tokenBytes(token));
  return {
    vocabulary: {
      size: bytes.length,
      tokenBytes: (token) => bytes[token]!,
      endTokens: tokenizer.endTokens,
    },
    encode: (text) => tokenizer.encode(text, { addSpecial: false, parseSpecial: false }),
    close: () => model.close(),
  };
}

function measureCase({ vocabulary, encode }: Tokens, { schema, texts }: BenchCase, seen: Seen): void {
  const mask = new Uint32Array(Math.ceil(vocabulary.size / 32));
  const started = performance.now();
  const grammar = compileOrNull(schema, vocabulary);
  if (grammar === null) {
    seen.refused += 1;
    return;
  }
  grammar.createMatcher().fillMask(mask);
  seen.firstMs.push(performance.now() - started);
  for (const text of texts) seen.maskUs.push(...measureText(grammar, encode(text), mask));
}

function compileOrNull(schema: unknown, vocabulary: Vocabulary): CompiledGrammar | null {
  try {
    return compileGrammar({ kind: 'json-schema', schema, closedByDefault: false }, vocabulary);
  } catch (error) {
    if (error instanceof GrammarError) return null;
    throw error;
  }
}

/** The time of each mask but the first, until a token is refused. */
function measureText(grammar: CompiledGrammar, tokens: readonly number[], mask: Uint32Array): number[] {
  const matcher = grammar.createMatcher();
  const times: number[] = [];
  for (const token of tokens) {
    if (!matcher.accept(token)) break;
    const started = performance.now();
    matcher.fillMask(mask);
    times.push((performance.now() - started) * 1000);
  }
  return times;
}

function costRow(metric: string, unit: string, cost: number, most: number): BenchRow {
  const ours = Number(cost.toPrecision(4));
  const goal = `< ${most} ${unit}`;
  return { metric, unit, ours, anchor: null, anchorName: null, ratio: null, goal, holds: cost < most };
}
