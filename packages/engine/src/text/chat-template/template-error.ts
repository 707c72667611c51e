/** A conversation that the model's template cannot render: the caller's to change. */
export class ChatTemplateError extends Error {
  override readonly name = 'ChatTemplateError';
}
