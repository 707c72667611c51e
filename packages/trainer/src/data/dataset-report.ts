import type { PreparedFile, RefusedLine } from './prepare-data.ts';
import type { TokenizedExample } from './tokenize-example.ts';

/** What a dataset turned into: shown to the user before anything is trained. */
export interface DatasetReport {
  readonly rows: number;
  readonly examples: number;
  readonly tokens: number;
  /** Tokens whose prediction is learned, as a share of all. */
  readonly supervisedShare: number;
  readonly tokensMedian: number;
  readonly tokens95th: number;
  readonly tokensMax: number;
  /** Examples by length: how many have at most so many tokens and more than the bucket before. */
  readonly histogram: readonly { readonly tokensMax: number; readonly examples: number }[];
  /** Examples cut to the context length. */
  readonly truncated: number;
  /** Examples that had nothing left to learn after the cut. */
  readonly dropped: number;
  /** The first lines that cannot be used; a job fails on any. */
  readonly refused: readonly RefusedLine[];
  readonly evaluationExamples: number;
}

/** Report on the file that is trained on. */
export function createReport(
  file: PreparedFile,
  train: readonly TokenizedExample[],
  evaluation: readonly TokenizedExample[],
): DatasetReport {
  const lengths = train.map((example) => example.tokens.length).sort((a, b) => a - b);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const supervised = train.reduce(
    (sum, example) => sum + example.weights.filter((weight) => weight > 0).length,
    0,
  );
  const quantile = (share: number): number =>
    lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))] ?? 0;
  return {
    rows: file.rows,
    examples: train.length,
    tokens,
    supervisedShare: tokens === 0 ? 0 : supervised / tokens,
    tokensMedian: quantile(0.5),
    tokens95th: quantile(0.95),
    tokensMax: lengths.at(-1) ?? 0,
    histogram: countByLength(lengths),
    truncated: file.truncated,
    dropped: file.dropped,
    refused: file.refused,
    evaluationExamples: evaluation.length,
  };
}

/** Buckets up to powers of two, from the first to the last that has any. */
function countByLength(lengths: readonly number[]): { tokensMax: number; examples: number }[] {
  const counts = new Map<number, number>();
  for (const length of lengths) {
    const bucket = 2 ** Math.ceil(Math.log2(Math.max(1, length)));
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b).map(([tokensMax, examples]) => ({ tokensMax, examples }));
}
