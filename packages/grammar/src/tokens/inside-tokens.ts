import type { CharReader } from '../json/string-content.ts';
import {
  isNeedlessEscape,
  STRING_CLOSED,
  STRING_EMIT,
  STRING_START,
  stepJsonString,
} from '../text/json-string-decoder.ts';
import { createTokenSink } from './token-sink.ts';
import type { TokenTrie } from './token-trie.ts';

const sink = createTokenSink();
/** Subtrees smaller than this are walked: finding out what a reader takes in any order costs more. */
const SUBTREE_MIN = 24;

/** Tokens all of whose characters a reader takes, in a JSON string whose decoder is in this state. */
export function findInsideTokens(trie: TokenTrie, start: CharReader, decoder: number): Int32Array {
  const { bytes, depths, skips, tokenStarts, tokens, categories, heights } = trie;
  const readers: CharReader[] = [start];
  const decoders = new Int32Array(trie.depthMax + 1);
  decoders[0] = decoder;
  sink.take();
  for (let node = 0; node < trie.nodeCount; ) {
    const depth = depths[node]!;
    const reader = readers[depth - 1]!;
    const state = decoders[depth - 1]!;
    if (state === STRING_START && skips[node]! - node > SUBTREE_MIN) {
      const { loop } = reader;
      if (loop !== null && (categories[node]! & ~loop.categories) === 0 && heights[node]! <= loop.steps) {
        sink.addRange(tokens, tokenStarts[node]!, tokenStarts[skips[node]!]!);
        node = skips[node]!;
        continue;
      }
    }
    const next = readByte(reader, state, bytes[node]!);
    if (next === null) {
      node = skips[node]!;
      continue;
    }
    readers[depth] = next;
    decoders[depth] = decoderAfter;
    sink.addRange(tokens, tokenStarts[node]!, tokenStarts[node + 1]!);
    node++;
  }
  return sink.take();
}

/** Second result of readByte, kept apart so that a hundred thousand calls make no objects. */
let decoderAfter = STRING_START;

function readByte(reader: CharReader, decoder: number, byte: number): CharReader | null {
  const result = stepJsonString(decoder, byte);
  if (result === STRING_CLOSED || result < 0) return null;
  if (result >= STRING_EMIT) {
    decoderAfter = STRING_START;
    const code = result - STRING_EMIT;
    return isNeedlessEscape(decoder, code) ? reader.stepEscaped(code) : reader.step(code);
  }
  decoderAfter = result;
  return reader.mayTake(result) ? reader : null;
}
