import { checkModelHeader, type ModelFile } from './check-model.ts';
import { checkShapes } from './check-shapes.ts';
import { parseGgufHeader } from './reader.ts';
import { tensorBytes, tensorTypeNamed } from './tensor-type.ts';
import type { GgufMetadata } from './value.ts';
import { encodeHeader, type TensorToWrite } from './writer.ts';

/** Checks a model file before it is written, as `checkModelFile` does afterwards. Throws GgufError. */
export function checkPlannedModel(
  metadata: GgufMetadata,
  tensors: readonly Pick<TensorToWrite, 'name' | 'shape' | 'type'>[],
): ModelFile {
  const bytes = encodeHeader(metadata, tensors);
  const dataBytes = tensors.reduce(
    (sum, { shape, type }) => sum + Math.ceil(tensorBytes(shape, tensorTypeNamed(type)) / 32) * 32,
    0,
  );
  const header = parseGgufHeader(bytes, bytes.length + dataBytes);
  checkModelHeader(header);
  checkShapes(header);
  return { header, tensors: new Map(header.tensors.map((tensor) => [tensor.name, tensor])) };
}
