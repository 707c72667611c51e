import { randomBytes } from 'node:crypto';
import type { Gcm } from './gcm.ts';
import { openNativeGcm } from './native-gcm.ts';
import { nodeGcm } from './node-gcm.ts';

let chosen: Promise<Gcm> | null = null;

/**
 * The quickest one that works here. `node:crypto` returns new memory with each piece, and getting that costs
 * three times what the cipher does; so OpenSSL, which is part of Node, is called directly. Where that can't
 * be done, `node:crypto` does the same more slowly.
 */
export function loadGcm(): Promise<Gcm> {
  chosen ??= openNativeGcm().then((native) =>
    native !== null && agrees(native, nodeGcm) ? native : nodeGcm,
  );
  return chosen;
}

/** Whether two of them read each other's, in one part and in several, and notice a wrong byte. */
export function agrees(one: Gcm, other: Gcm): boolean {
  const plain = randomBytes(1000);
  const input = { key: randomBytes(32), nonce: randomBytes(12), associated: randomBytes(20) };
  const parts = [plain.subarray(0, 333), plain.subarray(333, 333), plain.subarray(333)];
  return [
    [one, other],
    [other, one],
  ].every(([sealing, opening]) => {
    const body = Buffer.alloc(plain.length);
    const tag = sealing!.seal(input, parts, body);
    const changed = Buffer.from(body);
    changed[500]! ^= 1;
    const isNoticed = !opening!.open(input, changed, tag);
    return isNoticed && opening!.open(input, body, tag) && body.equals(plain);
  });
}
