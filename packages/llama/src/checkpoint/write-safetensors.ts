import { open } from 'node:fs/promises';
import { CheckpointError, type CheckpointType, countElements, ELEMENT_BYTES } from './checkpoint.ts';
import { appendBytes } from './file-bytes.ts';

export interface SafetensorToWrite {
  readonly name: string;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  readonly type: CheckpointType;
  readonly data: Uint8Array;
}

/**
 * Writes a safetensors file, tensors in the order given. Throws CheckpointError when data and shape disagree.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly SafetensorToWrite[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape, type, data } of tensors) {
    const expected = countElements(shape) * ELEMENT_BYTES[type];
    if (data.length !== expected) {
      throw new CheckpointError(
        `${name} [${shape}] as ${type} is ${expected} bytes, but ${data.length} came`,
      );
    }
    header[name] = { dtype: type.toUpperCase(), shape, data_offsets: [offset, offset + data.length] };
    offset += data.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  // The data begins on a multiple of 8; spaces may follow the JSON.
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = await open(path, 'w');
  try {
    await file.write(length);
    await file.write(padded);
    for (const { data } of tensors) await appendBytes(file, data);
  } finally {
    await file.close();
  }
}
