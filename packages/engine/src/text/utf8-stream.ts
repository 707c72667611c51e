/** Turns token bytes into text without ever splitting a character. */
export interface Utf8Stream {
  /** Text that is complete so far; the bytes of an unfinished character wait for the next call. */
  push(bytes: Uint8Array): string;
  /** What is left: an unfinished character becomes U+FFFD. */
  end(): string;
}

/** One stream per choice. Invalid bytes become U+FFFD, as every UTF-8 decoder does. */
export function createUtf8Stream(): Utf8Stream {
  // ignoreBOM keeps a leading U+FEFF in the text; the default silently drops it and the text would depend on
  // the place of a token in the output.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    push: (bytes) => decoder.decode(bytes, { stream: true }),
    end: () => decoder.decode(),
  };
}
