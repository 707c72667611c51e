import { createReport, type DatasetReport } from '../data/dataset-report.ts';
import { planCarveOut, planSteps } from '../data/plan-steps.ts';
import { prepareFile } from '../data/prepare-data.ts';
import type { TokenizedExample, TrainingTokenizer } from '../data/tokenize-example.ts';
import { rowTokens } from '../run/run-training.ts';
import type { TrainerConfig } from '../run/trainer-config.ts';
import { openJobVocabulary } from './job-vocabulary.ts';

/** A piece of a rendered example: all learned, or all only read. */
export interface SampleSegment {
  readonly text: string;
  readonly supervised: boolean;
}

export interface JobPreview {
  readonly report: DatasetReport;
  /** Whether only the beginning of the file was looked at. */
  readonly isCut: boolean;
  readonly samples: readonly (readonly SampleSegment[])[];
  /** Tokens of one epoch and optimiser steps of the whole job, for the lines that were looked at. */
  readonly epochTokens: number;
  readonly steps: number;
}

/** Lines that are looked at: a few seconds' work. */
const linesMax = 2000;

/**
 * What a job would train on, with the first `samplesMax` examples spelled out. Bad lines are listed, not
 * thrown. Throws TrainerError for a template that does not parse or is missing.
 */
export async function previewJob(config: TrainerConfig, samplesMax: number): Promise<JobPreview> {
  const vocabulary = await openJobVocabulary(config);
  try {
    const { tokenizer } = vocabulary;
    const options = { ...vocabulary, maxContextTokens: config.train.maxContextTokens };
    const file = await prepareFile(config.data.train, options, linesMax);
    const separate =
      config.data.evaluation === null ? null : await prepareFile(config.data.evaluation, options, linesMax);
    const kept = separate === null && config.data.carveOut ? planCarveOut(file.examples.length) : 0;
    const train = file.examples.slice(0, file.examples.length - kept);
    const evaluation = separate?.examples ?? file.examples.slice(train.length);
    return {
      report: createReport(file, train, evaluation),
      isCut: file.isCut,
      samples: file.examples.slice(0, samplesMax).map((example) => spellExample(tokenizer, example)),
      epochTokens: train.reduce((sum, { tokens }) => sum + tokens.length, 0),
      steps: planSteps(train, { ...config.train, rowTokens }).length,
    };
  } finally {
    vocabulary.close();
  }
}

/** The text of an example as the model sees it, cut where learning begins and ends. */
export function spellExample(tokenizer: TrainingTokenizer, example: TokenizedExample): SampleSegment[] {
  const runs: { bytes: Uint8Array[]; supervised: boolean }[] = [];
  example.tokens.forEach((token, index) => {
    const supervised = example.weights[index]! > 0;
    if (runs.at(-1)?.supervised !== supervised) runs.push({ bytes: [], supervised });
    runs.at(-1)!.bytes.push(tokenizer.tokenBytes(token, true));
  });
  return runs.map(({ bytes, supervised }) => ({ text: Buffer.concat(bytes).toString('utf8'), supervised }));
}
