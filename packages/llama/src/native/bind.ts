import koffi, { type LibraryHandle, type TypeObject } from 'koffi';

/** A C function: callable at once, or on the libuv pool through `callAsync`. */
export interface NativeFunction<Args extends readonly unknown[], Result> {
  (...args: Args): Result;
  async(...args: [...Args, (error: Error | null, result: Result) => void]): void;
}

/** Names a C type: koffi's spelling, or a struct described with koffi. */
export type NativeType = string | TypeObject;

/** Address of something native. Branded, so a model is never handed over where a context is due. */
export type Pointer<Name extends string> = bigint & { readonly __pointerTo: Name };

/**
 * Declares one C function. The TypeScript types are the caller's promise; the C types decide what is really
 * passed (`struct-layout.test.ts` checks the structs, the signatures are read from llama.h of the pinned
 * release).
 */
export function bind<Args extends readonly unknown[], Result>(
  library: LibraryHandle,
  name: string,
  result: NativeType,
  args: readonly NativeType[],
): NativeFunction<Args, Result> {
  return library.func(name, result, [...args]) as unknown as NativeFunction<Args, Result>;
}

/** Runs a C function on the libuv pool, so the event loop stays free. */
export function callAsync<Args extends readonly unknown[], Result>(
  native: NativeFunction<Args, Result>,
  ...args: Args
): Promise<Result> {
  return new Promise((resolve, reject) => {
    native.async(...args, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** koffi refuses a second configuration; the first caller's is everybody's. */
let isConfigured = false;

/**
 * Asynchronous calls run on a stack that koffi allocates; its default of 128 KiB is too little for a model
 * load (the pre-tokenizers' regular expressions recurse). Must run before the first call of any native
 * function.
 */
export function configureNativeStacks(): void {
  if (isConfigured) return;
  isConfigured = true;
  const size = 8 * 1024 * 1024;
  koffi.config({ ...koffi.config(), sync_stack_size: size, async_stack_size: size });
}
