import type { GrammarProblem } from './contract.ts';

/** A grammar, schema or pattern that cannot be compiled, and where in it the trouble is. */
export class GrammarError extends Error {
  readonly problem: GrammarProblem;

  constructor(problem: GrammarProblem) {
    super(describeProblem(problem));
    this.name = 'GrammarError';
    this.problem = problem;
  }
}

function describeProblem(problem: GrammarProblem): string {
  if (problem.line !== undefined) {
    return `line ${problem.line}, column ${problem.column ?? 1}: ${problem.message}`;
  }
  return problem.path === undefined ? problem.message : `${problem.path || '(root)'}: ${problem.message}`;
}
