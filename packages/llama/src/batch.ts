import koffi from 'koffi';
import type { BatchStruct } from './native/declarations/batch.ts';

/**
 * Rows for one decode, in native memory. Not llama_batch_init's: that allocates each row's sequence list
 * apart, here the lists are one array, each of length one, so a batch is filled with a few copies.
 */
export interface NativeBatch {
  readonly rowsMax: number;
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly slots: Int32Array;
  readonly outputs: Int8Array;
  /** The struct to pass to llama_decode for the first `rows` rows. */
  describe(rows: number): BatchStruct;
  free(): void;
}

/** Allocates room for `rowsMax` rows. The arrays are views: none may be touched after `free`. */
export function allocateBatch(rowsMax: number): NativeBatch {
  const addresses: bigint[] = [];
  const allocate = (type: string, bytesEach: number): { address: bigint; memory: ArrayBuffer } => {
    const address = koffi.alloc(type, rowsMax) as bigint;
    addresses.push(address);
    return { address, memory: koffi.view(address, rowsMax * bytesEach) };
  };
  const tokens = allocate('int32_t', 4);
  const positions = allocate('int32_t', 4);
  const slots = allocate('int32_t', 4);
  const slotCounts = allocate('int32_t', 4);
  const slotLists = allocate('uint64_t', 8);
  const outputs = allocate('int8_t', 1);
  new Int32Array(slotCounts.memory).fill(1);
  const lists = new BigUint64Array(slotLists.memory);
  for (let row = 0; row < rowsMax; row++) lists[row] = slots.address + BigInt(4 * row);
  return {
    rowsMax,
    tokens: new Int32Array(tokens.memory),
    positions: new Int32Array(positions.memory),
    slots: new Int32Array(slots.memory),
    outputs: new Int8Array(outputs.memory),
    describe: (rows) => ({
      n_tokens: rows,
      token: tokens.address,
      embd: null,
      pos: positions.address,
      n_seq_id: slotCounts.address,
      seq_id: slotLists.address,
      logits: outputs.address,
    }),
    free() {
      for (const address of addresses.splice(0)) koffi.free(address);
    },
  };
}
