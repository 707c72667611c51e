import type { EngineChunkExtension, EngineResponseExtension } from '@sparkler/api';
import { readUsage, type TokenCounts } from './token-counts.ts';

/** What a replica says about a finished request besides the answer itself. */
export interface AnswerSummary {
  readonly tokens: TokenCounts | null;
  /** Only our own engine sends it. */
  readonly extension: EngineResponseExtension | null;
}

/** Of a whole answer or a stream's last chunk, or of one in between. */
export type Extension = EngineResponseExtension | EngineChunkExtension;

const MARKER = ',"sparkler":';

/**
 * Takes the field `sparkler` off a JSON object (a body or the data of an event) without touching its other
 * bytes. The engine writes it last, so the object is cut there; were it elsewhere, the object is parsed and
 * written anew.
 */
export function cutExtension(json: Buffer): {
  readonly rest: Buffer;
  readonly extension: Extension | null;
} {
  // Inside a JSON string the quotes would be escaped, so the marker can only be a key.
  const at = json.lastIndexOf(MARKER);
  if (at < 0) return { rest: json, extension: null };
  const extension = parseTail(json.toString('utf8', at + MARKER.length));
  if (extension !== null) return { rest: Buffer.concat([json.subarray(0, at), CLOSING]), extension };
  const whole = JSON.parse(json.toString()) as { sparkler?: Extension };
  const { sparkler, ...rest } = whole;
  return { rest: Buffer.from(JSON.stringify(rest)), extension: sparkler ?? null };
}

const CLOSING = Buffer.from('}');

/** The extension when `tail` is it and the object's closing brace, nothing more. */
function parseTail(tail: string): Extension | null {
  const trimmed = tail.trimEnd();
  if (!trimmed.endsWith('}')) return null;
  try {
    return JSON.parse(trimmed.slice(0, -1)) as Extension;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Token counts of an extension. */
export function countsOfExtension(extension: EngineResponseExtension): TokenCounts {
  return {
    promptTokens: extension.prompt_tokens,
    cachedPromptTokens: extension.cached_tokens,
    completionTokens: extension.generated_tokens,
  };
}

/**
 * The token counts in an answer of a foreign server. Only the `usage` object is parsed, found from the end:
 * an embeddings answer may have megabytes of numbers before it.
 */
export function findUsage(json: Buffer): TokenCounts | null {
  const at = json.lastIndexOf('"usage"');
  if (at >= 0) {
    const open = json.indexOf('{', at);
    const close = open < 0 ? -1 : endOfObject(json, open);
    if (close > 0) {
      const counts = readUsage(JSON.parse(json.toString('utf8', open, close)));
      if (counts !== null) return counts;
    }
  }
  return readUsage((JSON.parse(json.toString()) as { usage?: unknown }).usage);
}

/** Index after the brace that closes the one at `open`; -1 when there is none. */
function endOfObject(json: Buffer, open: number): number {
  let depth = 0;
  let inString = false;
  for (let index = open; index < json.length; index++) {
    const byte = json[index];
    if (inString) {
      if (byte === 0x5c) index++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b) depth++;
    else if (byte === 0x7d && --depth === 0) return index + 1;
  }
  return -1;
}
