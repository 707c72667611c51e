import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Gcm } from './gcm.ts';

const algorithm = 'aes-256-gcm';

/** Small enough that the memory which each one comes in is taken from what was freed just before. */
const sliceBytes = 65_536;

/** With `node:crypto`, whose results are copied to where they are wanted. */
export const nodeGcm: Gcm = {
  seal({ key, nonce, associated }, parts, target) {
    const cipher = createCipheriv(algorithm, key, nonce).setAAD(associated);
    let at = 0;
    for (const part of parts)
      for (const slice of cutSlices(part)) at += cipher.update(slice).copy(target, at);
    cipher.final();
    return cipher.getAuthTag();
  },
  open({ key, nonce, associated }, body, tag) {
    const decipher = createDecipheriv(algorithm, key, nonce).setAAD(associated).setAuthTag(tag);
    let at = 0;
    for (const slice of cutSlices(body)) at += decipher.update(slice).copy(body, at);
    try {
      decipher.final();
      return true;
    } catch {
      return false;
    }
  },
};

function* cutSlices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += sliceBytes) yield bytes.subarray(from, from + sliceBytes);
}
