import { ARCHITECTURES, UNSERVED_ARCHITECTURES } from './architectures.ts';
import { checkAttention } from './check-attention.ts';
import { checkHyperparameters } from './check-hyperparameters.ts';
import { checkTensors } from './check-tensors.ts';
import { checkVocabulary } from './check-vocabulary.ts';
import { GgufError } from './gguf-error.ts';
import { numberOf, textOf } from './metadata-access.ts';
import { type GgufHeader, type GgufTensor, readGgufHeader } from './reader.ts';
import { listSplitFiles } from './split-files.ts';

/** A model file that passed the checks. */
export interface ModelFile {
  /** Of the first file, when there are several. */
  readonly header: GgufHeader;
  /** The tensors of all its files. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/**
 * Checks a model file before llama.cpp sees it. llama.cpp answers much of what may be wrong with a file by
 * ending the process (an assertion, an uncaught exception, a read beyond the end); the rules here refuse
 * those files by name. Throws GgufError.
 */
export async function checkModelFile(path: string): Promise<ModelFile> {
  const header = await readGgufHeader(path);
  checkModelHeader(header);
  const tensors = [...header.tensors];
  for (const part of listSplitFiles(path, header)) {
    const partHeader = await readGgufHeader(part);
    checkTensors(partHeader);
    tensors.push(...partHeader.tensors);
  }
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  checkAttention(header.metadata, textOf(header.metadata, 'general.architecture') ?? '', byName);
  return { header, tensors: byName };
}

/** The same for a header alone. */
export function checkModelHeader(header: GgufHeader): void {
  const architecture = checkArchitecture(header);
  checkHyperparameters(header.metadata, architecture);
  checkVocabulary(header.metadata);
  checkTensors(header);
  const parts = numberOf(header.metadata, 'split.count') ?? 1;
  if (header.tensors.length === 0 && parts < 2)
    throw new GgufError('the file holds no tensors: it is a vocabulary only');
}

function checkArchitecture({ metadata }: GgufHeader): string {
  const type = textOf(metadata, 'general.type');
  if (type !== undefined && type !== 'model') throw new GgufError(`the file is of type ${type}, not a model`);
  const architecture = textOf(metadata, 'general.architecture');
  if (architecture === undefined) throw new GgufError('general.architecture is missing');
  if (ARCHITECTURES.has(architecture)) return architecture;
  const reason = UNSERVED_ARCHITECTURES[architecture];
  throw new GgufError(
    reason === undefined
      ? `the architecture ${architecture} is not known to this release of llama.cpp; serve it by an engine that ` +
          'knows it, such as vLLM'
      : `the architecture ${architecture} is ${reason} and cannot be served by itself`,
  );
}
