/** Kept for the next one that is asked for; what is given back beyond that is freed. */
const idleMax = 8;

const idle = new Map<number, Buffer[]>();
const lent = new WeakSet<ArrayBufferLike>();

/**
 * Memory of a size, with anything in it: what somebody gave back, or new. New memory costs more than copying
 * into it: the system hands it out page by page.
 */
export function takeBuffer(bytes: number): Buffer {
  const buffer = idle.get(bytes)?.pop() ?? Buffer.allocUnsafeSlow(bytes);
  lent.add(buffer.buffer);
  return buffer;
}

/**
 * For whoever got bytes to keep and is done with them: nobody else may have them still. Those that are not a
 * whole buffer of `takeBuffer` are left to the garbage collector, and so are those that are never given back.
 */
export function giveBack(bytes: Uint8Array): void {
  if (bytes.length !== bytes.buffer.byteLength || !lent.delete(bytes.buffer)) return;
  const kept = idle.get(bytes.length) ?? [];
  idle.set(bytes.length, kept);
  if (kept.length < idleMax) kept.push(Buffer.from(bytes.buffer));
}
