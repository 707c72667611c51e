import { installAnchors } from '../anchors.ts';
import type { BenchOptions, BenchReport, BenchRow } from '../bench-row.ts';
import { readCases } from './cases.ts';
import { meanOf, type Outcome, quantileOf, type Score, scoreOutcomes } from './judge-results.ts';
import { startContestant } from './run-contestant.ts';

export const name = 'grammar';

/** Schemas of a quick run. */
const QUICK = 40;
/** Schemas run through once beforehand, so that what is measured is compiled machine code. */
const WARM_UP = 20;
const ANCHOR = 'web-xgrammar 0.1.27';

/**
 * The schemas of MaskBench with Llama 3's vocabulary (128,256 tokens) on one thread, beside web-xgrammar:
 * each instance is written as JSON.stringify does, tokenized, and accepted token by token, a mask before
 * each.
 */
export async function run({
  quick = false,
  tell = () => undefined,
}: BenchOptions = {}): Promise<BenchReport> {
  installAnchors();
  const { source, cases: all } = readCases();
  const cases = quick ? all.slice(0, QUICK) : all;
  const ours = startContestant(new URL('./own-worker.ts', import.meta.url));
  const anchor = startContestant(new URL('./xgrammar-worker.ts', import.meta.url));
  const prepared = { ours: await ours.preparedMs(), anchor: await anchor.preparedMs() };
  for (let at = 0; at < Math.min(WARM_UP, cases.length); at += 1) await ours.measure(at);
  const outcomes: { ours: Outcome[]; anchor: Outcome[] } = { ours: [], anchor: [] };
  for (const [at, { id }] of cases.entries()) {
    outcomes.ours.push(await ours.measure(at));
    outcomes.anchor.push(await anchor.measure(at));
    if (outcomes.ours[at]!.result === null) tell(`${id}: no answer from ours`);
    if (at % 50 === 49) tell(`${at + 1} of ${cases.length} schemas`);
  }
  ours.close();
  anchor.close();
  const scores = {
    ours: scoreOutcomes(cases, outcomes.ours),
    anchor: scoreOutcomes(cases, outcomes.anchor),
  };
  tell(`${source}: ${cases.length} schemas, ${scores.ours.maskUs.length} masks of ours`);
  return { name, rows: [...rightRows(scores, cases.length), ...timeRows(scores, prepared)] };
}

interface Pair<T> {
  readonly ours: T;
  readonly anchor: T;
}

/** Of the 522 schemas of the sample, so many should be right; a shorter run keeps the proportion. */
const RIGHT_PART = 470 / 522;

function rightRows({ ours, anchor }: Pair<Score>, count: number): BenchRow[] {
  const pick = (read: (score: Score) => number) => ({ ours: read(ours), anchor: read(anchor) });
  const least = Math.ceil(count * RIGHT_PART);
  return [
    row(
      'schemas fully right',
      `of ${count}`,
      pick((score) => score.right),
      [`>= ${least}`, least, Infinity],
    ),
    row(
      'refuse a valid instance',
      'schemas',
      pick((score) => score.refusesValid),
      ['<= 2 schemas', 0, 2],
    ),
    // One case says that 12345.0 is no integer in draft 4; an instance reads as 12345 before it gets here.
    row(
      'accept an invalid instance',
      'schemas',
      pick((score) => score.acceptsInvalid),
      ['0 schemas', 0, 0],
    ),
    row(
      'end the process',
      'schemas',
      pick((score) => score.crashes),
      ['0 schemas', 0, 0],
    ),
    row(
      'take over 1 s',
      'schemas',
      pick((score) => score.overSecond),
      ['0 schemas', 0, 0],
    ),
  ];
}

function timeRows({ ours, anchor }: Pair<Score>, prepared: Pair<number>): BenchRow[] {
  const mask = (part: number) => ({
    ours: quantileOf(ours.maskUs, part),
    anchor: quantileOf(anchor.maskUs, part),
  });
  const first = (part: number) => ({
    ours: quantileOf(ours.firstMs, part),
    anchor: quantileOf(anchor.firstMs, part),
  });
  const mean = { ours: meanOf(ours.maskUs), anchor: meanOf(anchor.maskUs) };
  return [
    row('mask, median', 'us', mask(0.5), ['<= 20 us', 0, 20]),
    row('mask, mean', 'us', mean, ['<= 61 us', 0, 61]),
    row('mask, p99', 'us', mask(0.99), ['<= 500 us', 0, 500]),
    row('compiling and first mask, median', 'ms', first(0.5), ['<= 3 ms', 0, 3]),
    row('compiling and first mask, p99', 'ms', first(0.99), ['<= 60 ms', 0, 60]),
    row('vocabulary made ready, once', 'ms', prepared, ['<= 1500 ms', 0, 1500]),
  ];
}

function row(
  metric: string,
  unit: string,
  values: Pair<number>,
  [goal, least, most]: readonly [string, number, number],
): BenchRow {
  const round = (value: number) => Number(value.toPrecision(4));
  return {
    metric,
    unit,
    ours: round(values.ours),
    anchor: round(values.anchor),
    anchorName: ANCHOR,
    ratio: values.anchor === 0 ? null : round(values.ours / values.anchor),
    goal,
    holds: values.ours >= least && values.ours <= most,
  };
}
