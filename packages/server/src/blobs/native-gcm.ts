import type { Gcm, GcmInput } from './gcm.ts';

/** Of `openssl/evp.h`, the same since OpenSSL 1.1. */
const getTag = 0x10;
const setTag = 0x11;
const tagBytes = 16;

type Memory = Uint8Array | null;

/** An `EVP_CIPHER_CTX *`, or an `EVP_CIPHER *`. */
type Address = bigint & { readonly __address: true };

interface Evp {
  newContext(): Address | null;
  reset(context: Address): number;
  init(context: Address, type: Address, engine: null, key: Memory, nonce: Memory, encrypts: 0 | 1): number;
  update(context: Address, target: Memory, written: Memory, source: Memory, bytes: number): number;
  final(context: Address, target: Memory, written: Memory): number;
  control(context: Address, command: number, bytes: number, memory: Memory): number;
  clearErrors(): void;
}

/**
 * OpenSSL's own functions, which the program `node` has and shows; null where it does not, or where koffi has
 * no build for the machine. All calls of a chunk are made in one go, so that one context is enough; it
 * forgets the key after each.
 */
export async function openNativeGcm(): Promise<Gcm | null> {
  const bound = await bindEvp().catch(() => null);
  const context = bound?.evp.newContext() ?? null;
  if (bound === null || context === null) return null;
  return createNativeGcm(bound.evp, bound.aes256Gcm, context);
}

async function bindEvp(): Promise<{ evp: Evp; aes256Gcm: Address }> {
  const { default: koffi } = await import('koffi');
  const program = koffi.load(null);
  const memory = 'uint8_t *';
  const evp = {
    newContext: program.func('EVP_CIPHER_CTX_new', 'void *', []),
    reset: program.func('EVP_CIPHER_CTX_reset', 'int', ['void *']),
    init: program.func('EVP_CipherInit_ex', 'int', ['void *', 'void *', 'void *', memory, memory, 'int']),
    update: program.func('EVP_CipherUpdate', 'int', ['void *', memory, memory, memory, 'int']),
    final: program.func('EVP_CipherFinal_ex', 'int', ['void *', memory, memory]),
    control: program.func('EVP_CIPHER_CTX_ctrl', 'int', ['void *', 'int', 'int', memory]),
    clearErrors: program.func('ERR_clear_error', 'void', []),
  } as unknown as Evp;
  return { evp, aes256Gcm: program.func('EVP_aes_256_gcm', 'void *', [])() as Address };
}

function createNativeGcm(evp: Evp, aes256Gcm: Address, context: Address): Gcm {
  // Where the functions write how much they wrote: always as much as they were given.
  const written = Buffer.alloc(4);
  const rest = Buffer.alloc(tagBytes);
  const check = (result: number, what: string) => {
    if (result === 1) return;
    evp.clearErrors();
    throw new Error(`OpenSSL did not ${what}: this Node has no working AES-256-GCM`);
  };
  const begin = ({ key, nonce, associated }: GcmInput, encrypts: 0 | 1) => {
    check(evp.init(context, aes256Gcm, null, key, nonce, encrypts), 'take the key');
    check(evp.update(context, null, written, associated, associated.length), 'take the place');
  };
  const change = (source: Uint8Array, target: Uint8Array) =>
    check(evp.update(context, target, written, source, source.length), 'take the content');
  return {
    seal(input, parts, target) {
      checkInput(input);
      if (parts.reduce((total, part) => total + part.length, 0) !== target.length) {
        throw new Error(`the parts do not have the ${target.length} bytes of the memory for them`);
      }
      try {
        begin(input, 1);
        let at = 0;
        for (const part of parts) {
          if (part.length > 0) change(part, target.subarray(at, at + part.length));
          at += part.length;
        }
        check(evp.final(context, rest, written), 'end');
        const tag = Buffer.alloc(tagBytes);
        check(evp.control(context, getTag, tagBytes, tag), 'give the tag');
        return tag;
      } finally {
        evp.reset(context);
      }
    },
    open(input, body, tag) {
      checkInput(input);
      if (tag.length !== tagBytes) return false;
      try {
        begin(input, 0);
        if (body.length > 0) change(body, body);
        check(evp.control(context, setTag, tagBytes, tag), 'take the tag');
        const isWhatWasSealed = evp.final(context, rest, written) === 1;
        if (!isWhatWasSealed) evp.clearErrors();
        return isWhatWasSealed;
      } finally {
        evp.reset(context);
      }
    },
  };
}

/** Native code reads as many bytes as it expects, whether they are there or not. */
function checkInput({ key, nonce, associated }: GcmInput): void {
  if (key.length === 32 && nonce.length === 12 && associated.length > 0) return;
  throw new Error('AES-256-GCM takes a key of 32 bytes, a nonce of 12, and some bytes to cover');
}
