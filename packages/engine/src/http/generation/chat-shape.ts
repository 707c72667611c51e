import { randomBytes } from 'node:crypto';
import type { ChatAnswer, ChatDelta, ToolCall, ToolCallDelta } from '@sparkler/api';
import type { OutputPiece } from '../../text/output-piece.ts';
import type { FinishReason } from './choice-assembler.ts';
import { joinContent } from './completion-shape.ts';
import type { ResponseShape } from './response-shape.ts';

export interface ChatShapeOptions {
  /** The request used `functions`: the answer has `function_call`. */
  readonly asFunction: boolean;
  /** Id of a new call, as the model's template accepts it when it comes back. */
  readonly formCallId: (id: string) => string;
}

/** POST /chat/completions. One shape a request: it hands out the ids of calls. */
export function createChatShape(options: ChatShapeOptions): ResponseShape {
  const finishName = (finish: FinishReason | null): string | null =>
    finish === 'tool_calls' && options.asFunction ? 'function_call' : finish;
  return {
    object: 'chat.completion',
    chunkObject: 'chat.completion.chunk',
    promptIdsIn: 'envelope',
    openChoice: (index) => ({
      index,
      delta: { role: 'assistant', content: '' },
      finish_reason: null,
    }),
    chunkChoice: (index, pieces, finish, extras) => ({
      index,
      delta: buildDelta(pieces, options),
      finish_reason: finishName(finish),
      ...extras,
    }),
    wholeChoice: (index, pieces, finish, extras) => ({
      index,
      message: buildAnswer(pieces, options),
      finish_reason: finishName(finish),
      ...extras,
    }),
  };
}

function buildDelta(pieces: readonly OutputPiece[], options: ChatShapeOptions): ChatDelta {
  const delta: ChatDelta = {};
  const calls: ToolCallDelta[] = [];
  for (const piece of pieces) {
    if (piece.type === 'content') delta.content = (delta.content ?? '') + piece.text;
    else if (piece.type === 'reasoning')
      delta.reasoning_content = (delta.reasoning_content ?? '') + piece.text;
    else addCallDelta(calls, piece, options);
  }
  if (calls.length === 0) return delta;
  if (!options.asFunction) return { ...delta, tool_calls: calls };
  return { ...delta, function_call: calls[0]!.function! };
}

/**
 * The first delta of a call carries id, type and name, and the arguments so far; later ones only arguments.
 */
function addCallDelta(
  calls: ToolCallDelta[],
  piece: OutputPiece & { type: 'call-start' | 'call-arguments' },
  options: ChatShapeOptions,
): void {
  const { index } = piece;
  if (piece.type === 'call-start') {
    const id = createCallId(options);
    calls.push({ index, id, type: 'function', function: { name: piece.name, arguments: '' } });
    return;
  }
  const last = calls.at(-1);
  if (last?.index === index) {
    last.function = { ...last.function, arguments: (last.function?.arguments ?? '') + piece.text };
  } else {
    calls.push({ index, function: { arguments: piece.text } });
  }
}

function buildAnswer(pieces: readonly OutputPiece[], options: ChatShapeOptions): ChatAnswer {
  const content = joinContent(pieces);
  const reasoning = pieces.map((piece) => (piece.type === 'reasoning' ? piece.text : '')).join('');
  const calls: ToolCall[] = [];
  for (const piece of pieces) {
    if (piece.type === 'call-start') {
      const id = createCallId(options);
      calls.push({ id, index: piece.index, type: 'function', function: { name: piece.name, arguments: '' } });
    } else if (piece.type === 'call-arguments') {
      calls[piece.index]!.function.arguments += piece.text;
    }
  }
  return {
    role: 'assistant',
    // OpenAI's clients tell a pure call by its null content.
    content: content === '' && calls.length > 0 ? null : content,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0
      ? {}
      : options.asFunction
        ? { function_call: calls[0]!.function }
        : { tool_calls: calls }),
  };
}

function createCallId(options: ChatShapeOptions): string {
  return options.formCallId(`call_${randomBytes(12).toString('hex')}`);
}
