import { RunnerError } from './runner-error.ts';

/** Bytes in front of a saved sequence: they say which runner it came from. */
const HEADER_BYTES = 16;
const MAGIC = 0x5351_4b56; // "VKQS"

/** Puts our header in front: llama.cpp trusts the bytes it restores, so only a runner's own may reach it. */
export function allocateState(
  runnerId: bigint,
  payloadBytes: number,
): { state: Uint8Array; payload: Uint8Array } {
  const state = new Uint8Array(HEADER_BYTES + payloadBytes);
  const header = new DataView(state.buffer);
  header.setUint32(0, MAGIC, true);
  header.setBigUint64(8, runnerId, true);
  return { state, payload: state.subarray(HEADER_BYTES) };
}

/** The payload of a state saved by the same runner; throws RunnerError for anything else. */
export function openState(runnerId: bigint, state: Uint8Array): Uint8Array {
  if (state.length > HEADER_BYTES) {
    const header = new DataView(state.buffer, state.byteOffset, state.byteLength);
    if (header.getUint32(0, true) === MAGIC && header.getBigUint64(8, true) === runnerId) {
      return state.subarray(HEADER_BYTES);
    }
  }
  throw new RunnerError('a sequence state can only be restored by the runner that saved it');
}
