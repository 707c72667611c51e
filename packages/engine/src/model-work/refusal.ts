import { CheckpointError, ConvertError, GgufError } from '@sparkler/llama';
import { AdapterError } from '../core/adapter-error.ts';
import type { ModelProblem } from './protocol.ts';

/** Files that are not what they should be. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly problems: readonly ModelProblem[];

  constructor(problems: readonly ModelProblem[]) {
    super(problems.map(({ file, message }) => `${file} ${message}`).join('; '));
    this.problems = problems;
  }
}

/** The problems that an error tells, or null for one that is no fault of the files. */
export function problemsOf(error: unknown, folder: string): readonly ModelProblem[] | null {
  if (error instanceof Refusal) return error.problems;
  const isOfFiles =
    error instanceof ConvertError ||
    error instanceof CheckpointError ||
    error instanceof GgufError ||
    error instanceof AdapterError;
  if (!isOfFiles) return null;
  // Paths of the server are nobody's business.
  const message = error.message.replaceAll(`${folder}/`, '').replaceAll(folder, 'the folder');
  const [, file = ''] = /^([\w.-]+\.(?:json|safetensors|bin|model|gguf))\b/.exec(message) ?? [];
  return [{ file, message: file === '' ? message : message.slice(file.length).replace(/^: ?/, ' ').trim() }];
}
