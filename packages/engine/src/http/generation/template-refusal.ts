import { InferenceError } from '@sparkler/api';
import { ChatTemplateError } from '../../text/chat-template/template-error.ts';

/** A conversation that the template refuses is the caller's to change: a 400. */
export function refuseTemplateErrors<T>(render: () => T): T {
  try {
    return render();
  } catch (error) {
    if (!(error instanceof ChatTemplateError)) throw error;
    throw new InferenceError(400, error.message, { param: 'messages', cause: error });
  }
}

/**
 * Null for a conversation that was refused, by its template or for its length, where a shorter one can be
 * tried.
 */
export function acceptRefusal<T>(render: () => T): T | null {
  try {
    return render();
  } catch (error) {
    if (!(error instanceof InferenceError)) throw error;
    const isRefused = error.cause instanceof ChatTemplateError || error.code === 'CONTEXT_LENGTH_EXCEEDED';
    if (isRefused) return null;
    throw error;
  }
}
