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
