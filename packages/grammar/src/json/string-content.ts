import type { State } from '../state.ts';

/** Reads the characters of a string one by one; equal readers are the same object. */
export interface CharReader {
  step(codePoint: number): CharReader | null;
  /**
   * After a character that was escaped without need. Null where only known texts may stand: names and
   * constants are written as they are, or a model that began an escape would have to go on spelling them so.
   */
  stepEscaped(codePoint: number): CharReader | null;
  /** Whether the character begun in this state of the JSON string decoder may be completed. */
  mayTake(decoder: number): boolean;
  /** Characters (as categories of bytes) of which so many may come in any order. */
  readonly loop: CharLoop | null;
}

export interface CharLoop {
  /** Bits of the byte categories in tokens/byte-categories.ts. */
  readonly categories: number;
  readonly steps: number;
}

/**
 * What a state inside a JSON string shows to the mask planner, so that tokens wholly inside the string need
 * not be walked byte by byte.
 */
export interface StringContent {
  /** State of the JSON string decoder. */
  readonly decoder: number;
  /** Which characters may come: any, any but so many at most, or those that a reader takes. */
  readonly inside: 'free' | { readonly max: number } | CharReader;
  /**
   * The state after the closing quote, `chars` free characters from here; null if the text may not end there.
   * Absent where it depends on which characters those are.
   */
  readonly close?: ((chars: number) => State | null) | undefined;
}
