/** What a piece of content is encrypted with. */
export interface GcmInput {
  /** 32 bytes. */
  readonly key: Buffer;
  /** 12 bytes, never used twice with a key. */
  readonly nonce: Buffer;
  /** Is not encrypted, but covered by the tag. */
  readonly associated: Buffer;
}

/** AES-256-GCM that writes into memory which is there already. */
export interface Gcm {
  /** Encrypts the parts, one behind the other, into `target`, which has their size. Returns the tag. */
  seal(input: GcmInput, parts: readonly Uint8Array[], target: Buffer): Buffer;
  /** Decrypts in place. False: these bytes are not what was sealed, and what is left of them is worthless. */
  open(input: GcmInput, body: Buffer, tag: Buffer): boolean;
}
